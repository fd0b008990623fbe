import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import { previewDrain } from '../../shared/drain/classify.ts';
import { createDrainApi } from '../../shared/kubernetes/drain-api.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import { announceAll } from './announce-intake.ts';
import { mergeNotices } from './decide/merge.ts';
import type { DrainRecord } from './decide/record.ts';
import { isOpen, keyOf, podsRemaining } from './decide/record.ts';
import { isDeparture } from './decide/recorded-notice.ts';
import type { Followed } from './follow.ts';
import { follow } from './follow.ts';
import { inTime, KEPT_MS } from './in-time.ts';
import type { Arrival, IntakeDeps } from './intake.ts';
import { lookAgain } from './start-worker.ts';
import { changed } from './step-work.ts';
import { untilAborted } from './until-aborted.ts';

interface StateBatch {
  readonly cluster: string;
  readonly arrivals: readonly Arrival[];
  readonly call: Call;
  readonly mode: Mode;
}

/** A count is worth no message that fails: it is given up after that long. */
const COUNT_MS = 3_000;

/** Pods that a drain would have had to move, counted on the node itself; undefined where it cannot be asked. */
const countPods = async (deps: IntakeDeps, { cluster, node }: DrainRecord): Promise<number | undefined> => {
  const list = async () => createDrainApi(await deps.clusters.connect(cluster)).listPods(node.name);
  try {
    const { evict, wait } = previewDrain(await inTime(deps.clock, COUNT_MS, list()), {
      taintKeys: [],
    });
    return evict.length + wait.length;
  } catch (error) {
    deps.logger.warn('the pods of a node that goes could not be counted', {
      node: node.name,
      error: describeError(error),
    });
    return undefined;
  }
};

/** How many pods go down with the instance: by the drain's own last look where it came to an end, else by a list. */
const withPods = async (deps: IntakeDeps, record: DrainRecord): Promise<DrainRecord> => {
  if (record.departed === undefined || record.podsAtDeparture !== undefined) return record;
  const isDrained = record.outcome?.remaining === 0;
  const counted = isDrained ? 0 : ((await countPods(deps, record)) ?? podsRemaining(record));
  if (counted === undefined) return record;
  return changed(deps, record, (current) => ({ ...current, podsAtDeparture: counted }));
};

const noteInRecord = async (
  deps: IntakeDeps,
  batch: StateBatch,
  { found, arrival }: { found: DrainRecord; arrival: Arrival },
): Promise<Followed | undefined> => {
  const { call, mode, cluster } = batch;
  const { notice, intent, instance } = arrival;
  if (intent.kind !== 'state') return undefined;
  let isNew = false;
  const merged = await deps.records.change(keyOf(found), (current) => {
    if (current === undefined) return undefined;
    const next = mergeNotices(current, current, [intent.recorded]);
    isNew = next !== current;
    return next;
  });
  if (merged === undefined) return undefined;
  const isLeaving = isDeparture(notice.state);
  const record = isLeaving ? await withPods(deps, merged) : merged;
  const remaining = record.podsAtDeparture;
  call.recorder.record(
    {
      cluster,
      target: `node/${record.node.name}`,
      action: isNew ? 'record' : 'none',
      reason: isNew ? intent.reason : 'duplicate-event',
      detail: {
        event: notice.kind,
        eventId: notice.id,
        instanceId: instance.id,
        owner: record.owner,
        ...(isLeaving && remaining !== undefined ? { podsRemaining: remaining } : {}),
        ...(isLeaving && isOpen(found) && found.outcome === undefined ? { drainCutShort: true } : {}),
      },
    },
    mode,
  );
  return followSafely(deps, batch, { record, instanceState: instance.state });
};

const RETRY_MS = 30_000;

/** The state is recorded; what follows from it can wait for a cluster that does not answer. */
const followSafely = async (
  deps: IntakeDeps,
  { cluster, call, mode }: StateBatch,
  { record, instanceState }: { record: DrainRecord; instanceState: string },
): Promise<Followed> => {
  const api = () => deps.clusters.connect(cluster);
  try {
    return await inTime(deps.clock, call.deadline.remainingMs() - KEPT_MS.node, (signal) =>
      follow(deps, {
        record,
        mode,
        call,
        instanceState,
        signal,
        api: async () => untilAborted(await api(), signal),
      }),
    );
  } catch (error) {
    const target = `node/${record.node.name}`;
    const detail = { instanceId: record.instanceId, error: describeError(error) };
    call.recorder.record({ cluster, target, action: 'none', reason: 'look-failed', detail }, mode);
    return { record, lookAt: deps.clock.now() + RETRY_MS };
  }
};

const noteState = async (
  deps: IntakeDeps,
  batch: StateBatch,
  arrival: Arrival,
): Promise<readonly Followed[]> => {
  const { cluster, call, mode } = batch;
  const { notice, instance, intent } = arrival;
  if (intent.kind !== 'state') return [];
  await deps.records.addState(cluster, instance.id, intent.recorded);
  const records = await deps.records.ofInstance(cluster, instance.id);
  if (records.length === 0) {
    const target = `instance/${instance.id}`;
    const detail = { event: notice.kind, eventId: notice.id, state: notice.state };
    call.recorder.record({ cluster, target, action: 'none', reason: 'nothing-recorded', detail }, mode);
  }
  const followed = await Promise.all(records.map((found) => noteInRecord(deps, batch, { found, arrival })));
  return followed.filter((each) => each !== undefined);
};

/**
 * Instances that go, or are gone, or come back. Too late to drain: their records are closed, and the verdict says how
 * many pods were still there. One that is back is freed of our cordon. Answers the messages to be delivered again.
 */
export const noteStates = async (deps: IntakeDeps, batch: StateBatch): Promise<readonly string[]> => {
  const { cluster, call, mode } = batch;
  const failed = await Promise.all(
    batch.arrivals.map(async (arrival) => {
      try {
        const followed = await noteState(deps, batch, arrival);
        await lookAgain(deps, cluster, followed);
        await announceAll(deps, { cluster, followed, call, api: () => deps.clusters.connect(cluster) });
        return [];
      } catch (error) {
        const detail = { event: arrival.notice.kind, error: describeError(error) };
        const target = `instance/${arrival.instance.id}`;
        call.recorder.record({ cluster, target, action: 'none', reason: 'record-failed', detail }, mode);
        return [arrival.messageId];
      }
    }),
  );
  return failed.flat();
};
