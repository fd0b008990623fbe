import type { BudgetGate, DrainState, PodProgress } from './state.ts';

/**
 * Budgets that refused. Every pod that a full budget holds would get the same answer, so one of them asks for
 * all; when it is let go, the others follow at once. Pure.
 */

export const FIRST_DELAY_MS = 100;
export const LONGEST_DELAY_MS = 5_000;
/** Half as long again each time: a budget that opens is noticed after a third of the time that it was closed, or sooner. */
export const longerDelay = (delayMs: number): number => Math.min(Math.round(delayMs * 1.5), LONGEST_DELAY_MS);

/** Requests under way for one budget: each writes the budget's status, and the API server makes losers of that race wait. */
export const MOST_PER_BUDGET = 8;

/** `<namespace>/<budget>` of the budgets that select a pod, as far as they are known. */
export const gateKeysOf = (pod: PodProgress): readonly string[] => {
  const named = pod.held?.budgets ?? [];
  return (named.length > 0 ? named : (pod.budgets ?? [])).map((budget) => `${pod.namespace}/${budget}`);
};

/** The gate that the pod waits behind: a healthy pod gets the same answer as the others, an unready one may not. */
export const gateOf = (state: DrainState, pod: PodProgress): BudgetGate | undefined => {
  if (!pod.ready) return undefined;
  const closed = gateKeysOf(pod).flatMap((key) => state.gates[key] ?? []);
  return closed.sort((a, b) => b.closedUntil - a.closedUntil)[0];
};

/** A refusal closes the gate for longer each time it comes from a probe; late answers of one burst count once. */
export const closeGates = (
  state: DrainState,
  pod: PodProgress,
  { now, message }: { now: number; message: string },
): DrainState => {
  const closed = gateKeysOf(pod).map((key): [string, BudgetGate] => {
    const known = state.gates[key];
    if (known !== undefined && now < known.closedUntil) return [key, known];
    const wasProbe = known !== undefined && known.atOnce === 1;
    const delayMs = wasProbe ? longerDelay(known.delayMs) : FIRST_DELAY_MS;
    return [key, { closedUntil: now + delayMs, delayMs, atOnce: 1, message }];
  });
  return { ...state, gates: { ...state.gates, ...Object.fromEntries(closed) } };
};

/** It let one of its pods go, so it has room: for how many more shows when they ask. */
export const openGates = (state: DrainState, pod: PodProgress, now: number): DrainState => {
  const gates = { ...state.gates };
  for (const key of gateKeysOf(pod)) {
    const gate = gates[key];
    if (gate === undefined) continue;
    if (gate.atOnce * 2 >= MOST_PER_BUDGET) delete gates[key];
    else gates[key] = { ...gate, closedUntil: now, atOnce: gate.atOnce * 2 };
  }
  return { ...state, gates };
};

/** Does a budget hold it: it refused the pod itself, or another one for it? */
export const isHeld = (state: DrainState, pod: PodProgress): boolean =>
  pod.held !== undefined || gateOf(state, pod)?.atOnce === 1;

/** Counts requests under way by budget, so that none gets more at once than it can answer. */
export const createBudgetRoom = (state: DrainState) => {
  const busy = new Map<string, number>();
  const add = (pod: PodProgress) => {
    for (const key of gateKeysOf(pod)) busy.set(key, (busy.get(key) ?? 0) + 1);
  };
  for (const pod of Object.values(state.pods)) if (pod.inFlight && pod.ready) add(pod);
  return {
    /** Is there room for one more? Takes it. An unready pod is none of the budget's. */
    take: (pod: PodProgress): boolean => {
      if (!pod.ready) return true;
      const isFull = gateKeysOf(pod).some(
        (key) => (busy.get(key) ?? 0) >= (state.gates[key]?.atOnce ?? MOST_PER_BUDGET),
      );
      if (!isFull) add(pod);
      return !isFull;
    },
  };
};
