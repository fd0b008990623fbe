import type { V1Namespace, V1Pod } from '@kubernetes/client-node';
import pMap from 'p-map';
import type { KubernetesApi, ListOptions, ResourceType } from '../../shared/kubernetes/client.ts';
import { isNotFound } from '../../shared/kubernetes/errors.ts';
import { DAEMON_SETS, NAMESPACES, PODS } from '../../shared/kubernetes/resources.ts';
import type { PodCleanupConfig } from './config.ts';
import { optsOut } from './decide/opt-out.ts';
import type { EndedPod } from './decide/pod.ts';
import { essenceOf, ownerOf } from './decide/pod.ts';
import type { AskableKind, OwnerState } from './decide/succeeded.ts';
import { isAskable, succeededInShutdown } from './decide/succeeded.ts';

const OBJECTS_A_PAGE = 500;
const OWNERS_AT_ONCE = 5;

/** Phases of pods that have ended, as far as they are looked at. */
export type EndedPhase = 'Failed' | 'Succeeded';

/** How a list gives up: after that time no further attempt, and at once where it is called off. */
export type Patience = Pick<ListOptions, 'retryUntil' | 'signal'>;

export interface PodSelection {
  readonly phases: readonly EndedPhase[];
  readonly labelSelector?: string | undefined;
  /** Of one node. */
  readonly nodeName?: string;
}

/** The pods that a run looks at. */
export const selectionOf = ({
  deleteSucceededPods,
  labelSelector,
}: Pick<PodCleanupConfig, 'deleteSucceededPods' | 'labelSelector'>): PodSelection => ({
  phases: deleteSucceededPods ? ['Failed', 'Succeeded'] : ['Failed'],
  labelSelector,
});

/** Where etcd keeps a pod, and in which order lists come (API concepts, "Retrieving large results sets in chunks"). */
const placeOf = ({ metadata }: V1Pod): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;

/**
 * Pages of the cluster's pods that have ended; what is read ahead aside, one page is in memory at a time. A list that
 * has to begin again because its continuation is too old goes on where it was: no pod comes twice.
 */
export async function* endedPods(
  api: KubernetesApi,
  { phases, labelSelector, nodeName }: PodSelection,
  patience: Patience = {},
): AsyncIterable<readonly EndedPod[]> {
  const onNode = nodeName === undefined ? '' : `,spec.nodeName=${nodeName}`;
  for (const phase of phases) {
    let last = '';
    let isAgain = false;
    const pages = api.listPages<V1Pod>(PODS, {
      fieldSelector: `status.phase=${phase}${onNode}`,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      limit: OBJECTS_A_PAGE,
      ...patience,
      onRestart: () => {
        isAgain = true;
      },
    });
    for await (const page of pages) {
      const seen = isAgain ? last : '';
      yield page.filter((pod) => placeOf(pod) > seen).map(essenceOf);
      last = page.reduce((latest, pod) => (placeOf(pod) > latest ? placeOf(pod) : latest), last);
    }
  }
}

/** Names of the namespaces whose annotation says that they are to be left alone. Needs namespaces list. */
export const optedOutNamespaces = async (
  api: KubernetesApi,
  patience: Patience = {},
): Promise<ReadonlySet<string>> => {
  const names = new Set<string>();
  const pages = api.listPages<V1Namespace>(NAMESPACES, { limit: OBJECTS_A_PAGE, ...patience });
  for await (const page of pages) {
    for (const { metadata } of page) {
      if (metadata?.name !== undefined && optsOut(metadata.annotations)) names.add(metadata.name);
    }
  }
  return names;
};

interface CountedList {
  readonly items?: readonly unknown[];
  readonly metadata?: { readonly continue?: string; readonly remainingItemCount?: number };
}

/**
 * How many pods a namespace holds, of any phase: one request for one pod, to which the server adds how many more
 * there are. It does so without selectors alone (API reference, ListMeta); where it does not, they are counted.
 */
export const countPods = async (
  api: KubernetesApi,
  namespace: string,
  patience: Patience = {},
): Promise<number> => {
  const first = await api.request<CountedList>('list', PODS, { namespace, query: { limit: 1 }, ...patience });
  const here = first.items?.length ?? 0;
  const more = first.metadata?.remainingItemCount;
  if (more !== undefined) return here + more;
  if ((first.metadata?.continue ?? '') === '') return here;
  let count = 0;
  const onRestart = () => {
    count = 0;
  };
  const pages = api.listPages<unknown>(PODS, { namespace, limit: OBJECTS_A_PAGE, ...patience, onRestart });
  for await (const page of pages) count += page.length;
  return count;
};

const OWNER_RESOURCES: Readonly<Record<AskableKind, ResourceType>> = {
  ReplicaSet: { group: 'apps', version: 'v1', plural: 'replicasets' },
  StatefulSet: { group: 'apps', version: 'v1', plural: 'statefulsets' },
  DaemonSet: DAEMON_SETS,
};

interface OwnerObject {
  readonly metadata?: { readonly uid?: string; readonly deletionTimestamp?: string };
  readonly spec?: { readonly replicas?: number; readonly ordinals?: { readonly start?: number } };
  readonly status?: { readonly desiredNumberScheduled?: number };
}

const stateOf = (kind: AskableKind, uid: string, owner: OwnerObject): OwnerState => {
  if (owner.metadata?.uid !== uid || owner.metadata.deletionTimestamp !== undefined) return 'gone';
  if (kind === 'DaemonSet') return { wants: owner.status?.desiredNumberScheduled ?? 0 };
  return { wants: owner.spec?.replicas ?? 1, first: owner.spec?.ordinals?.start ?? 0 };
};

/**
 * What the owners of a page's pods want, by UID; only owners of pods in phase Succeeded that a shutdown ended are
 * asked, each once. Needs get on replicasets, statefulsets and daemonsets.
 */
export const ownerStates = async (
  api: KubernetesApi,
  pods: readonly EndedPod[],
  patience: Patience = {},
): Promise<ReadonlyMap<string, OwnerState>> => {
  const asked = new Map<string, { kind: AskableKind; namespace: string; name: string }>();
  for (const pod of pods) {
    const owner = ownerOf(pod);
    if (pod.status?.phase !== 'Succeeded' || owner === undefined || !isAskable(owner.kind)) continue;
    if (!succeededInShutdown(pod)) continue;
    asked.set(owner.uid, { kind: owner.kind, namespace: pod.metadata?.namespace ?? '', name: owner.name });
  }
  const states = await pMap(
    asked,
    async ([uid, { kind, namespace, name }]): Promise<[string, OwnerState]> => {
      try {
        const options = { namespace, name, ...patience };
        return [
          uid,
          stateOf(kind, uid, await api.request<OwnerObject>('get', OWNER_RESOURCES[kind], options)),
        ];
      } catch (error) {
        if (isNotFound(error)) return [uid, 'gone'];
        throw error;
      }
    },
    { concurrency: OWNERS_AT_ONCE },
  );
  return new Map(states);
};
