import { isoTime } from './clock.ts';
import type { Mode } from './mode.ts';

export type AutomationId =
  | 'node-group-schedule'
  | 'ecr-rescan'
  | 'spot-drain'
  | 'cluster-upgrade'
  | 'pod-cleanup';

/** Actions every automation may report besides its own: nothing to do, or somebody else holds the lease. */
export type CommonAction = 'none' | 'deferred';

/**
 * What a pure `decide` says about one target. A skip is a decision too: `none` with its reason.
 *
 * @property target `kind/name`, for example `node/ip-10-0-1-2.ec2.internal` or `pod/shop/cart-0`
 * @property reason stable kebab-case code; figures and names go to `detail`
 */
export interface Decision<Action extends string = string> {
  readonly cluster?: string;
  readonly target: string;
  readonly action: Action | CommonAction;
  readonly reason: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** What `decide` returns: every decision in the order in which apply carries them out. */
export interface Plan<D extends Decision = Decision> {
  readonly decisions: readonly D[];
}

/** The one object that is log line, invocation result, dry-run output and journal entry. */
export interface Verdict extends Decision {
  readonly automation: AutomationId;
  readonly mode: Mode;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** What every invocation returns. `truncated` counts the verdicts that did not fit; the journal has them. */
export interface InvocationResult {
  readonly automation: AutomationId;
  readonly mode: Mode;
  readonly verdicts: readonly Verdict[];
  readonly truncated?: number;
}

export const toVerdict = (
  decision: Decision,
  context: { automation: AutomationId; mode: Mode; now: number },
): Verdict => ({
  automation: context.automation,
  ...(decision.cluster === undefined ? {} : { cluster: decision.cluster }),
  target: decision.target,
  action: decision.action,
  reason: decision.reason,
  mode: context.mode,
  at: isoTime(context.now),
  ...(decision.detail === undefined ? {} : { detail: decision.detail }),
});

/** True where the verdict stands for something that was done, not only found or planned. */
export const changedSomething = (verdict: Verdict): boolean =>
  verdict.mode === 'act' && verdict.action !== 'none' && verdict.action !== 'deferred';
