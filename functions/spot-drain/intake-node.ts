import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { V1Node } from '@kubernetes/client-node';
import { isoTime } from '../../shared/core/clock.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { isForbidden } from '../../shared/kubernetes/errors.ts';
import { cordon } from '../../shared/kubernetes/nodes.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { CordonedNode } from './announce.ts';
import type { SpotDrainDecision } from './decide/decide.ts';
import type { DrainRecord } from './decide/record.ts';
import { causeOf, isLeased, isOpen, mergeNotice, taintOf } from './decide/record.ts';
import type { Arrival, IntakeDeps } from './intake.ts';
import type { NodeRef } from './messages.ts';

export interface NodeBatch {
  readonly api: KubernetesApi;
  readonly node: V1Node;
  /** All about this node: to be drained or recorded. */
  readonly arrivals: readonly Arrival[];
  readonly call: Call;
  readonly mode: Mode;
}

export interface TakenIn {
  readonly messageIds: readonly string[];
  /** To be delivered again. */
  readonly failedIds: readonly string[];
  /** Set where a worker has to be started. */
  readonly start?: NodeRef;
  readonly cordoned?: CordonedNode;
}

interface Merged {
  readonly record: DrainRecord;
  /** Ids of the notices that were there before. */
  readonly duplicates: ReadonlySet<string>;
}

const mergeAll = (current: DrainRecord | undefined, batch: NodeBatch): DrainRecord | undefined => {
  const node = { name: batch.node.metadata?.name ?? '', uid: batch.node.metadata?.uid ?? '' };
  let record = current;
  for (const { notice, intent } of batch.arrivals) {
    if (intent.kind !== 'close') record = mergeNotice(record, { notice, node, intent });
  }
  return record;
};

const writeRecord = async (deps: IntakeDeps, batch: NodeBatch): Promise<Merged> => {
  const [first] = batch.arrivals;
  const key = {
    cluster: batch.api.cluster,
    instanceId: first?.instance.id ?? '',
    nodeUid: batch.node.metadata?.uid ?? '',
  };
  let duplicates = new Set<string>();
  const record = await deps.records.change(key, (current) => {
    duplicates = new Set(current?.notices.map(({ id }) => id));
    return mergeAll(current, batch);
  });
  if (record === undefined) throw new Error(`no record of instance ${key.instanceId} was made`);
  return { record, duplicates };
};

type CordonOutcome =
  | { readonly kind: 'cordoned'; readonly at: number; readonly already: boolean }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The kind that the batch alone would give the record; the record itself is still being written. */
const kindOfBatch = (arrivals: readonly Arrival[]) => {
  const kinds = arrivals.flatMap(({ notice, intent }) => (intent.kind === 'drain' ? [notice.kind] : []));
  return kinds.includes('spot-interruption') ? 'spot-interruption' : kinds[0];
};

const cordonNode = async (deps: IntakeDeps, batch: NodeBatch): Promise<CordonOutcome | undefined> => {
  const kind = kindOfBatch(batch.arrivals);
  if (kind === undefined || batch.mode !== 'act') return undefined;
  try {
    const result = await cordon(batch.api, batch.node, { taint: taintOf(kind) });
    if (result.kind === 'gone') return { kind: 'gone' };
    return { kind: 'cordoned', at: deps.clock.now(), already: result.kind === 'already-cordoned' };
  } catch (error) {
    return { kind: 'failed', error };
  }
};

/** The verdict on a notice that asks for a drain: what became of the cordon. */
const cordonVerdict = (outcome: CordonOutcome | undefined, facts: Record<string, unknown>) => {
  if (outcome === undefined) return { action: 'cordon', reason: String(facts.event), detail: facts } as const;
  switch (outcome.kind) {
    case 'cordoned':
      return {
        action: outcome.already ? 'none' : 'cordon',
        reason: outcome.already ? 'already-cordoned' : String(facts.event),
        detail: facts,
      } as const;
    case 'gone':
      return { action: 'none', reason: 'node-gone', detail: facts } as const;
    case 'failed': {
      const error = describeError(outcome.error);
      return isForbidden(outcome.error)
        ? ({
            action: 'none',
            reason: 'missing-right',
            detail: { ...facts, verb: 'patch', resource: 'nodes', error },
          } as const)
        : ({ action: 'none', reason: 'cordon-failed', detail: { ...facts, error } } as const);
    }
  }
};

/**
 * Record and cordon, at the same time. A cordon that fails is said so and tried again by the worker; a
 * record that cannot be written brings the messages back.
 */
export const takeInNode = async (deps: IntakeDeps, batch: NodeBatch): Promise<TakenIn> => {
  const { arrivals, call, mode } = batch;
  const messageIds = arrivals.map(({ messageId }) => messageId);
  const target = `node/${batch.node.metadata?.name ?? ''}`;
  const say = (decision: Omit<SpotDrainDecision, 'cluster' | 'target'>) =>
    call.recorder.record({ cluster: batch.api.cluster, target, ...decision }, mode);
  const [written, outcome] = await Promise.all([
    writeRecord(deps, batch).catch((error: unknown) => ({ error })),
    cordonNode(deps, batch),
  ]);
  const at = outcome?.kind === 'cordoned' ? outcome.at : undefined;
  let said = false;
  for (const { notice, intent, instance } of arrivals) {
    const facts = { event: notice.kind, eventId: notice.id, instanceId: instance.id };
    if ('duplicates' in written && written.duplicates.has(notice.id)) {
      say({ action: 'none', reason: 'duplicate-event', detail: facts });
    } else if (intent.kind === 'record') {
      say({ action: 'record', reason: intent.reason, detail: { ...facts, owner: intent.owner } });
    } else if (intent.kind === 'drain') {
      const seconds = at === undefined ? undefined : Math.max(0, (at - intent.noticedAt) / 1000);
      const decision = cordonVerdict(
        said && outcome?.kind === 'cordoned' ? { ...outcome, already: true } : outcome,
        {
          ...facts,
          owner: intent.owner,
          deadlineAt: isoTime(intent.deadlineAt),
          ...(seconds === undefined ? {} : { secondsToCordon: seconds }),
        },
      );
      say(decision);
      if (decision.action === 'cordon' && seconds !== undefined) {
        deps.metrics.addMetric('secondsToCordon', MetricUnit.Seconds, seconds);
      }
      said = true;
    }
  }
  if ('error' in written) {
    call.recorder.fail(written.error);
    say({ action: 'none', reason: 'record-failed', detail: { error: describeError(written.error) } });
    return { messageIds, failedIds: messageIds };
  }
  return { messageIds, failedIds: [], ...followUp(deps, written.record, outcome) };
};

/** What has to happen once the node is recorded: a worker, an event on the node. */
const followUp = (
  deps: IntakeDeps,
  record: DrainRecord,
  outcome: CordonOutcome | undefined,
): Pick<TakenIn, 'start' | 'cordoned'> => {
  const needsWorker = isOpen(record) && !isLeased(record, deps.clock.now()) && outcome?.kind !== 'gone';
  const cordonedAt = outcome?.kind === 'cordoned' ? outcome.at : undefined;
  return {
    ...(needsWorker
      ? {
          start: {
            instanceId: record.instanceId,
            nodeUid: record.node.uid,
            ...(cordonedAt === undefined ? {} : { cordonedAt }),
          },
        }
      : {}),
    ...(outcome?.kind === 'cordoned' && !outcome.already
      ? { cordoned: { node: record.node, cause: causeOf(record), at: outcome.at } }
      : {}),
  };
};
