import type { WorldClock } from '../clock.ts';
import type { FunctionPool, InFlight } from './function-pool.ts';
import type { Quiet } from './messages.ts';

/** Something the time is moved for. */
export interface Goal {
  done(): boolean;
  /** Epoch ms beyond which time is not moved for it; it is met there. */
  readonly limit?: number;
}

/**
 * Moves a held clock. It jumps only when every function that has an invocation in flight waits: for a timer of
 * its own or of the world. While one computes, starts up or waits for an answer, time stands still, so a drain
 * of 120 s takes milliseconds and nothing depends on the machine's speed.
 */
export interface Conductor {
  /** Resolves when the goal is met. Rejects with `ConductorStuck`. */
  drive(goal: Goal): Promise<void>;
  /** Fails what is being driven. */
  stop(): void;
}

export class ConductorStuck extends Error {
  override readonly name = 'ConductorStuck';
}

interface Driven extends Goal {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export const createConductor = (options: {
  clock: WorldClock;
  pool: FunctionPool;
  /** Real seconds without any progress after which it gives up. */
  stuckAfterSeconds?: number;
}): Conductor => {
  const { clock, pool } = options;
  const stuckAfterMs = (options.stuckAfterSeconds ?? 30) * 1000;
  let driven: Driven[] = [];
  let running = false;

  const settleMet = () => {
    const met = driven.filter(
      (goal) => goal.done() || (goal.limit !== undefined && clock.now() >= goal.limit),
    );
    driven = driven.filter((goal) => !met.includes(goal));
    for (const goal of met) goal.resolve();
  };

  const failAll = (error: Error) => {
    const failed = driven;
    driven = [];
    for (const goal of failed) goal.reject(error);
  };

  /** The answers of all functions in flight once none of them works; undefined when something moved meanwhile. */
  const listen = async (): Promise<readonly Quiet[] | undefined> => {
    const before = pool.moves;
    await turn();
    const flights = pool.inFlight;
    // One that waits for a free place has no process yet and depends on those that have.
    const starting = flights.flatMap(({ process, starting }) =>
      starting && process ? [process.started] : [],
    );
    if (starting.length > 0) {
      await Promise.race(starting);
      return undefined;
    }
    const answers = await Promise.all(flights.map((flight) => flight.process?.probe()));
    await turn();
    if (pool.moves !== before) return undefined;
    return answers.filter((answer) => answer !== undefined);
  };

  /** Functions that wait for an answer and nothing else: twice the same picture means the server waits for the time. */
  const stillWaiting = (answers: readonly Quiet[]): string =>
    answers.some((answer) => answer.outstanding.length > 0)
      ? JSON.stringify(answers.map(({ outstanding, sequence }) => [outstanding, sequence]))
      : '';

  const nextAt = (answers: readonly Quiet[]): number => {
    const timers = answers.map((answer) => answer.earliest ?? answer.earliestUnref);
    const limits = driven.map((goal) => goal.limit);
    return Math.min(...[clock.nextDue(), ...timers, ...limits].map((at) => at ?? Number.POSITIVE_INFINITY));
  };

  const run = async () => {
    let progressAt = performance.now();
    let moves = pool.moves;
    let waiting = '';
    let heard: readonly Quiet[] | undefined;
    while (driven.length > 0) {
      if (pool.moves !== moves) {
        moves = pool.moves;
        progressAt = performance.now();
      }
      if (performance.now() - progressAt > stuckAfterMs) {
        failAll(new ConductorStuck(describeStuck(pool.inFlight, heard, stuckAfterMs / 1000)));
        return;
      }
      const answers = await within(stuckAfterMs, listen());
      heard = answers;
      if (answers === undefined) continue;
      const picture = stillWaiting(answers);
      const seenBefore = picture === waiting;
      waiting = picture;
      if (!seenBefore) continue;
      settleMet();
      if (driven.length === 0) return;
      const at = nextAt(answers);
      if (at === Number.POSITIVE_INFINITY) {
        failAll(new ConductorStuck(describeStuck(pool.inFlight, answers, 0)));
        return;
      }
      clock.jumpTo(at);
      progressAt = performance.now();
    }
  };

  const start = async () => {
    if (running) return;
    running = true;
    try {
      // Goals can come while the last one is being met.
      while (driven.length > 0) await run();
    } catch (error) {
      failAll(error instanceof Error ? error : new Error(String(error)));
    } finally {
      running = false;
    }
  };

  return {
    drive: ({ done, limit }) =>
      new Promise((resolve, reject) => {
        driven.push({ done, ...(limit === undefined ? {} : { limit }), resolve, reject });
        void start();
      }),
    stop: () => failAll(new ConductorStuck('The embedded account was closed while time was being moved.')),
  };
};

/** Everything that is ready to run in this process runs: answers of servers, results of functions. */
const turn = async () => {
  for (let count = 0; count < 2; count++) await new Promise<void>((resolve) => setImmediate(resolve));
};

const within = async <T>(ms: number, work: Promise<T>): Promise<T | undefined> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

const describeStuck = (
  flights: readonly InFlight[],
  answers: readonly Quiet[] | undefined,
  seconds: number,
): string => {
  const waits = answers?.flatMap(({ outstanding }) => outstanding) ?? [];
  const names = flights.map((flight) =>
    flight.process === undefined
      ? `${flight.entryId} (waits for a free place under its reserved concurrency)`
      : `${flight.process.name} (${flight.starting ? 'is still starting' : answers === undefined ? 'computes without end' : 'waits'})`,
  );
  const who = names.length === 0 ? 'no function is running and nothing is due any more' : names.join(', ');
  const what = waits.length === 0 ? '' : `; without an answer: ${waits.join(', ')}`;
  const since = seconds === 0 ? 'Time cannot be moved' : `Nothing has moved for ${seconds} s`;
  return `${since}: ${who}${what}.`;
};
