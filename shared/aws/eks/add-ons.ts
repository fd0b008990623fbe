import type { EKSClient } from '@aws-sdk/client-eks';
import {
  DescribeAddonCommand,
  DescribeAddonVersionsCommand,
  ListAddonsCommand,
  UpdateAddonCommand,
} from '@aws-sdk/client-eks';
import { isAwsError } from '../clients.ts';
import type { HealthIssue } from './clusters.ts';
import { toHealthIssue, updateIdOf } from './clusters.ts';

/** An EKS add-on as it is installed. */
export interface AddOnFacts {
  readonly name: string;
  /** For example `v1.19.2-eksbuild.1`. */
  readonly version: string;
  readonly status: string;
  readonly issues: readonly HealthIssue[];
  /** JSON or YAML text; EKS forgets it unless an update sends it again. */
  readonly configurationValues?: string;
  readonly serviceAccountRoleArn?: string;
  /** ARNs of the pod identity associations that the add-on owns. */
  readonly podIdentityAssociations: readonly string[];
}

/** A cluster version and its platform versions that a version of an add-on fits. */
export interface AddOnCompatibility {
  readonly clusterVersion: string;
  /** For example `['eks.3']`, or `['*']`. */
  readonly platformVersions: readonly string[];
  readonly isDefault: boolean;
}

export interface AddOnVersionFacts {
  readonly version: string;
  readonly compatibilities: readonly AddOnCompatibility[];
}

/**
 * An update of an add-on. Pod identity associations are left out on purpose: EKS documents a missing
 * member as "no change", and an empty list as "delete them all".
 */
export interface AddOnUpdateRequest {
  readonly cluster: string;
  readonly name: string;
  readonly version: string;
  readonly resolveConflicts: 'PRESERVE';
  readonly configurationValues?: string;
  readonly serviceAccountRoleArn?: string;
  readonly clientRequestToken: string;
}

export interface AddOnPort {
  list(cluster: string): Promise<readonly string[]>;
  /** Undefined for an add-on that is not installed. */
  describe(cluster: string, name: string): Promise<AddOnFacts | undefined>;
  /** Versions of an add-on that EKS offers for a Kubernetes version; none where it does not know the add-on. */
  versions(name: string, kubernetesVersion: string): Promise<readonly AddOnVersionFacts[]>;
  update(request: AddOnUpdateRequest): Promise<string>;
}

export const createAddOnPort = (client: EKSClient): AddOnPort => ({
  list: async (clusterName) => {
    const names: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new ListAddonsCommand({ clusterName, ...(nextToken === undefined ? {} : { nextToken }) }),
      );
      names.push(...(page.addons ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return names;
  },
  describe: async (clusterName, addonName) => {
    try {
      const { addon } = await client.send(new DescribeAddonCommand({ clusterName, addonName }));
      if (addon === undefined) return undefined;
      return {
        name: addonName,
        version: addon.addonVersion ?? '',
        status: addon.status ?? 'Unknown',
        issues: (addon.health?.issues ?? []).map(toHealthIssue),
        ...(addon.configurationValues === undefined
          ? {}
          : { configurationValues: addon.configurationValues }),
        ...(addon.serviceAccountRoleArn === undefined
          ? {}
          : { serviceAccountRoleArn: addon.serviceAccountRoleArn }),
        podIdentityAssociations: addon.podIdentityAssociations ?? [],
      };
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  },
  versions: async (addonName, kubernetesVersion) => {
    const versions: AddOnVersionFacts[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeAddonVersionsCommand({
          addonName,
          kubernetesVersion,
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      );
      for (const addon of page.addons ?? []) {
        if (addon.addonName !== addonName) continue;
        for (const { addonVersion, compatibilities } of addon.addonVersions ?? []) {
          versions.push({
            version: addonVersion ?? '',
            compatibilities: (compatibilities ?? []).map((found) => ({
              clusterVersion: found.clusterVersion ?? '',
              platformVersions: found.platformVersions ?? [],
              isDefault: found.defaultVersion ?? false,
            })),
          });
        }
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return versions;
  },
  update: async ({ cluster, name, version, ...request }) => {
    const { update } = await client.send(
      new UpdateAddonCommand({ clusterName: cluster, addonName: name, addonVersion: version, ...request }),
    );
    return updateIdOf('UpdateAddon', update);
  },
});
