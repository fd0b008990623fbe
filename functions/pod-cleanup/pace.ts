import type { Clock, Deadline } from '../../shared/core/clock.ts';
import { KubernetesApiError } from '../../shared/kubernetes/errors.ts';

/** Kept for the journal at the end, and for a delete that waits for its time-out. */
const RESERVE_MS = 25_000;
const PAUSE_MS = 1_000;
/** So many deletes in a row without any answer, and the server is taken to be down. */
const FAILURES_IN_A_ROW = 20;

/** How fast one cluster is worked on, by all deletes that are under way in it. */
export interface Pace {
  /** Waits while the server has asked everybody to slow down. False where the time does not allow to go on. */
  ready(): Promise<boolean>;
  /** The server asked to slow down: nobody sends anything before that is over. */
  slowDown(error: unknown): void;
  /** A delete had no answer, after all its attempts. */
  failed(error: unknown): void;
  answered(): void;
  /** What the last of too many failures in a row was; undefined while the server answers. */
  readonly down: unknown;
  readonly outOfTime: boolean;
  /** Epoch ms after which nothing is begun or tried again. */
  readonly until: number;
}

export const createPace = (clock: Clock, deadline: Deadline): Pace => {
  const until = deadline.at - RESERVE_MS;
  let resumeAt = 0;
  let failures = 0;
  let down: unknown;
  return {
    until,
    ready: async () => {
      for (let wait = resumeAt - clock.now(); wait > 0; wait = resumeAt - clock.now()) {
        if (resumeAt > until) return false;
        await clock.sleep(wait);
      }
      return clock.now() <= until;
    },
    slowDown: (error) => {
      const asked = error instanceof KubernetesApiError ? error.retryAfterSeconds : undefined;
      resumeAt = Math.max(resumeAt, clock.now() + (asked === undefined ? PAUSE_MS : asked * 1000));
    },
    failed: (error) => {
      failures += 1;
      if (failures >= FAILURES_IN_A_ROW) down = error;
    },
    answered: () => {
      failures = 0;
    },
    get down() {
      return down;
    },
    get outOfTime() {
      return clock.now() > until;
    },
  };
};
