import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import { announcePods } from './announce-pods.ts';
import { causeOf } from './decide/record.ts';
import type { NodeEnd, NodeWork } from './drain-node.ts';
import { drainNode } from './drain-node.ts';
import type { NodeLease } from './lease.ts';
import type { DrainOrder, NodeRef } from './messages.ts';
import type { Teller } from './tell.ts';
import type { WorkerDeps } from './worker.ts';

type Reported = Extract<NodeEnd, { kind: 'reported' }> & { readonly ref: NodeRef };

/** A lease is renewed when a third of it is gone. */
const KEEP_EVERY_MS = 4_000;

/** What was said is journaled, people know: the record is closed for good. */
const close = async (work: NodeWork, lease: NodeLease): Promise<void> => {
  await work.call.recorder.flush();
  await lease.write(({ worker: _worker, ...record }) => {
    if (record.outcome === undefined) return record;
    const { untold: _told, ...outcome } = record.outcome;
    return { ...record, outcome };
  });
};

/** Keeps a lease until it is told to stop: if this worker dies, the next one tells what it did not. */
const keepLease = (deps: WorkerDeps, lease: NodeLease): (() => Promise<void>) => {
  const over = new AbortController();
  const keep = async (): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        // Also of an instance that has begun to go.
        await lease.write((record) => record);
        await deps.clock.sleep(KEEP_EVERY_MS, over.signal);
      } catch (error) {
        if (over.signal.aborted) return;
        deps.logger.warn('a lease could not be kept', { error: describeError(error) });
        await deps.clock.sleep(KEEP_EVERY_MS);
      }
    }
  };
  const keeping = keep();
  return async () => {
    over.abort();
    await keeping;
  };
};

/** Ends that are told with those of other workers: all are closed but the first, which stays open until they are. */
const createHeldEnds = (deps: WorkerDeps, work: NodeWork) => {
  let anchor: { readonly end: Reported; readonly letGo: () => Promise<void> } | undefined;
  return {
    add: async (end: Reported): Promise<void> => {
      if (anchor === undefined) anchor = { end, letGo: keepLease(deps, end.lease) };
      else await close(work, end.lease);
    },
    /** Sends them, or waits until somebody has. Answers the node of the next worker, where there was no time for it. */
    settle: async (teller: Teller): Promise<readonly NodeRef[]> => {
      if (anchor === undefined) return [];
      const { end, letGo } = anchor;
      try {
        if (await teller.sendHeld(work.stopAt)) {
          await close(work, end.lease);
          return [];
        }
        await end.lease.release(undefined);
        return [end.ref];
      } finally {
        await letGo();
      }
    },
  };
};

/**
 * Drains all nodes of an order, tells how each went, and last of all writes events on their pods. Answers the nodes
 * that the next worker has to go on with.
 */
export const drainAndTell = async (
  deps: WorkerDeps,
  work: NodeWork,
  batch: { readonly order: DrainOrder; readonly teller: Teller; readonly mode: Mode },
): Promise<readonly NodeRef[]> => {
  const { order, teller } = batch;
  const { call, stopAt } = work;
  const held = createHeldEnds(deps, work);
  const ended: Reported[] = [];
  const unfinished: NodeRef[] = [];

  const drainOne = async (ref: NodeRef): Promise<void> => {
    const end = await drainNode(deps, work, ref);
    if (end.kind === 'unfinished') unfinished.push(ref);
    if (end.kind !== 'reported') return;
    const reported = { ...end, ref };
    ended.push(reported);
    if ((await teller.tell(ref, end.verdict)) === 'told') await close(work, end.lease);
    else await held.add(reported);
  };

  await Promise.all(
    order.nodes.map(async (ref) => {
      try {
        await drainOne(ref);
      } catch (error) {
        const { cluster } = order;
        const target = `instance/${ref.instanceId}`;
        const detail = { error: describeError(error) };
        call.recorder.record({ cluster, target, action: 'none', reason: 'interrupted', detail }, batch.mode);
        call.recorder.fail(error);
      }
    }),
  );
  unfinished.push(...(await held.settle(teller)));
  for (const { state, lease } of ended) {
    if (state === undefined) continue;
    await announcePods(deps, work.api, { state, cause: causeOf(lease.record), until: stopAt });
  }
  return unfinished;
};
