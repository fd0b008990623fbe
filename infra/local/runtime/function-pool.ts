import { randomUUID } from 'node:crypto';
import type { WorldClock } from '../clock.ts';
import type { FunctionDefinition } from './function.ts';
import { qualifiedArn } from './function.ts';
import type { FunctionProcess, Outcome } from './function-process.ts';
import { startFunctionProcess } from './function-process.ts';
import type { ErrorObject, KillPoint } from './messages.ts';

/** One invocation that is on its way or running. */
export interface InFlight {
  readonly entryId: string;
  readonly requestId: string;
  /** Undefined while it waits for a free environment. */
  readonly process?: FunctionProcess;
  readonly starting: boolean;
}

export interface InvocationRecord extends Outcome {
  readonly entryId: string;
  readonly event: unknown;
  /** Epoch ms of the world's clock. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The execution environments of all functions: one invocation each at a time, reused while warm. */
export interface FunctionPool {
  readonly definitions: ReadonlyMap<string, FunctionDefinition>;
  readonly inFlight: readonly InFlight[];
  /** Grows with every invocation that begins, starts running or ends. */
  readonly moves: number;
  /** Free places under the reserved concurrency. */
  available(entryId: string): number;
  /** Runs one invocation; beyond the reserved concurrency it waits for a place. Never rejects. */
  invoke(entryId: string, event: unknown, options?: { requestId?: string }): Promise<Outcome>;
  /** Starts environments ahead of their first invocation. */
  prewarm(entryId: string, count: number): Promise<void>;
  /** The next invocation of this entry is killed at that request. */
  killAt(entryId: string, point: KillPoint): void;
  /** Kills what runs of this entry now. Answers how many invocations that ended. */
  kill(entryId: string): number;
  onInvocation(listener: (record: InvocationRecord) => void): () => void;
  close(): Promise<void>;
}

/** Lambda's default for an account; a place is a place, whoever takes it. */
const UNRESERVED_CONCURRENCY = 1_000;

interface Track {
  readonly entryId: string;
  readonly requestId: string;
  process?: FunctionProcess;
  starting: boolean;
}

export const createFunctionPool = (options: {
  clock: WorldClock;
  definitions: readonly FunctionDefinition[];
}): FunctionPool => {
  const { clock } = options;
  const definitions = new Map(options.definitions.map((definition) => [definition.entryId, definition]));
  const idle = new Map<string, FunctionProcess[]>();
  const all = new Set<FunctionProcess>();
  const inFlight = new Set<Track>();
  const taken = new Map<string, number>();
  const waiting = new Map<string, (() => void)[]>();
  const killPoints = new Map<string, KillPoint>();
  const listeners = new Set<(record: InvocationRecord) => void>();
  let moves = 0;
  let started = 0;
  let closed = false;

  const definitionOf = (entryId: string): FunctionDefinition => {
    const definition = definitions.get(entryId);
    if (definition === undefined) throw new Error(`no function is deployed for the entry ${entryId}`);
    return definition;
  };

  const available = (entryId: string) =>
    (definitionOf(entryId).reservedConcurrency ?? UNRESERVED_CONCURRENCY) - (taken.get(entryId) ?? 0);

  const takePlace = async (entryId: string) => {
    if (available(entryId) <= 0)
      await new Promise<void>((resolve) => waiting.set(entryId, [...(waiting.get(entryId) ?? []), resolve]));
    else taken.set(entryId, (taken.get(entryId) ?? 0) + 1);
  };

  const leavePlace = (entryId: string) => {
    const next = waiting.get(entryId)?.shift();
    // The place goes from one to the next without becoming free in between.
    if (next === undefined) taken.set(entryId, (taken.get(entryId) ?? 1) - 1);
    else next();
  };

  const start = (entryId: string): FunctionProcess => {
    const made = startFunctionProcess({ definition: definitionOf(entryId), clock, number: ++started });
    all.add(made);
    void made.exited.then(() => all.delete(made));
    return made;
  };

  const warm = (entryId: string): FunctionProcess | undefined => {
    const list = idle.get(entryId) ?? [];
    for (let found = list.pop(); found !== undefined; found = list.pop()) if (!found.dead) return found;
    return undefined;
  };

  const release = (entryId: string, used: FunctionProcess) => {
    if (used.dead || closed) used.kill();
    else idle.set(entryId, [...(idle.get(entryId) ?? []), used]);
  };

  const runIn = async (track: Track, used: FunctionProcess, event: unknown): Promise<Outcome> => {
    const { entryId, requestId } = track;
    const definition = definitionOf(entryId);
    const initError = await used.started;
    track.starting = false;
    moves++;
    if (initError !== undefined) {
      used.kill();
      return { requestId, ok: false, payload: JSON.stringify(initError), error: initError, logs: [] };
    }
    const deadlineAt = clock.now() + definition.timeoutSeconds * 1000;
    const cancel = clock.schedule(deadlineAt, () =>
      used.kill(timedOut(requestId, definition.timeoutSeconds)),
    );
    const killPoint = killPoints.get(entryId);
    killPoints.delete(entryId);
    try {
      return await used.invoke(
        { requestId, event, invokedFunctionArn: qualifiedArn(definition), deadlineAt },
        killPoint,
      );
    } finally {
      cancel();
    }
  };

  const invoke: FunctionPool['invoke'] = async (entryId, event, { requestId = randomUUID() } = {}) => {
    const track: Track = { entryId, requestId, starting: true };
    inFlight.add(track);
    moves++;
    await takePlace(entryId);
    const startedAt = clock.now();
    const used = warm(entryId) ?? start(entryId);
    track.process = used;
    const outcome = await runIn(track, used, event);
    release(entryId, used);
    inFlight.delete(track);
    moves++;
    leavePlace(entryId);
    for (const listener of listeners)
      listener({ ...outcome, entryId, event, startedAt, endedAt: clock.now() });
    return outcome;
  };

  return {
    definitions,
    get inFlight() {
      return [...inFlight];
    },
    get moves() {
      return moves;
    },
    available,
    invoke,
    prewarm: async (entryId, count) => {
      const missing = count - (idle.get(entryId)?.length ?? 0);
      const made = Array.from({ length: Math.max(0, missing) }, () => start(entryId));
      for (const one of made) {
        const error = await one.started;
        if (error === undefined) release(entryId, one);
        else one.kill();
      }
    },
    killAt: (entryId, point) => {
      definitionOf(entryId);
      killPoints.set(entryId, point);
    },
    kill: (entryId) => {
      const running = [...inFlight].flatMap(({ entryId: of, process }) =>
        of === entryId && process !== undefined ? [process] : [],
      );
      for (const process of running) process.kill();
      return running.length;
    },
    onInvocation: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      closed = true;
      const ending = [...all].map((one) => one.exited);
      for (const one of all) one.kill();
      await Promise.all(ending);
    },
  };
};

const timedOut = (requestId: string, seconds: number): ErrorObject => ({
  errorType: 'Sandbox.Timedout',
  errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
});
