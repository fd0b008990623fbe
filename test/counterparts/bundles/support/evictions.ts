import type { AuditedCall, AuditLog } from './audit.ts';
import type { WirePod } from './objects.ts';

/** The rounds of a node's drain: lists of its pods, in their order. */
export const listsOf = (audit: AuditLog, node: string): readonly AuditedCall[] =>
  audit
    .calls({ resource: 'pods', verb: 'list' })
    .filter(({ requestUri }) => decodeURIComponent(requestUri).includes(`spec.nodeName=${node}`))
    .toSorted((a, b) => a.at - b.at);

export const evictionsIn = (audit: AuditLog, namespace: string): readonly AuditedCall[] =>
  audit.calls({ resource: 'pods/eviction', namespace });

/** What the API server answered to evictions, by the uid that they named; budgets that say no (429) left out. */
export const answersByUid = (evictions: readonly AuditedCall[]): ReadonlyMap<string, readonly number[]> => {
  const answers = new Map<string, readonly number[]>();
  for (const { code, body } of evictions) {
    const { uid } = (body as { deleteOptions: { preconditions: { uid: string } } }).deleteOptions
      .preconditions;
    if (code !== 429) answers.set(uid, [...(answers.get(uid) ?? []), code]);
  }
  return answers;
};

/** What they are where every pod was evicted, and none twice. */
export const acceptedOnce = (pods: readonly WirePod[]): ReadonlyMap<string, readonly number[]> =>
  new Map(pods.map(({ metadata }) => [metadata.uid, [201]]));
