import type { DrainOutcome, DrainRecord } from './decide/record.ts';
import type { NodeEnd, NodeWork } from './drain-node.ts';
import type { NodeLease } from './lease.ts';
import type { ActionAnswer } from './lifecycle.ts';
import { completeActions } from './lifecycle.ts';
import type { WorkerDeps } from './worker.ts';

type Said = NonNullable<DrainOutcome['said']>;

/** What can be said of an outcome of which nothing else is known. */
const plain = ({ reason, evicted, deleted, remaining, blocked }: DrainOutcome): Said => ({
  action: evicted + deleted > 0 ? 'drain' : 'none',
  reason,
  mode: 'act',
  detail: { evicted, deleted, podsRemaining: remaining, blocked },
});

/** What the worker before this one heard from Auto Scaling. */
const answersOf = ({ lifecycle }: DrainRecord): readonly ActionAnswer[] =>
  lifecycle.flatMap(({ hook, answer }) => (answer === undefined ? [] : [{ hook, answer }]));

/**
 * A drain that is over and of which nobody was told: the worker died in between. Lifecycle actions are let go as far
 * as that was not done, and the verdict is said as it was written down.
 */
export const sayAgain = async (deps: WorkerDeps, work: NodeWork, lease: NodeLease): Promise<NodeEnd> => {
  const { outcome, cluster, node } = lease.record;
  if (outcome === undefined) return { kind: 'left' };
  const { mode, detail, ...decision } = outcome.said ?? plain(outcome);
  const before = answersOf(lease.record);
  const now = mode === 'act' ? await completeActions(deps, { lease, call: work.call }) : [];
  const lifecycle = [...before, ...now];
  const verdict = work.call.recorder.record(
    {
      cluster,
      target: `node/${node.name}`,
      ...decision,
      detail: { ...detail, ...(lifecycle.length === 0 ? {} : { lifecycle }) },
    },
    mode,
  );
  return { kind: 'reported', verdict, lease };
};
