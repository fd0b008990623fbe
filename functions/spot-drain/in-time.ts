import type { Clock } from '../../shared/core/clock.ts';

/** Of the intake's ten seconds, in ms before their end: by then each part of its work has to have an answer. */
export const KEPT_MS = {
  /** Finding the nodes: the cordons come after it. */
  nodes: 4_000,
  /** A cordon that takes longer is left to the worker, which is still to be started. */
  cordon: 3_000,
  /** A node's record, and what follows from it. */
  node: 2_500,
  /** What people are told. */
  telling: 1_500,
  /** All of a cluster's messages: what is left is for the journal and for SQS. */
  cluster: 1_000,
} as const;

/**
 * A result, or an error after so many milliseconds: one cluster that hangs must not take the others of its
 * batch with it when Lambda ends the function. Work that is given a signal has to end when that is aborted.
 */
export const inTime = async <T>(
  clock: Clock,
  ms: number,
  work: Promise<T> | ((over: AbortSignal) => Promise<T>),
): Promise<T> => {
  const alarm = new AbortController();
  const over = new AbortController();
  const late = async (): Promise<never> => {
    await clock.sleep(Math.max(0, ms), alarm.signal);
    const error = new Error(`no answer within ${Math.round(ms)} ms; the messages come again`);
    over.abort(error);
    throw error;
  };
  try {
    return await Promise.race([typeof work === 'function' ? work(over.signal) : work, late()]);
  } finally {
    alarm.abort();
  }
};
