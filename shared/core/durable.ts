import { CaretakerError } from './errors.ts';

/**
 * What a workflow of hours needs of a durable execution; `shared/runtime/durable.ts` implements it on
 * Lambda's. The workflow's code runs again from its start after every pause and every crash: what `step`,
 * `poll`, `map` and a callback answered before comes from the record, everything else has to be
 * deterministic. So the clock, the table and the cloud are touched inside steps alone.
 */
export interface Durable {
  readonly executionArn: string;
  readonly executionName: string;
  /**
   * Runs once and keeps its result (JSON, far below 256 KB). After a crash in its middle it runs again, so
   * what it does must bear repeating. Throws StepFailedError when its attempts are used up.
   */
  step<T>(name: string, run: () => Promise<T>, options?: StepRetry): Promise<T>;
  /** Asks again and again, at no cost in between, until `done`. A check that throws counts as a failed attempt. */
  poll<State>(name: string, poll: PollOptions<State>): Promise<State>;
  /** Something that a person or another system answers. The id is known before the answer is waited for. */
  callback(name: string, options: { timeoutHours: number }): Promise<OpenCallback>;
  /** Runs a part of the workflow for each item, at most `concurrency` at once; results in the items' order. */
  map<Item, T>(name: string, items: readonly Item[], options: MapOptions<Item, T>): Promise<readonly T[]>;
}

export interface StepRetry {
  /** Attempts in all. Default 4. */
  readonly attempts?: number;
  /** Seconds before the second attempt, doubled for each further one, without jitter. Default 5. */
  readonly firstDelaySeconds?: number;
}

export interface PollOptions<State> {
  readonly initial: State;
  readonly everySeconds: number;
  check(state: State): Promise<State>;
  /** Pure. */
  done(state: State): boolean;
  /** Checks in a row that may fail (throttling, a lost connection) before the poll fails. Default 10. */
  readonly failuresInARow?: number;
}

export interface MapOptions<Item, T> {
  readonly concurrency: number;
  nameOf(item: Item): string;
  /** Must not throw: a result says what went wrong. Gets a Durable of its own. */
  run(durable: Durable, item: Item): Promise<T>;
}

export type CallbackOutcome =
  | { readonly kind: 'success'; readonly payload: string }
  | { readonly kind: 'failure'; readonly type: string; readonly message: string }
  | { readonly kind: 'timeout' };

export interface OpenCallback {
  readonly id: string;
  outcome(): Promise<CallbackOutcome>;
}

/** A step or poll whose attempts are used up. Carries name and message of the last error, which a checkpoint would lose. */
export class StepFailedError extends CaretakerError {
  readonly step: string;
  readonly causeName: string;
  constructor(step: string, failure: { name: string; message: string }) {
    super('StepFailedError', `${step} failed: ${failure.name}: ${failure.message}`);
    this.step = step;
    this.causeName = failure.name;
  }
}
