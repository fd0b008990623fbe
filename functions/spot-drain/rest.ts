import { switchAt } from '../../shared/drain/removal.ts';
import type { DrainState } from '../../shared/drain/state.ts';
import { remainingPods } from '../../shared/drain/state.ts';

/**
 * Drains of hours, which Auto Scaling hooks and drains without hurry allow: a function that waits costs money and
 * ends after 15 minutes. Pure.
 */

const MINUTE_MS = 60_000;
/** A function's life: what is over within it is waited for, so that a budget that opens is noticed at once. */
export const WORTH_WAITING_MS = 15 * MINUTE_MS;
/** So long without any pod leaving, and looking on does not help. */
const STILL_MS = MINUTE_MS;
export const LONGEST_REST_MS = 5 * MINUTE_MS;
/** A rest that is shorter costs more than it saves. */
const SHORTEST_REST_MS = MINUTE_MS;

/** Notes when a pod has left, or was let go, for the last time. */
export interface Progress {
  readonly left: number;
  readonly at: number;
}

export const progressOf = (state: DrainState, last: Progress | undefined, now: number): Progress => {
  const left = Object.values(state.pods).filter(
    ({ status, removedBy }) => status === 'gone' || removedBy !== undefined,
  ).length;
  return last !== undefined && last.left === left ? last : { left, at: now };
};

/** The next time at which the drain does something by itself: a pod's last chance, or its end. */
const nextOwnMove = (state: DrainState): number =>
  Math.min(
    state.options.deadlineAt,
    ...(state.options.deleteAtDeadline
      ? remainingPods(state)
          .filter(({ status }) => status === 'pending')
          .map((pod) => switchAt(state, pod))
      : []),
  );

/**
 * Until when the drain may be left alone (epoch ms); undefined: it is to be gone on with.
 * `heartbeatSeconds`: of the hook that is held, which must be renewed twice as often.
 */
export const restUntil = (
  state: DrainState,
  progress: Progress,
  context: { readonly now: number; readonly heartbeatSeconds?: number | undefined },
): number | undefined => {
  const { now, heartbeatSeconds } = context;
  if (state.options.deadlineAt - now <= WORTH_WAITING_MS || now - progress.at < STILL_MS) return undefined;
  const longestMs =
    heartbeatSeconds === undefined ? LONGEST_REST_MS : Math.min(LONGEST_REST_MS, heartbeatSeconds * 500);
  const until = Math.min(now + longestMs, nextOwnMove(state) - MINUTE_MS);
  return until - now >= SHORTEST_REST_MS ? until : undefined;
};
