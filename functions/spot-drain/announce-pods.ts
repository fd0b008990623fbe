import { describeError } from '../../shared/core/errors.ts';
import { createConcurrencyLimit } from '../../shared/drain/concurrency.ts';
import { holdingBudgets } from '../../shared/drain/report.ts';
import type { DrainState, PodProgress } from '../../shared/drain/state.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import type { PodEvent } from '../../shared/kubernetes/events.ts';
import { createPodEvent } from '../../shared/kubernetes/events.ts';
import { whyOf } from './announce.ts';
import type { NoticeKind } from './decide/notice.ts';
import type { WorkerDeps } from './worker.ts';

/** Few at once: they are for people, and the API server may still be moving the pods of a storm. */
const AT_ONCE = 2;
const COMPONENT = 'eks-caretaker-spot-drain-worker';

type Text = Pick<PodEvent, 'type' | 'reason' | 'message'>;

const held = (budgets: readonly string[]): string =>
  budgets.length === 0 ? 'a disruption budget' : `the disruption budget ${budgets.join(', ')}`;

/** What happened to a pod; undefined where there is nothing to say, as of pods of DaemonSets. */
const textOf = (state: DrainState, pod: PodProgress, cause: NoticeKind): Text | undefined => {
  const { node } = state.options;
  const why = `${node.name}: ${whyOf(cause)}`;
  const budgets = holdingBudgets(state, pod);
  if (pod.removedBy === 'delete') {
    const because =
      budgets === undefined ? 'no eviction worked in time' : `${held(budgets)} did not let it go in time`;
    const message = `Deleted from ${why}; ${because}`;
    return { type: 'Warning', reason: 'SpotDrainDeleted', message };
  }
  if (pod.removedBy === 'evict') {
    return { type: 'Normal', reason: 'SpotDrainEvicted', message: `Evicted from ${why}` };
  }
  if (pod.status === 'pending') {
    return budgets === undefined
      ? { type: 'Warning', reason: 'SpotDrainLeftBehind', message: `Could not be moved from ${why}` }
      : { type: 'Warning', reason: 'SpotDrainBlocked', message: `Held by ${held(budgets)} on ${why}` };
  }
  return pod.skipReason === 'opted-out'
    ? { type: 'Normal', reason: 'SpotDrainSkipped', message: `Left on ${why}, as its annotation asks` }
    : undefined;
};

/**
 * Events on the pods of a node, once its drain is over. The first that cannot be written ends it: none of this may
 * hold up a drain, or press an API server that struggles.
 */
export const announcePods = async (
  deps: Pick<WorkerDeps, 'logger' | 'clock'>,
  api: KubernetesApi,
  { state, cause, until }: { state: DrainState; cause: NoticeKind; until: number },
): Promise<void> => {
  const limit = createConcurrencyLimit(AT_ONCE);
  let hasFailed = false;
  const write = async (pod: PodProgress): Promise<void> => {
    const text = textOf(state, pod, cause);
    if (text === undefined || hasFailed || deps.clock.now() >= until) return;
    try {
      await createPodEvent(api, { pod, ...text }, { component: COMPONENT, now: deps.clock.now() });
    } catch (error) {
      if (!hasFailed)
        deps.logger.warn('events on pods could not be written', { error: describeError(error) });
      hasFailed = true;
    }
  };
  await Promise.all(Object.values(state.pods).map((pod) => limit.run(() => write(pod))));
};
