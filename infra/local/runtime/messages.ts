/** What the account and a function's process tell each other over IPC. */

/** `held`: the time is `now` until the next message. Otherwise it runs on from `now` at the machine's speed. */
export interface WorldTime {
  readonly now: number;
  readonly held: boolean;
}

/**
 * Ends the process with SIGKILL at its n-th matching HTTP request: before anything of it is sent, or once the
 * server has applied it and before the answer is read.
 */
export interface KillPoint {
  /** 1 is the next matching request. */
  readonly request: number;
  readonly when: 'before-send' | 'after-apply';
  /** Name in the credential scope (`dynamodb`, `eks`, ...), or `kubernetes`; any where left out. */
  readonly service?: string;
  readonly method?: string;
  /** Part of the path or of `X-Amz-Target`. */
  readonly contains?: string;
}

export interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  readonly invokedFunctionArn: string;
  /** Epoch ms of the world's clock. */
  readonly deadlineAt: number;
}

export interface ErrorObject {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type ToHost =
  | ({ readonly type: 'time' } & WorldTime)
  | ({ readonly type: 'probe'; readonly id: number } & WorldTime)
  | ({ readonly type: 'invoke'; readonly kill?: KillPoint } & WorldTime & Invocation);

/** The answer to a probe: the process has nothing to compute and waits. */
export interface Quiet {
  readonly type: 'quiet';
  readonly id: number;
  /** Due time of the earliest timer that keeps a process alive; of any other timer. */
  readonly earliest?: number;
  readonly earliestUnref?: number;
  /** HTTP requests without an answer. A process with some answers only when nothing has moved for a while. */
  readonly outstanding: readonly string[];
  /** Counts requests, answers and timers: two equal ones mean that nothing happened in between. */
  readonly sequence: number;
}

export type FromHost =
  | { readonly type: 'ready' }
  | { readonly type: 'init-error'; readonly error: ErrorObject }
  | Quiet
  | { readonly type: 'log'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'result'; readonly requestId: string; readonly payload: string }
  | {
      readonly type: 'failure';
      readonly requestId: string;
      readonly error: ErrorObject;
      readonly exits: boolean;
    };

export const isToHost = (message: unknown): message is ToHost =>
  typeof message === 'object' && message !== null && 'type' in message;
