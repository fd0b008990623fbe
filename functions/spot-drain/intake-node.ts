import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { isoTime } from '../../shared/core/clock.ts';
import { describeError } from '../../shared/core/errors.ts';
import { failedPatch } from './cordon-steps.ts';
import type { SpotDrainDecision } from './decide/decide.ts';
import { mergeNotices } from './decide/merge.ts';
import type { DrainRecord } from './decide/record.ts';
import { keyOf } from './decide/record.ts';
import { standingOf } from './decide/standing.ts';
import type { Followed } from './follow.ts';
import { follow } from './follow.ts';
import { inTime, KEPT_MS } from './in-time.ts';
import type { IntakeDeps } from './intake.ts';
import type { CordonOutcome, NodeBatch, NoticeIntent } from './intake-cordon.ts';
import { cordonNode, intentsOf, keyOfBatch, withOutcome } from './intake-cordon.ts';
import { untilAborted } from './until-aborted.ts';

export interface TakenIn {
  readonly messageIds: readonly string[];
  /** To be delivered again. */
  readonly failedIds: readonly string[];
  readonly followed?: Followed;
}

interface Written {
  readonly record: DrainRecord;
  /** Ids of the notices that were there before. */
  readonly duplicates: ReadonlySet<string>;
  /** Whether what became of the cordon was known by then, and is in the record. */
  readonly knowsCordon: boolean;
}

/**
 * Merges what has come into the record. A record that is new also takes in what the instance is known to have been
 * through: a change of state may be told before the notice that it follows. With `cordoned` the record says so at once:
 * a write fewer for each node of a storm.
 */
const writeRecord = async (
  deps: IntakeDeps,
  batch: NodeBatch,
  cordoned: { readonly outcome: CordonOutcome | undefined } | undefined,
): Promise<Written> => {
  const key = keyOfBatch(batch);
  const { cluster, instanceId } = key;
  const [first] = intentsOf(batch);
  const node = { name: batch.node.metadata?.name ?? '', uid: key.nodeUid };
  if (first === undefined) throw new Error(`nothing is to be recorded about instance ${instanceId}`);
  const { owner, group } = first;
  const seed = { cluster, instanceId, node, owner, ...(group === undefined ? {} : { group }) };
  const arriving = intentsOf(batch).map(({ recorded }) => recorded);
  let duplicates = new Set<string>();
  let isFirst = false;
  let record = await deps.records.change(key, (current) => {
    isFirst = current === undefined;
    duplicates = new Set(current?.notices.map(({ id }) => id));
    return withOutcome(mergeNotices(current, seed, arriving), cordoned?.outcome);
  });
  if (isFirst) {
    const states = await deps.records.statesOf(cluster, instanceId);
    if (states.length > 0)
      record = await deps.records.change(key, (current) => mergeNotices(current, seed, states));
  }
  if (record === undefined) throw new Error(`no record of instance ${instanceId} was made`);
  return { record, duplicates, knowsCordon: cordoned !== undefined };
};

type Said = Omit<SpotDrainDecision, 'cluster' | 'target'>;

/** The verdict on a notice that asks for a cordon now: what became of it. */
const cordonVerdict = (outcome: CordonOutcome | undefined, reason: string, facts: Said['detail']): Said => {
  switch (outcome?.kind) {
    case undefined: // in observe: what would be done
      return { action: 'cordon', reason, detail: facts ?? {} };
    case 'cordoned':
      return outcome.already
        ? { action: 'none', reason: 'already-cordoned', detail: facts ?? {} }
        : { action: 'cordon', reason, detail: facts ?? {} };
    case 'gone':
      return { action: 'none', reason: 'node-gone', detail: facts ?? {} };
    case 'known':
      return { action: 'none', reason: 'duplicate-event', detail: facts ?? {} };
    case 'failed': {
      const { detail, ...failure } = failedPatch(outcome.error);
      return { ...failure, detail: { ...facts, ...detail } };
    }
  }
};

const asksForCordon = ({ recorded, isLate }: NoticeIntent): boolean =>
  !isLate && standingOf([recorded], false).holding.length > 0;

/** A notice that comes again, as after a failure, may be the one that the node is cordoned for. */
const isTold = (outcome: CordonOutcome | undefined): boolean =>
  outcome?.kind === 'failed' || (outcome?.kind === 'cordoned' && !outcome.already);

