import type { EKSClient } from '@aws-sdk/client-eks';
import { DescribeClusterVersionsCommand } from '@aws-sdk/client-eks';
import { isoTime } from '../../core/clock.ts';

/** A Kubernetes version as EKS offers it now. */
export interface ClusterVersionFacts {
  readonly version: string;
  /** `STANDARD_SUPPORT`, `EXTENDED_SUPPORT` or `UNSUPPORTED`. */
  readonly support: string;
  /** The platform version that a cluster of this version gets, for example `eks.9`. */
  readonly defaultPlatformVersion?: string;
  /** ISO 8601. */
  readonly endOfStandardSupport?: string;
  readonly endOfExtendedSupport?: string;
}

export interface VersionPort {
  /** Every version that EKS knows, unsupported ones included. */
  list(): Promise<readonly ClusterVersionFacts[]>;
}

const isoDate = (date: Date | undefined): string | undefined =>
  date === undefined ? undefined : isoTime(date.getTime());

export const createVersionPort = (client: EKSClient): VersionPort => ({
  list: async () => {
    const versions: ClusterVersionFacts[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeClusterVersionsCommand({
          includeAll: true,
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      );
      for (const found of page.clusterVersions ?? []) {
        const standard = isoDate(found.endOfStandardSupportDate);
        const extended = isoDate(found.endOfExtendedSupportDate);
        versions.push({
          version: found.clusterVersion ?? '',
          // `status` is the deprecated spelling; older regions answer it alone.
          support: found.versionStatus ?? (found.status ?? 'unknown').toUpperCase().replaceAll('-', '_'),
          ...(found.defaultPlatformVersion === undefined
            ? {}
            : { defaultPlatformVersion: found.defaultPlatformVersion }),
          ...(standard === undefined ? {} : { endOfStandardSupport: standard }),
          ...(extended === undefined ? {} : { endOfExtendedSupport: extended }),
        });
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return versions;
  },
});
