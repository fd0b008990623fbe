import pMap from 'p-map';
import type { Clock } from '../../shared/core/clock.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import type { Recorder } from '../../shared/runtime/recorder.ts';
import type { DeleteOutcome } from './apply.ts';
import { deletePod, outcomeVerdict } from './apply.ts';
import type { CleanupDecision } from './decide/decide.ts';
import type { PodIdentity } from './decide/pod.ts';
import type { Tally } from './decide/report.ts';
import type { Pace } from './pace.ts';

export interface CarryOutOptions {
  /** In which the page is carried out. */
  readonly mode: Mode;
  /** As it is now, for each delete. */
  readonly modeNow: () => Promise<Mode>;
  readonly pace: Pace;
  readonly tally: Tally;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Deletes under way at once. */
  readonly concurrency: number;
  /** Told of every pod that was to be deleted and certainly was not. */
  notMade(pod: PodIdentity): void;
}

const ALARMING: readonly DeleteOutcome['kind'][] = ['forbidden', 'failed'];
/** A delete that failed, or of which an answer was lost, may have been made after all. */
const isCertainlyNotMade = ({ kind, lostAnswers }: DeleteOutcome): boolean =>
  kind !== 'deleted' && kind !== 'failed' && lostAnswers === 0;

/** Records what is kept (and, in observe, what would be deleted); deletes the rest and records each after it. */
export const carryOut = async (
  api: KubernetesApi,
  decisions: readonly CleanupDecision[],
  options: CarryOutOptions,
): Promise<void> => {
  const { mode, modeNow, pace, tally, clock, recorder } = options;
  const failures: unknown[] = [];
  const record = (decision: Parameters<Recorder['record']>[0]) => tally.add(recorder.record(decision, mode));
  await pMap(
    decisions,
    async (decision) => {
      if (decision.action === 'none' || mode !== 'act') {
        record(decision);
        return;
      }
      const outcome = await deletePod(api, decision.pod, { clock, pace, mode: modeNow });
      if (outcome.kind === 'deleted') {
        const { lostAnswers } = outcome;
        record(lostAnswers === 0 ? decision : { ...decision, detail: { ...decision.detail, lostAnswers } });
        return;
      }
      if (isCertainlyNotMade(outcome)) options.notMade(decision.pod);
      if (ALARMING.includes(outcome.kind) && 'error' in outcome) failures.push(outcome.error);
      const { reason, detail } = outcomeVerdict(outcome);
      record({ ...decision, action: 'none', reason, detail: { ...decision.detail, ...detail } });
    },
    { concurrency: options.concurrency },
  );
  // One note a page, not one a pod: what failed is in the verdicts.
  const [first] = failures;
  if (first !== undefined) {
    recorder.fail(
      new Error(
        `${failures.length} pod(s) of cluster ${api.cluster} were not deleted: ${describeError(first)}`,
        { cause: first },
      ),
    );
  }
};
