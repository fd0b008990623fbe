import { describeError } from '../../shared/core/errors.ts';
import { isMissingRight } from '../../shared/kubernetes/errors.ts';
import type { CordonResult } from '../../shared/kubernetes/nodes.ts';
import { cordon, getNode } from '../../shared/kubernetes/nodes.ts';
import { announceCordon } from './announce.ts';
import { withCordon } from './cordon-steps.ts';
import { causeOf, taintOf } from './decide/record.ts';
import type { NodeWork } from './drain-node.ts';
import type { NodeLease } from './lease.ts';
import { cordonOptions } from './load-balancers.ts';
import { measureCordon } from './metrics.ts';
import type { WorkerDeps } from './worker.ts';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 5_000;

const cordonOnce = async (
  { section }: Pick<WorkerDeps, 'section'>,
  work: NodeWork,
  { record }: NodeLease,
): Promise<CordonResult> => {
  const node = await getNode(work.api, record.node.name);
  if (node === undefined || node.metadata?.uid !== record.node.uid) return { kind: 'gone' };
  return cordon(work.api, node, cordonOptions(section, taintOf(causeOf(record)), record.wanted));
};

/**
 * The intake cordons; where that failed, the worker tries until it works or the deadline comes. Evictions
 * from a node that still takes pods would run in circles. `uncordoned`: it did not work until the deadline, or the mode
 * or the lease say that it is not ours to do; what follows looks at those again. `refusal`: a right is missing, in
 * the API server's words; nothing is to be evicted.
 */
export const ensureCordoned = async (
  deps: WorkerDeps,
  work: NodeWork,
  lease: NodeLease,
): Promise<'cordoned' | 'gone' | 'uncordoned' | { readonly refusal: string }> => {
  if (lease.record.cordonedAt !== undefined) return 'cordoned';
  const { clock } = deps;
  const { cluster, node } = lease.record;
  const target = `node/${node.name}`;
  const endAt = Math.min(lease.record.deadlineAt ?? 0, work.stopAt);
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    try {
      const done = await cordonOnce(deps, work, lease);
      if (done.kind === 'gone') return 'gone';
      const at = clock.now();
      const taint = taintOf(causeOf(lease.record));
      await lease.write((record) => withCordon(record, { node: done.node, taint, at }));
      const isNew = done.kind === 'cordoned';
      const reason = isNew ? causeOf(lease.record) : 'already-cordoned';
      const action = isNew ? 'cordon' : 'none';
      const { instanceId, noticedAt } = lease.record;
      const seconds = isNew ? measureCordon(deps.metrics, { noticedAt, at }) : {};
      const detail = { instanceId, by: 'worker', ...seconds };
      work.call.recorder.record({ cluster, target, action, reason, detail }, 'act');
      const cordoned = {
        node,
        cause: causeOf(lease.record),
        at,
        component: 'eks-caretaker-spot-drain-worker',
      };
      if (isNew) await announceCordon(deps, work.api, cordoned);
      return 'cordoned';
    } catch (error) {
      const words = describeError(error);
      if (isMissingRight(error)) {
        work.call.recorder.fail(error);
        return { refusal: words };
      }
      if (clock.now() + delayMs < endAt) {
        await clock.sleep(delayMs);
        if ((await work.mode()) === 'act' && (await lease.keep(undefined)) === 'held') continue;
        return 'uncordoned';
      }
      work.call.recorder.record(
        { cluster, target, action: 'none', reason: 'cordon-failed', detail: { error: words } },
        'act',
      );
      work.call.recorder.fail(error);
      return 'uncordoned';
    }
  }
};
