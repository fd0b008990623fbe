import type { Clock } from '../../shared/core/clock.ts';
import type { DrainState } from '../../shared/drain/state.ts';
import type { DrainRecord, RecordKey } from './decide/record.ts';
import { isLeased, isOpen } from './decide/record.ts';
import { withDrain } from './drain-options.ts';
import type { NodeRef } from './messages.ts';
import type { DrainRecords } from './records.ts';

/** How long a worker that has gone silent keeps others from its nodes. */
export const LEASE_SECONDS = 15;
const RENEW_BELOW_MS = 10_000;

export type Claim =
  | { readonly kind: 'held'; readonly lease: NodeLease }
  /** Somebody else drains it. */
  | { readonly kind: 'taken'; readonly record: DrainRecord }
  | { readonly kind: 'over'; readonly record: DrainRecord }
  | { readonly kind: 'unknown' };

/** A worker's hold on one node. It lies in the node's record, so that keeping it also keeps the drain's state. */
export interface NodeLease {
  /** As last read or written. */
  readonly record: DrainRecord;
  /** Epoch ms until which nobody else touches the node. */
  readonly until: number;
  /** Renews it when it runs low: `lost` to another worker, `departed` with the instance, or not wanted any more. */
  keep(state: DrainState | undefined): Promise<'held' | 'lost' | 'departed' | 'withdrawn'>;
  /** Renews it at once with a change of the record; false where it is not ours any more. */
  write(change: (record: DrainRecord) => DrainRecord): Promise<boolean>;
  /** Renews it at once and keeps the state with it; false where it is not ours any more. */
  checkpoint(state: DrainState): Promise<boolean>;
  /** Gives it back, with what is to be gone on with. */
  release(state: DrainState | undefined): Promise<void>;
  /** The same; nobody has to go on before `until` (epoch ms), unless the deadline changes. */
  rest(state: DrainState, until: number): Promise<void>;
}

const withoutWorker = ({ worker: _worker, ...record }: DrainRecord): DrainRecord => record;

const createLease = (
  context: { records: DrainRecords; clock: Clock; key: RecordKey; holder: string },
  first: DrainRecord,
): NodeLease => {
  const { records, clock, key, holder } = context;
  let record = first;
  const change = async (to: (current: DrainRecord) => DrainRecord): Promise<boolean> => {
    let ours = false;
    const now = await records.change(key, (current) => {
      ours = current?.worker?.holder === holder;
      return current === undefined || !ours ? undefined : to(current);
    });
    record = now ?? record;
    return ours;
  };
  const renewed = () => ({ holder, until: clock.now() + LEASE_SECONDS * 1000 });
  const until = () => (record.worker?.holder === holder ? record.worker.until : 0);
  return {
    get record() {
      return record;
    },
    get until() {
      return until();
    },
    keep: async (state) => {
      if (until() - clock.now() > RENEW_BELOW_MS) return 'held';
      const ours = await change((current) =>
        current.departed === undefined ? withDrain({ ...current, worker: renewed() }, state) : current,
      );
      if (!ours) return 'lost';
      if (record.departed !== undefined) return 'departed';
      // What waits for its time again, or for its turn, has no deadline: it was moved, or another one was cancelled.
      return record.wanted === 'drain' && record.deadlineAt !== undefined ? 'held' : 'withdrawn';
    },
    write: (to) => change((current) => to({ ...current, worker: renewed() })),
    checkpoint: (state) => change((current) => withDrain({ ...current, worker: renewed() }, state)),
    release: async (state) => {
      await change((current) => withDrain(withoutWorker(current), state));
    },
    rest: async (state, until) => {
      await change((current) => ({
        ...withDrain(withoutWorker(current), state),
        ...(current.deadlineAt === undefined ? {} : { rests: { until, deadlineAt: current.deadlineAt } }),
      }));
    },
  };
};

/** Takes the node for this worker, unless another one has it or there is nothing left to do. */
export const claimNode = async (
  context: { records: DrainRecords; clock: Clock; cluster: string; holder: string },
  ref: NodeRef,
): Promise<Claim> => {
  const { records, clock, holder } = context;
  const key = { cluster: context.cluster, instanceId: ref.instanceId, nodeUid: ref.nodeUid };
  let refused = false;
  const record = await records.change(key, (current) => {
    if (current === undefined) return undefined;
    refused = !isOpen(current) || (isLeased(current, clock.now()) && current.worker?.holder !== holder);
    if (refused) return undefined;
    const { rests: _over, ...rest } = current;
    const cordonedAt = current.cordonedAt ?? ref.cordonedAt;
    return {
      ...rest,
      worker: { holder, until: clock.now() + LEASE_SECONDS * 1000 },
      ...(cordonedAt === undefined ? {} : { cordonedAt }),
    };
  });
  if (record === undefined) return { kind: 'unknown' };
  if (!refused) return { kind: 'held', lease: createLease({ ...context, key }, record) };
  return isOpen(record) ? { kind: 'taken', record } : { kind: 'over', record };
};
