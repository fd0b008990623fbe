import type { Clock } from '../../shared/core/clock.ts';
import { ClusterUnreachableError, describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { modeOnceASecond } from '../../shared/runtime/mode-once.ts';
import type { Recorder } from '../../shared/runtime/recorder.ts';
import { carryOut } from './carry-out.ts';
import type { PodCleanupConfig } from './config.ts';
import type { CleanupDecision, CleanupInput } from './decide/decide.ts';
import { decideCleanup } from './decide/decide.ts';
import type { EndedPod } from './decide/pod.ts';
import type { Tally } from './decide/report.ts';
import { percentOf } from './decide/share.ts';
import type { OwnerState } from './decide/succeeded.ts';
import { succeededInShutdown } from './decide/succeeded.ts';
import type { Patience } from './gather.ts';
import { endedPods, optedOutNamespaces, ownerStates, selectionOf } from './gather.ts';
import { createHeapKeeper } from './heap.ts';
import type { Pace } from './pace.ts';
import { readAhead } from './read-ahead.ts';
import { settle, unsettle } from './settle.ts';
import type { Survey } from './survey.ts';
import { surveyPods } from './survey.ts';
import type { WriteBehind } from './write-behind.ts';
import { createWriteBehind } from './write-behind.ts';

export interface Sweep {
  readonly cluster: string;
  readonly api: KubernetesApi;
  readonly section: PodCleanupConfig;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly patience: Patience;
  readonly tally: Tally;
  readonly recorder: Recorder;
  /** Deletes that the run has left, over all its clusters. */
  readonly budget: { left: number };
  readMode(): Promise<Mode>;
}

/** Why a sweep ended; what it did not come to is left to the next run. */
export type SweepEnd = 'done' | 'mode-off' | 'out-of-time';

/**
 * Goes through a cluster's pods: counts first where a limit needs it, then page by page reads the mode (and again
 * before each delete, once a second), decides, carries out and records. Throws what the cluster or our own table answered
 * instead.
 */
export const sweep = async (context: Sweep): Promise<SweepEnd> => {
  const journal = createWriteBehind();
  const ended = await settle(goThrough(context, journal));
  const journaled = await settle(journal.end());
  // What the cluster answered comes first: what could not be journaled is tried once more at the end of the invocation.
  const end = unsettle(ended);
  unsettle(journaled);
  return end;
};

const goThrough = async (context: Sweep, journal: WriteBehind): Promise<SweepEnd> => {
  const { api, section, pace, patience, recorder } = context;
  const selection = selectionOf(section);
  const optedOut = section.namespaceOptOut ? await optedOutNamespaces(api, patience) : new Set<string>();
  const input = inputOf(context, optedOut);
  const outOfTime = () => pace.outOfTime;
  const survey = await surveyPods(api, input, { selection, patience, outOfTime });
  if (survey === undefined) return 'out-of-time';
  const spent = new Map<string, number>();
  const modeNow = modeOnceASecond(context.clock, context.readMode);
  const heap = createHeapKeeper();
  let told = false;
  for await (const page of readAhead(endedPods(api, selection, patience))) {
    const mode = await context.readMode();
    if (mode === 'off') return 'mode-off';
    if (pace.outOfTime) return 'out-of-time';
    if (!told) tellRefused(context, survey, mode);
    told = true;
    const pods = page.filter(isOfInterest);
    context.tally.ignore(page.length - pods.length);
    const states = section.deleteSucceededPods ? await ownerStates(api, pods, patience) : undefined;
    const { decisions } = decideCleanup(
      pods,
      { ...input, ownerState: (uid) => states?.get(uid) },
      {
        budget: context.budget.left,
        newest: survey.limits.newest,
        allowedIn: (namespace) => {
          const allowed = survey.limits.allowedIn(namespace);
          return allowed === undefined ? undefined : allowed - (spent.get(namespace) ?? 0);
        },
      },
    );
    await carryOutWithin(context, decisions, { mode, modeNow, spent });
    await journal.begin(recorder.flushIfLarge);
    heap.pageDone();
    throwIfDown(context);
  }
  return 'done';
};

const noState = (_uid: string): OwnerState | undefined => undefined;

const inputOf = (
  { cluster, section, clock }: Sweep,
  optedOutNamespaces: ReadonlySet<string>,
): CleanupInput => ({ cluster, rules: section, now: clock.now(), optedOutNamespaces, ownerState: noState });

/** Completed pods of Jobs and the like: there may be thousands, and nobody asked why they stay. */
const isOfInterest = (pod: EndedPod): boolean =>
  pod.status?.phase !== 'Succeeded' || succeededInShutdown(pod);

const throwIfDown = ({ cluster, pace }: Sweep): void => {
  if (pace.down === undefined) return;
  throw new ClusterUnreachableError(
    cluster,
    `cluster ${cluster} stopped answering (${describeError(pace.down)}); the next run goes on`,
    { cause: pace.down },
  );
};

const tellRefused = ({ cluster, section, recorder }: Sweep, { refused }: Survey, mode: Mode): void => {
  for (const share of refused) {
    recorder.record(
      {
        cluster,
        target: `namespace/${share.namespace}`,
        action: 'none',
        reason: 'namespace-share-exceeded',
        detail: {
          wouldDelete: share.candidates,
          pods: share.pods,
          percent: percentOf(share),
          maximumPercent: section.maximumNamespacePercent,
        },
      },
      mode,
    );
  }
};

/** Takes the deletes of a page from the limits before they are made, and gives back those that were not. */
const carryOutWithin = async (
  { api, section, pace, tally, clock, recorder, budget }: Sweep,
  decisions: readonly CleanupDecision[],
  { mode, modeNow, spent }: { mode: Mode; modeNow: () => Promise<Mode>; spent: Map<string, number> },
): Promise<void> => {
  const spend = (namespace: string, count: 1 | -1) => {
    budget.left -= count;
    spent.set(namespace, (spent.get(namespace) ?? 0) + count);
  };
  for (const decision of decisions) if (decision.action === 'delete') spend(decision.pod.namespace, 1);
  await carryOut(api, decisions, {
    mode,
    modeNow,
    pace,
    tally,
    clock,
    recorder,
    concurrency: section.concurrentDeletes,
    notMade: ({ namespace }) => spend(namespace, -1),
  });
};
