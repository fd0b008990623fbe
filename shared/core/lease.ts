import type { Clock } from './clock.ts';
import type { Store, StoredItem } from './store.ts';

/** Who works on a node group (or anything else that two automations must not touch at once). */
export interface LeaseRequest {
  /** For example `node-group/staging/web-a`. */
  readonly resource: string;
  /** Automation and run, for example `cluster-upgrade/staging-1.35-1`: readable, it ends up in verdicts. */
  readonly holder: string;
  readonly seconds: number;
}

export type LeaseResult =
  | { readonly held: true; readonly lease: StoredItem }
  | { readonly held: false; readonly holder: string; readonly until: number };

/** The resource name under which a node group is leased. */
export const nodeGroupLease = (cluster: string, nodeGroup: string): string =>
  `node-group/${cluster}/${nodeGroup}`;

const keyOf = (resource: string) => ({ pk: `lease#${resource}`, sk: 'lease' });

/**
 * Takes or renews a lease. Items: `pk = lease#<resource>`, `sk = lease`, attributes `holder` and `until`
 * (epoch ms). An expired lease is free; the same holder may always take it again, which renews it.
 */
export const takeLease = async (store: Store, clock: Clock, request: LeaseRequest): Promise<LeaseResult> => {
  const key = keyOf(request.resource);
  const current = await store.get(key);
  const now = clock.now();
  const until = Number(current?.until ?? 0);
  const holder = String(current?.holder ?? '');
  if (current !== undefined && until > now && holder !== request.holder)
    return { held: false, holder, until };
  const newUntil = now + request.seconds * 1000;
  const lease = await store.write(
    { ...key, holder: request.holder, until: newUntil, expiresAt: Math.ceil(newUntil / 1000) + 86_400 },
    current?.version ?? 0,
  );
  if (lease !== undefined) return { held: true, lease };
  const winner = await store.get(key);
  return {
    held: false,
    holder: String(winner?.holder ?? 'unknown'),
    until: Number(winner?.until ?? 0),
  };
};

/** Gives a lease back. Does nothing when somebody else holds it by now. */
export const releaseLease = async (
  store: Store,
  request: { resource: string; holder: string },
): Promise<void> => {
  const current = await store.get(keyOf(request.resource));
  if (current?.holder === request.holder) await store.remove(keyOf(request.resource), current.version);
};
