import type { Mode } from '../../shared/core/mode.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { AutomationContext } from '../../shared/runtime/context.ts';
import type { PodCleanupConfig } from './config.ts';
import { createTally } from './decide/report.ts';
import type { CleanupMetrics } from './metrics.ts';
import { createPace } from './pace.ts';
import { isAlarming, problemDecision } from './problems.ts';
import { reportRun } from './report.ts';
import { sweep } from './sweep.ts';

export type PodCleanupDeps = Pick<
  AutomationContext<PodCleanupConfig>,
  'config' | 'section' | 'clock' | 'clusters' | 'readMode'
> & { readonly metrics: CleanupMetrics };

/** One cluster's part of a run. */
export interface ClusterWork {
  readonly cluster: string;
  readonly call: Call;
  /** Deletes that the run has left, over all its clusters. */
  readonly budget: { left: number };
}

/** Cleans up one cluster, and says what it found wrong instead of throwing it: the other clusters go on. */
export const cleanCluster = async (deps: PodCleanupDeps, work: ClusterWork): Promise<void> => {
  const { clock } = deps;
  const { cluster, call } = work;
  const startedAt = clock.now();
  const tally = createTally();
  const pace = createPace(clock, call.deadline);
  const leaving = new AbortController();
  // Nothing is done before it is read.
  let mode: Mode = 'observe';
  const say = (reason: string) =>
    call.recorder.record({ cluster, target: `cluster/${cluster}`, action: 'none', reason }, mode);
  const tell = (error: unknown) => {
    if (isAlarming(error)) call.recorder.fail(error);
    call.recorder.record(problemDecision(cluster, error), mode);
  };
  try {
    mode = await deps.readMode(cluster);
  } catch (error) {
    tell(error);
    return;
  }
  if (mode === 'off') {
    say('mode-off');
    return;
  }
  try {
    const api = await deps.clusters.connect(cluster);
    const ended = await sweep({
      cluster,
      api,
      section: deps.section,
      clock,
      pace,
      tally,
      budget: work.budget,
      recorder: call.recorder,
      patience: { retryUntil: pace.until, signal: leaving.signal },
      readMode: async () => {
        mode = await deps.readMode(cluster);
        return mode;
      },
    });
    if (ended !== 'done') say(ended);
  } catch (error) {
    tell(error);
  } finally {
    // What is read ahead is of no use any more.
    leaving.abort();
    reportRun({ cluster, mode, report: tally.report(), ms: clock.now() - startedAt }, { ...deps, call });
  }
};
