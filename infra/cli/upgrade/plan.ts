import type { InvocationResult, Verdict } from '../../../shared/core/verdict.ts';
import type { CliContext, ExitCode } from '../context.ts';
import { exitCodes } from '../context.ts';
import { renderTable } from '../table.ts';

export interface PlannedStep {
  readonly id: string;
  readonly kind: string;
  readonly target: string;
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
  readonly reason: string;
  readonly note?: string;
}

export interface Check {
  readonly check: string;
  readonly verdict: 'pass' | 'warn' | 'block';
  readonly summary: string;
  readonly objects: readonly string[];
  readonly moreObjects?: number;
  readonly remedy?: string;
}

/** `detail` of a verdict with action `plan`. */
export interface PlanDetail {
  readonly planHash: string;
  readonly plan: {
    readonly fromVersion: string;
    readonly toVersion: string;
    readonly steps: readonly PlannedStep[];
  };
  readonly checks: readonly Check[];
  readonly blockedBy: readonly string[];
}

/** What the planning function answered: a plan, or why there is none. */
export type PlanAnswer =
  | { readonly planned: true; readonly reason: string; readonly cluster: string; readonly detail: PlanDetail }
  | { readonly planned: false; readonly reason: string; readonly message: string };

/** Reads the planning function's result. Throws when it is of no shape that this version knows. */
export const answerOf = (result: unknown): PlanAnswer => {
  const verdict: Verdict | undefined = (result as Partial<InvocationResult> | null)?.verdicts?.[0];
  if (verdict === undefined) {
    throw new Error(
      'the planning function answered no verdict; command line and deployment are of different versions',
    );
  }
  if (verdict.action === 'plan') {
    const detail = verdict.detail as PlanDetail | undefined;
    if (detail === undefined) throw new Error('the planning function answered a plan without detail');
    return { planned: true, reason: verdict.reason, cluster: verdict.cluster ?? '', detail };
  }
  const message = verdict.detail?.message;
  return {
    planned: false,
    reason: verdict.reason,
    message: typeof message === 'string' ? message : `the planning function said ${verdict.reason}`,
  };
};

/** Something else than `ready` in the way: a plan that may not run. */
export const exitCodeOf = (answer: PlanAnswer): ExitCode =>
  answer.planned && answer.reason === 'ready' ? exitCodes.done : exitCodes.blocked;

const inOneLine = (values: Readonly<Record<string, unknown>>): string =>
  Object.values(values)
    .filter((value) => value !== undefined)
    .join(', ');

const checkLines = ({ colors }: CliContext, check: Check): readonly string[] => {
  const colour = { pass: colors.green, warn: colors.yellow, block: colors.red }[check.verdict];
  const head = `${colour(check.verdict.padEnd(5))}  ${check.check}: ${check.summary}`;
  if (check.verdict === 'pass') return [head];
  const more = check.moreObjects === undefined ? [] : [`and ${check.moreObjects} more`];
  const remedy = check.remedy === undefined ? [] : [`do: ${check.remedy}`];
  return [head, ...[...check.objects, ...more, ...remedy].map((text) => `       ${text}`)];
};

/** The plan for people: checks with what stands in the way, steps with before and after, the hash to approve. */
export const renderPlan = (context: CliContext, answer: Extract<PlanAnswer, { planned: true }>): string => {
  const { cluster, detail } = answer;
  const { plan, checks, blockedBy, planHash } = detail;
  const steps = plan.steps.map(({ target, before, after, reason, note }, index) => [
    String(index + 1),
    target,
    inOneLine(before),
    inOneLine(after),
    note === undefined ? reason : `${reason} (${note})`,
  ]);
  const ending =
    answer.reason === 'ready'
      ? `Start it with: caretaker upgrade start ${cluster} ${plan.toVersion} --plan ${planHash}`
      : context.colors.red(`This plan may not run: ${blockedBy.join(', ') || answer.reason}`);
  return [
    context.colors.bold(`Upgrade of ${cluster} from ${plan.fromVersion} to ${plan.toVersion}`),
    '',
    ...checks.flatMap((check) => checkLines(context, check)),
    '',
    renderTable(context, ['step', 'target', 'before', 'after', 'reason'], steps),
    '',
    `Plan hash: ${planHash}`,
    ending,
  ].join('\n');
};

export const renderPlanJson = (answer: PlanAnswer): string => JSON.stringify(answer, null, 2);