/** One verdict a notice; the first that asks for a cordon is told what became of it. */
const sayAll = (
  deps: IntakeDeps,
  batch: NodeBatch,
  { outcome, duplicates }: { outcome: CordonOutcome | undefined; duplicates: ReadonlySet<string> },
): void => {
  const { call, mode, api } = batch;
  const target = `node/${batch.node.metadata?.name ?? ''}`;
  const say = (decision: Said) => call.recorder.record({ cluster: api.cluster, target, ...decision }, mode);
  let isSaid = false;
  for (const { notice, intent, instance } of batch.arrivals) {
    if (intent.kind !== 'notice') continue;
    const { recorded, owner, reason, isLate } = intent;
    const { deadlineAt, expiresAt, change } = recorded;
    const facts = {
      event: notice.kind,
      eventId: notice.id,
      instanceId: instance.id,
      owner,
      ...(deadlineAt === undefined ? {} : { deadlineAt: isoTime(deadlineAt) }),
      ...(expiresAt === undefined ? {} : { expiresAt: isoTime(expiresAt) }),
      ...(change === undefined ? {} : { startsAt: isoTime(change.startsAt), healthEvent: change.arn }),
    };
    const isTried = !isSaid && asksForCordon(intent) && isTold(outcome);
    if (duplicates.has(notice.id) && !isTried)
      say({ action: 'none', reason: 'duplicate-event', detail: facts });
    else if (isLate) say({ action: 'record', reason: 'late-event', detail: facts });
    else if (asksForCordon(intent)) {
      const at = outcome?.kind === 'cordoned' ? outcome.at : undefined;
      const seconds = at === undefined ? undefined : Math.max(0, (at - recorded.time) / 1000);
      const told = isSaid && outcome?.kind === 'cordoned' ? { ...outcome, already: true } : outcome;
      const verdict = cordonVerdict(told, reason, {
        ...facts,
        ...(seconds === undefined ? {} : { secondsToCordon: seconds }),
      });
      say(verdict);
      isSaid = true;
      if (verdict.action === 'cordon' && seconds !== undefined) {
        deps.metrics.addMetric('secondsToCordon', MetricUnit.Seconds, seconds);
      }
    } else say({ action: 'record', reason, detail: facts });
  }
};

/** The record knows of the cordon before anybody else goes on with it. */
const noteCordon = async (
  deps: IntakeDeps,
  { record, knowsCordon }: Written,
  outcome: CordonOutcome | undefined,
): Promise<DrainRecord> => {
  if (knowsCordon || outcome?.kind !== 'cordoned') return record;
  const noted = await deps.records.change(keyOf(record), (current) =>
    current === undefined ? undefined : withOutcome(current, outcome),
  );
  return noted ?? record;
};

/** What is due for the node now that its notices are in the record. */
const goOn = async (
  deps: IntakeDeps,
  batch: NodeBatch,
  known: { written: Written; outcome: CordonOutcome | undefined; signal: AbortSignal },
): Promise<Followed | undefined> => {
  const { call, mode, api, arrivals } = batch;
  const { written, outcome, signal } = known;
  const record = await noteCordon(deps, written, outcome);
  if (outcome?.kind === 'gone') return undefined;
  const followed = await follow(deps, {
    record,
    mode,
    call,
    api: async () => untilAborted(api, signal),
    signal,
    node: outcome?.kind === 'cordoned' ? outcome.node : batch.node,
    instanceState: arrivals[0]?.instance.state ?? 'unknown',
    cordonFailed: outcome?.kind === 'failed',
  });
  return outcome?.kind === 'cordoned' && !outcome.already
    ? { ...followed, cordoned: { node: record.node, cause: outcome.cause, at: outcome.at } }
    : followed;
};

/** The cordon goes first where a function has little CPU; a cordon that hangs holds up no record. */
const RECORD_AFTER_MS = 500;

const recordBeside = async (
  deps: IntakeDeps,
  batch: NodeBatch,
  cordoning: Promise<CordonOutcome | undefined>,
): Promise<Written> => {
  const over = new AbortController();
  const late = deps.clock.sleep(RECORD_AFTER_MS, over.signal).catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  const cordoned = await Promise.race([cordoning.then((outcome) => ({ outcome })), late]);
  over.abort();
  return writeRecord(deps, batch, cordoned ?? undefined);
};

/**
 * Cordon and record, the one hardly after the other; then whatever else is due. A cordon that fails is said so and tried
 * again by the worker or at the next look; a record that cannot be written brings the messages back.
 */
export const takeInNode = async (deps: IntakeDeps, batch: NodeBatch): Promise<TakenIn> => {
  const { call, mode, api } = batch;
  const messageIds = [...new Set(batch.arrivals.map(({ messageId }) => messageId))];
  const leftMs = () => call.deadline.remainingMs() - KEPT_MS.node;
  const cordoning = cordonNode(deps, batch);
  const [written, outcome] = await Promise.all([
    inTime(deps.clock, leftMs(), recordBeside(deps, batch, cordoning)).catch((error: unknown) => ({ error })),
    cordoning,
  ]);
  const duplicates = 'error' in written ? new Set<string>() : written.duplicates;
  sayAll(deps, batch, { outcome, duplicates });
  try {
    if ('error' in written) throw written.error;
    const followed = await inTime(deps.clock, leftMs(), (signal) =>
      goOn(deps, batch, { written, outcome, signal }),
    );
    return { messageIds, failedIds: [], ...(followed === undefined ? {} : { followed }) };
  } catch (error) {
    call.recorder.fail(error);
    const target = `node/${batch.node.metadata?.name ?? ''}`;
    const detail = { error: describeError(error) };
    call.recorder.record(
      { cluster: api.cluster, target, action: 'none', reason: 'record-failed', detail },
      mode,
    );
    return { messageIds, failedIds: messageIds };
  }
};
