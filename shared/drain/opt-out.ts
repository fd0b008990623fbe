import type { V1Namespace, V1Pod } from '@kubernetes/client-node';

/** On a pod or its namespace: a drain leaves it where it is. Any value but `false` counts. */
export const KEEP_ANNOTATION = 'eks-caretaker/keep-on-node';
/** On a pod or its namespace: evicted as far as its budgets allow it, never deleted past them. Any value but `false` counts. */
export const EVICT_ONLY_ANNOTATION = 'eks-caretaker/evict-only';

const isSet = (annotations: Readonly<Record<string, string>> | undefined, name: string): boolean =>
  annotations?.[name] !== undefined && annotations[name] !== 'false';

/** A pod's own annotation counts before its namespace's, so that one pod can be an exception. */
export const optsOut = (pod: V1Pod, annotation: string, namespaces: readonly string[]): boolean =>
  pod.metadata?.annotations?.[annotation] === undefined
    ? namespaces.includes(pod.metadata?.namespace ?? '')
    : isSet(pod.metadata.annotations, annotation);

/** Names of the namespaces that opted out, by what they opted out of. */
export const optOutsOf = (
  namespaces: readonly V1Namespace[],
): { readonly keep: readonly string[]; readonly evictOnly: readonly string[] } => {
  const annotatedWith = (annotation: string) =>
    namespaces.flatMap(({ metadata }) =>
      isSet(metadata?.annotations, annotation) && metadata?.name !== undefined ? [metadata.name] : [],
    );
  return { keep: annotatedWith(KEEP_ANNOTATION), evictOnly: annotatedWith(EVICT_ONLY_ANNOTATION) };
};
