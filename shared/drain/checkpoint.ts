import type { DrainState, PodProgress } from './state.ts';

/** An API server's message may run to kilobytes; an item holds 400 KB and a large node several hundred pods. */
const LONGEST_MESSAGE = 160;

const cut = (text: string): string => text.slice(0, LONGEST_MESSAGE);

const compactPod = (pod: PodProgress): PodProgress => ({
  ...pod,
  ...(pod.error === undefined ? {} : { error: cut(pod.error) }),
  ...(pod.held === undefined ? {} : { held: { budgets: pod.held.budgets, message: '' } }),
});

/** The state as it is kept between rounds and for another worker: the same drain, with its messages cut. */
export const checkpointOf = (state: DrainState): DrainState => ({
  ...state,
  pods: Object.fromEntries(Object.entries(state.pods).map(([uid, pod]) => [uid, compactPod(pod)])),
  gates: Object.fromEntries(
    Object.entries(state.gates).map(([key, gate]) => [key, { ...gate, message: cut(gate.message) }]),
  ),
  ...(state.lastError === undefined ? {} : { lastError: cut(state.lastError) }),
});
