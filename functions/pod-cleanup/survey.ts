import pMap from 'p-map';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import type { CleanupInput, Limits } from './decide/decide.ts';
import { judge } from './decide/decide.ts';
import { createNewestPods } from './decide/newest.ts';
import type { NamespaceShare } from './decide/share.ts';
import { allowedOf, exceedsShare } from './decide/share.ts';
import type { Patience, PodSelection } from './gather.ts';
import { countPods, endedPods, ownerStates } from './gather.ts';
import { createHeapKeeper } from './heap.ts';
import { readAhead } from './read-ahead.ts';

const NAMESPACES_AT_ONCE = 5;

/** What has to be known of all pods before the first one is deleted. */
export interface Survey {
  readonly limits: Omit<Limits, 'budget'>;
  /** Namespaces of which too large a share would go. */
  readonly refused: readonly (NamespaceShare & { readonly namespace: string })[];
}

/** Nothing has to be known: pods are deleted as they come. */
const UNLIMITED: Survey = {
  limits: { newest: createNewestPods(0), allowedIn: () => Number.POSITIVE_INFINITY },
  refused: [],
};

/**
 * A share of a namespace and the newest pods of an owner are only known once every pod was seen. So where one of the
 * two is configured, all pages are looked at twice: here they are only counted, and nothing is kept but numbers by
 * namespace and the newest few of every owner. Keeping the pods themselves would save the second list and cost
 * memory that grows with them (infra/adr/cleanup-lists-twice.md). Undefined where the time does not allow it.
 */
export const surveyPods = async (
  api: KubernetesApi,
  input: CleanupInput,
  options: { selection: PodSelection; patience: Patience; outOfTime: () => boolean },
): Promise<Survey | undefined> => {
  const { rules } = input;
  const shares = rules.maximumNamespacePercent < 100;
  if (!shares && rules.keepNewestPerOwner === 0) return UNLIMITED;
  const { patience } = options;
  const newest = createNewestPods(rules.keepNewestPerOwner);
  const candidates = new Map<string, number>();
  const heap = createHeapKeeper();
  for await (const page of readAhead(endedPods(api, options.selection, patience))) {
    if (options.outOfTime()) return undefined;
    const states = rules.deleteSucceededPods ? await ownerStates(api, page, patience) : undefined;
    for (const pod of page) {
      const judgement = judge(pod, { ...input, ownerState: (uid) => states?.get(uid) });
      if (!judgement.goes) continue;
      newest.add(pod, judgement.failedAt);
      const { namespace } = judgement.pod;
      candidates.set(namespace, (candidates.get(namespace) ?? 0) + 1);
    }
    heap.pageDone();
  }
  if (!shares) return { limits: { newest, allowedIn: () => Number.POSITIVE_INFINITY }, refused: [] };
  const counted = await pMap(
    candidates,
    async ([namespace, found]) => ({
      namespace,
      candidates: found - newest.countIn(namespace),
      pods: await countPods(api, namespace, patience),
    }),
    { concurrency: NAMESPACES_AT_ONCE },
  );
  const maximum = rules.maximumNamespacePercent;
  const allowed = new Map(counted.map((share) => [share.namespace, allowedOf(share, maximum)]));
  return {
    limits: { newest, allowedIn: (namespace) => allowed.get(namespace) },
    refused: counted.filter((share) => exceedsShare(share, maximum)),
  };
};
