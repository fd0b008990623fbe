import { isoTime } from '../../shared/core/clock.ts';
import { previewDrain } from '../../shared/drain/classify.ts';
import { causeOf } from './decide/record.ts';
import type { NodeEnd, NodeWork } from './drain-node.ts';
import { optionsFor } from './drain-options.ts';
import type { NodeLease } from './lease.ts';
import type { WorkerDeps } from './worker.ts';

/** Observe: what the first step would be. The record is closed with it, so that it is said once. */
export const observeNode = async (deps: WorkerDeps, work: NodeWork, lease: NodeLease): Promise<NodeEnd> => {
  const { record } = lease;
  const now = deps.clock.now();
  const pods = await work.drainApi.listPods(record.node.name);
  const options = optionsFor(record, deps.section, { optOuts: work.optOuts, now });
  const { evict, wait, skip } = previewDrain(pods, options);
  const said = {
    action: 'drain',
    reason: causeOf(record),
    mode: 'observe',
    detail: {
      instanceId: record.instanceId,
      owner: record.owner,
      deadlineAt: isoTime(options.deadlineAt),
      step: 'first',
      wouldEvict: evict,
      wouldWaitFor: wait,
      skipped: skip,
    },
  } as const;
  await lease.write((current) => ({
    ...current,
    outcome: {
      reason: 'observed',
      at: deps.clock.now(),
      evicted: 0,
      deleted: 0,
      remaining: evict.length + wait.length,
      blocked: [],
      said,
      untold: true,
    },
  }));
  const { mode, ...decision } = said;
  const { cluster, node } = record;
  const verdict = work.call.recorder.record({ cluster, target: `node/${node.name}`, ...decision }, mode);
  return { kind: 'reported', verdict, lease };
};
