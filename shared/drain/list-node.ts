import type { V1Pod } from '@kubernetes/client-node';
import type { Clock } from '../core/clock.ts';
import { describeError } from '../core/errors.ts';
import type { Observation } from './observe.ts';
import type { DrainState } from './state.ts';
import type { DrainApi } from './types.ts';
import { PressureError } from './types.ts';

/** Budgets make evictions fewer and faster; they are not worth more of a node's time than this. */
const BUDGETS_WITHIN_MS = 1_000;

type Listed = Extract<Observation, { kind: 'pods' }>;

const uidOf = (pod: V1Pod): string => pod.metadata?.uid ?? '';

/** The budgets of pods that are new; none where they cannot be had soon. */
const budgetsOfNew = async (
  { api, clock }: { api: DrainApi; clock: Clock },
  pods: readonly V1Pod[],
): Promise<Pick<Listed, 'budgets'>> => {
  if (pods.length === 0) return {};
  const over = new AbortController();
  const late = async (): Promise<undefined> => {
    await clock.sleep(BUDGETS_WITHIN_MS, over.signal);
    return undefined;
  };
  try {
    const budgets = await Promise.race([api.budgetsOf(pods), late()]);
    return budgets === undefined ? {} : { budgets };
  } catch {
    // Not allowed or not answered: every refusal names its budget too.
    return {};
  } finally {
    over.abort();
  }
};

/**
 * Something came or went that the drain did not cause. A node that was deleted takes its pods with it, and another
 * one may register under its name: those pods are not ours to move.
 */
const isSurprising = (state: DrainState, pods: readonly V1Pod[], fresh: readonly V1Pod[]): boolean => {
  if (state.listed === undefined) return false;
  if (fresh.length > 0) return true;
  const here = new Set(pods.map(uidOf));
  return Object.values(state.pods).some(
    ({ uid, status, unanswered, inFlight }) =>
      status === 'pending' && unanswered !== true && !inFlight && !here.has(uid),
  );
};

/** One look at the node. */
export const listNode = async (
  context: { readonly api: DrainApi; readonly clock: Clock },
  list: number,
  state: DrainState,
): Promise<Observation> => {
  const { api } = context;
  const { node } = state.options;
  try {
    const pods = await api.listPods(node.name);
    const fresh = pods.filter((pod) => state.pods[uidOf(pod)] === undefined);
    if (isSurprising(state, pods, fresh) && (await api.isThere?.(node)) === false) {
      return { kind: 'node-gone', list };
    }
    return { kind: 'pods', list, pods, ...(await budgetsOfNew(context, fresh)) };
  } catch (error) {
    const retryAfterSeconds = error instanceof PressureError ? error.retryAfterSeconds : undefined;
    return {
      kind: 'list-failed',
      list,
      message: describeError(error),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }
};
