import type { ApprovalPayload, UpgradeRecord } from '../../../functions/index.ts';
import { changeUpgradeRecord, isUpgradeOpen } from '../../../functions/index.ts';
import { isoTime } from '../../../shared/core/clock.ts';
import type { CliContext, Connection } from '../context.ts';
import { BlockedError } from '../errors.ts';
import { requireOpenRun } from './records.ts';

const SHORTEST_PREFIX = 12;

const waitingRun = async (
  { store }: Connection,
  cluster: string,
): Promise<{ record: UpgradeRecord; callbackId: string }> => {
  const record = await requireOpenRun(store, cluster);
  if (record.status !== 'awaiting-approval' || record.callbackId === undefined) {
    throw new BlockedError(
      `${record.executionName} does not wait for a decision: it is ${record.status}, in phase ${record.phase}`,
    );
  }
  return { record, callbackId: record.callbackId };
};

const isSamePlan = (given: string, planHash: string): boolean =>
  given === planHash || (given.length >= SHORTEST_PREFIX && planHash.startsWith(given));

/** Says yes to the very plan that was read: its hash, or the first 12 characters or more of it. */
export const approve = async (
  connection: Connection,
  request: { cluster: string; plan: string; by: string },
): Promise<UpgradeRecord> => {
  const { record, callbackId } = await waitingRun(connection, request.cluster);
  if (!isSamePlan(request.plan, record.planHash)) {
    throw new BlockedError(
      `${record.executionName} waits for plan ${record.planHash}, not ${request.plan}; read it again with \`caretaker upgrade plan\``,
    );
  }
  const payload: ApprovalPayload = { decision: 'approve', planHash: record.planHash, by: request.by };
  await connection.functions.succeedCallback(callbackId, payload);
  return record;
};

export const reject = async (
  connection: Connection,
  request: { cluster: string; by: string; reason: string },
): Promise<UpgradeRecord> => {
  const { record, callbackId } = await waitingRun(connection, request.cluster);
  await connection.functions.failCallback(callbackId, {
    type: 'rejected',
    message: `${request.by}: ${request.reason}`,
  });
  return record;
};

/** Sets the flag that the next step reads, unless the run ended meanwhile or was asked already. */
const withStopRequest = (
  record: UpgradeRecord | undefined,
  request: { by: string; at: string },
): UpgradeRecord => {
  if (record === undefined || !isUpgradeOpen(record.status)) {
    throw new BlockedError(
      `the run ended before it could be asked to stop (${record?.status ?? 'no record'})`,
    );
  }
  return { stopRequestedAt: request.at, stopRequestedBy: request.by, ...record };
};

/**
 * Asks a run to stop. One that waits for a decision ends at once; otherwise an update that EKS carries out
 * already is waited for, because it cannot be cancelled, and no further step begins.
 */
export const stop = async (
  connection: Connection,
  context: Pick<CliContext, 'clock' | 'user'>,
  cluster: string,
): Promise<{ record: UpgradeRecord; atOnce: boolean }> => {
  const found = await requireOpenRun(connection.store, cluster);
  const request = { by: context.user, at: isoTime(context.clock.now()) };
  const record = await changeUpgradeRecord(connection.store, found, (current) =>
    withStopRequest(current, request),
  );
  const { callbackId } = record;
  if (record.status !== 'awaiting-approval' || callbackId === undefined) return { record, atOnce: false };
  await connection.functions.failCallback(callbackId, {
    type: 'stopped',
    message: `${context.user} asked to stop`,
  });
  return { record, atOnce: true };
};
