import type { AutomationId, Verdict } from '../../../shared/core/verdict.ts';

/** What the night left behind for people to read: the terminal and the HTML report show the same story. */

export interface StoryLine {
  /** Epoch ms of the simulated clock. */
  readonly at: number;
  /** Undefined: something that happened to the world, done by nobody of ours. */
  readonly automation?: AutomationId;
  readonly text: string;
  readonly verdict?: Verdict;
}

export interface SizeSeries {
  readonly group: string;
  /** `[epoch ms, running instances]`, a point at every change. */
  readonly points: readonly (readonly [number, number])[];
}

export interface DrainRecord {
  readonly node: string;
  readonly noticeAt: number;
  readonly cordonedAt: number | undefined;
  readonly emptyAt: number | undefined;
  readonly pods: number;
  /** Budgets that held pods of this node to the deadline, as `namespace/name`. */
  readonly heldBy: readonly string[];
}

export interface Expectation {
  readonly automation: AutomationId;
  readonly text: string;
  readonly met: boolean;
  /** What was found where it was not met. */
  readonly found: string;
}

export interface Story {
  readonly seed: number;
  readonly timeZone: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly lines: readonly StoryLine[];
  readonly sizes: readonly SizeSeries[];
  readonly drains: readonly DrainRecord[];
  readonly expectations: readonly Expectation[];
}
