import { verifyEksToken } from '../kubernetes/token.ts';
import type { Ground } from './ground.ts';

/** Who holds an access key, and what a cluster's access entry makes of them. */
export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A role's credentials have one. */
  readonly sessionToken?: string;
  readonly roleName: string;
  /** Kubernetes groups of the access entry, for example `eks-caretaker:spot-drain-worker` or `system:masters`. */
  readonly groups: readonly string[];
  /** A token that every cluster takes as it is and for as long as the world lasts; none where left out. */
  readonly bearerToken?: string;
}

export type Identity =
  | { readonly user: string; readonly groups: readonly string[] }
  | { readonly error: string };

/** The administrator that every world has. These are no secrets: they open nothing but this process. */
export const administrator: Principal = {
  accessKeyId: 'AKIALOCALADMIN',
  secretAccessKey: 'local-administrator',
  roleName: 'local-administrator',
  groups: ['system:masters'],
};

export const roleArn = (ground: Ground, principal: Principal): string =>
  `arn:aws:iam::${ground.accountId}:role/${principal.roleName}`;

/** The user name of an access entry that names none. */
export const sessionArn = (ground: Ground, principal: Principal): string =>
  `arn:aws:sts::${ground.accountId}:assumed-role/${principal.roleName}/${principal.roleName}`;

/**
 * Checks a cluster's bearer token as EKS does: whose it is by its signature, then the access entry of that role.
 * A principal's own token needs no signature.
 */
export const authenticateWith =
  (ground: Ground, principals: ReadonlyMap<string, Principal>) =>
  (clusterName: string, token: string): Identity => {
    const holder = [...principals.values()].find(({ bearerToken }) => bearerToken === token);
    if (holder !== undefined) return { user: sessionArn(ground, holder), groups: holder.groups };
    const verified = verifyEksToken(token, {
      clusterName,
      region: ground.region,
      now: ground.clock.now(),
      keyOf: (accessKeyId) => principals.get(accessKeyId),
    });
    if ('error' in verified) return verified;
    const principal = principals.get(verified.accessKeyId);
    if (principal === undefined) return { error: `no access entry for ${verified.accessKeyId}` };
    return { user: sessionArn(ground, principal), groups: principal.groups };
  };
