import type { V1Node } from '@kubernetes/client-node';
import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { cordon } from '../../shared/kubernetes/nodes.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import { withCordon } from './cordon-steps.ts';
import type { Intent } from './decide/decide.ts';
import type { NoticeKind } from './decide/notice.ts';
import type { DrainRecord, RecordKey } from './decide/record.ts';
import { taintOf } from './decide/record.ts';
import { settingsFor } from './decide/settings.ts';
import type { Standing } from './decide/standing.ts';
import { standingOf } from './decide/standing.ts';
import { inTime, KEPT_MS } from './in-time.ts';
import type { Arrival, IntakeDeps } from './intake.ts';
import { cordonOptions } from './load-balancers.ts';
import { untilAborted } from './until-aborted.ts';

export interface NodeBatch {
  readonly api: KubernetesApi;
  readonly node: V1Node;
  /** All about this node. */
  readonly arrivals: readonly Arrival[];
  readonly call: Call;
  readonly mode: Mode;
}

export type NoticeIntent = Extract<Intent, { kind: 'notice' }>;

export const intentsOf = ({ arrivals }: NodeBatch): readonly NoticeIntent[] =>
  arrivals.flatMap(({ intent }) => (intent.kind === 'notice' ? [intent] : []));

/** Where the record of a batch's node lies. */
export const keyOfBatch = ({ api, node, arrivals }: NodeBatch): RecordKey => ({
  cluster: api.cluster,
  instanceId: arrivals[0]?.instance.id ?? '',
  nodeUid: node.metadata?.uid ?? '',
});

export type CordonOutcome =
  | {
      readonly kind: 'cordoned';
      readonly cause: NoticeKind;
      readonly at: number;
      readonly node: V1Node;
      readonly already: boolean;
    }
  | { readonly kind: 'gone' }
  /** Nothing new was said: what is to be done is up to the record. */
  | { readonly kind: 'known' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The record with the cordon in it, where there is one that it does not know. */
export const withOutcome = (record: DrainRecord, outcome: CordonOutcome | undefined): DrainRecord => {
  if (outcome?.kind !== 'cordoned') return record;
  const { node, at, cause } = outcome;
  const isKnown = record.cordonedAt !== undefined && record.cordon?.taints.includes(taintOf(cause));
  return isKnown ? record : withCordon(record, { node, taint: taintOf(cause), at });
};

/** What the batch alone would have the node cordoned for, now; the record itself is still being written. */
const standingOfBatch = (batch: NodeBatch, now: number): Standing => {
  const timely = intentsOf(batch).filter(({ isLate }) => !isLate);
  const { holding } = standingOf(
    timely.map(({ recorded }) => recorded),
    false,
  );
  const lasting = holding.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  return standingOf(lasting, false);
};

/** With less time left than this a cordon waits for nothing. */
const HURRIED_MS = 180_000;
const READ_WITHIN_MS = 1_000;

/**
 * Has all of it come before? The record may be through with it: a node that came back would be cordoned anew. A table
 * that does not answer leaves it open.
 */
const isKnown = async (deps: IntakeDeps, batch: NodeBatch): Promise<boolean> => {
  const notices = intentsOf(batch).map(({ recorded }) => recorded);
  const isHurried = notices.some(
    ({ deadlineAt }) => deadlineAt !== undefined && deadlineAt - deps.clock.now() < HURRIED_MS,
  );
  if (isHurried) return false;
  try {
    const record = await inTime(deps.clock, READ_WITHIN_MS, deps.records.get(keyOfBatch(batch)));
    const known = new Set(record?.notices.map(({ id }) => id));
    return notices.every(({ id }) => known.has(id));
  } catch (error) {
    deps.logger.warn('a record could not be read before the cordon', { error: describeError(error) });
    return false;
  }
};

/** What is to be done at once, before anything is written down. */
export const cordonNode = async (deps: IntakeDeps, batch: NodeBatch): Promise<CordonOutcome | undefined> => {
  const { cause, wanted } = standingOfBatch(batch, deps.clock.now());
  if (cause === undefined || batch.mode !== 'act') return undefined;
  if (await isKnown(deps, batch)) return { kind: 'known' };
  const { api, node, call } = batch;
  const options = cordonOptions(settingsFor(deps.section, api.cluster), taintOf(cause), wanted);
  const withinMs = call.deadline.remainingMs() - KEPT_MS.cordon;
  try {
    const result = await inTime(deps.clock, withinMs, (over) =>
      cordon(untilAborted(api, over), node, options),
    );
    if (result.kind === 'gone') return { kind: 'gone' };
    const already = result.kind === 'already-cordoned';
    return { kind: 'cordoned', cause, at: deps.clock.now(), node: result.node, already };
  } catch (error) {
    return { kind: 'failed', error };
  }
};
