import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Call, QueueMessage } from '../../shared/runtime/chain.ts';
import { announceAll } from './announce-intake.ts';
import { standingOfRecord } from './decide/merge.ts';
import type { DrainRecord } from './decide/record.ts';
import type { Followed } from './follow.ts';
import { follow } from './follow.ts';
import { inTime, KEPT_MS } from './in-time.ts';
import type { IntakeDeps } from './intake.ts';
import type { CheckMessage, NodeRef, QueuedMessage } from './messages.ts';
import { lookAgain, sendCheck, startWorker } from './start-worker.ts';
import { untilAborted } from './until-aborted.ts';

/** What cannot be looked at now is looked at after that long; a failing message would end in the dead-letter queue. */
const RETRY_SECONDS = 30;
/** After so many, longer each time: a spot instance's time is over by then, and a cluster may be away for days. */
const SOON_RETRIES = 4;
const LONGEST_RETRY_SECONDS = 900;

const retrySeconds = (failures: number): number =>
  Math.min(RETRY_SECONDS * 2 ** Math.max(0, failures - SOON_RETRIES), LONGEST_RETRY_SECONDS);
/** While nothing may be done, what waits is kept waiting. */
const ASLEEP_SECONDS = 900;

/** A look that another one has taken the place of. */
const isStale = (record: DrainRecord, { promisedAt }: CheckMessage): boolean =>
  promisedAt !== undefined && record.lookAt !== undefined && record.lookAt !== promisedAt;

/** Is there anything that has to be undone or begun some day? */
const hasFuture = (record: DrainRecord): boolean =>
  record.cordonedAt !== undefined ||
  (record.departed === undefined && standingOfRecord(record).gated.length > 0);

const refOf = ({ instanceId, node }: DrainRecord): NodeRef => ({ instanceId, nodeUid: node.uid });

const followAll = async (
  deps: IntakeDeps,
  work: { cluster: string; records: readonly DrainRecord[]; call: Call; mode: Mode },
): Promise<{ followed: readonly Followed[]; failed: readonly NodeRef[] }> => {
  const { cluster, call, mode } = work;
  const api = () => deps.clusters.connect(cluster);
  const failed: NodeRef[] = [];
  const followed = await Promise.all(
    work.records.map(async (record) => {
      const look = (signal: AbortSignal) =>
        follow(deps, { record, mode, call, signal, api: async () => untilAborted(await api(), signal) });
      try {
        return [await inTime(deps.clock, call.deadline.remainingMs() - KEPT_MS.node, look)];
      } catch (error) {
        const detail = { instanceId: record.instanceId, error: describeError(error) };
        const target = `node/${record.node.name}`;
        call.recorder.record({ cluster, target, action: 'none', reason: 'look-failed', detail }, mode);
        call.recorder.fail(error);
        failed.push(refOf(record));
        return [];
      }
    }),
  );
  return { followed: followed.flat(), failed };
};

const runCheck = async (deps: IntakeDeps, check: CheckMessage, call: Call): Promise<void> => {
  const { cluster, failures = 0 } = check;
  if (!deps.config.clusters.some(({ name }) => name === cluster)) {
    const detail = { instances: check.records.map(({ instanceId }) => instanceId) };
    const target = `cluster/${cluster}`;
    call.recorder.record(
      { cluster, target, action: 'none', reason: 'cluster-not-configured', detail },
      'observe',
    );
    return;
  }
  const mode = await deps.readMode(cluster);
  const found = await Promise.all(check.records.map((ref) => deps.records.get({ cluster, ...ref })));
  const records = found.filter((record) => record !== undefined && !isStale(record, check)) as DrainRecord[];
  if (mode === 'off') {
    const waiting = records.filter(hasFuture).map(refOf);
    if (waiting.length > 0)
      await sendCheck(deps, { cluster, records: waiting, delaySeconds: ASLEEP_SECONDS });
    return;
  }
  const { followed, failed } = await followAll(deps, { cluster, records, call, mode });
  const starts = followed.flatMap(({ start }) => (start === undefined ? [] : [start]));
  if (starts.length > 0) await startWorker(deps, { cluster, nodes: starts, checkLater: false });
  await lookAgain(deps, cluster, followed);
  if (failed.length > 0) {
    const delaySeconds = retrySeconds(failures);
    await sendCheck(deps, { cluster, records: failed, delaySeconds, failures: failures + 1 });
  }
  await announceAll(deps, { cluster, followed, call, api: () => deps.clusters.connect(cluster) });
};

/** Each record once, however many messages of the batch ask for it at the same time. */
const withoutDoubles = (checks: readonly Check[]): readonly Check[] => {
  const seen = new Set<string>();
  return checks.map(({ messageId, check }) => ({
    messageId,
    check: {
      ...check,
      records: check.records.filter(({ instanceId, nodeUid }) => {
        const key = [check.cluster, instanceId, nodeUid, check.promisedAt ?? ''].join('#');
        const isFirst = !seen.has(key);
        seen.add(key);
        return isFirst;
      }),
    },
  }));
};

interface Check {
  readonly messageId: string;
  readonly check: CheckMessage;
}

/** Our own delayed messages: what was promised is done, drains without a living worker get another one. Answers the ids that failed. */
export const runChecks = async (
  deps: IntakeDeps,
  checks: readonly Check[],
  call: Call,
): Promise<readonly string[]> => {
  const failed = await Promise.all(
    withoutDoubles(checks).map(async ({ messageId, check }) => {
      try {
        await inTime(deps.clock, call.deadline.remainingMs() - KEPT_MS.cluster, runCheck(deps, check, call));
        return [];
      } catch (error) {
        deps.logger.warn('a check of running drains failed', { error: describeError(error) });
        call.recorder.fail(error);
        return [messageId];
      }
    }),
  );
  return failed.flat();
};

/** In mode off nothing is looked at, and nothing is forgotten: what waits goes on waiting. Answers the ids that failed. */
export const keepChecks = async (
  deps: Pick<IntakeDeps, 'checks' | 'logger'>,
  messages: readonly QueueMessage<QueuedMessage>[],
): Promise<readonly string[]> => {
  const failed = await Promise.all(
    messages.map(async ({ messageId, message }) => {
      if (message.kind !== 'check') return [];
      try {
        await deps.checks.send(message, { delaySeconds: ASLEEP_SECONDS });
        return [];
      } catch (error) {
        deps.logger.warn('a look could not be put off', { error: describeError(error) });
        return [messageId];
      }
    }),
  );
  return failed.flat();
};
