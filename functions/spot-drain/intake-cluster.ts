import type { V1Node } from '@kubernetes/client-node';
import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { isForbidden } from '../../shared/kubernetes/errors.ts';
import { findNodes } from '../../shared/kubernetes/nodes.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import { announceCordon } from './announce.ts';
import { closeDeparted } from './close.ts';
import { judgeMissingNode } from './decide/decide.ts';
import { inTime } from './in-time.ts';
import type { Arrival, IntakeDeps } from './intake.ts';
import type { TakenIn } from './intake-node.ts';
import { takeInNode } from './intake-node.ts';
import { startWorker } from './start-worker.ts';

export interface ClusterBatch {
  readonly cluster: string;
  readonly arrivals: readonly Arrival[];
  readonly call: Call;
}

const idsOf = (arrivals: readonly Arrival[]): readonly string[] => arrivals.map(({ messageId }) => messageId);

/** Kept for what comes after the nodes are found, and for the answers to SQS. */
const RESERVE_MS = 4_000;

interface Located {
  readonly nodes: ReadonlyMap<string, V1Node>;
  readonly api: KubernetesApi;
}

/** The nodes of the batch; undefined, with a verdict, where the cluster does not answer. */
const locate = async (
  deps: IntakeDeps,
  { cluster, arrivals, call }: ClusterBatch,
  mode: Mode,
): Promise<Located | undefined> => {
  const find = async (): Promise<Located> => {
    const api = await deps.clusters.connect(cluster);
    const wanted = new Map(
      arrivals.map(({ instance: { id, privateDnsName } }) => [
        id,
        { instanceId: id, ...(privateDnsName === '' ? {} : { name: privateDnsName }) },
      ]),
    );
    return { api, nodes: await findNodes(api, [...wanted.values()]) };
  };
  try {
    return await inTime(deps.clock, call.deadline.remainingMs() - RESERVE_MS, find());
  } catch (error) {
    const missing = isForbidden(error);
    call.recorder.record(
      {
        cluster,
        target: `cluster/${cluster}`,
        action: 'none',
        reason: missing ? 'missing-right' : 'cluster-unreachable',
        detail: {
          ...(missing ? { verb: 'get, list', resource: 'nodes' } : {}),
          instances: arrivals.map(({ instance }) => instance.id),
          error: describeError(error),
        },
      },
      mode,
    );
    call.recorder.fail(error);
    return undefined;
  }
};

/** Instances without a node: over, or delivered again later, for the node may not have registered yet. */
const sayMissing = (arrivals: readonly Arrival[], call: Call, mode: Mode): readonly string[] =>
  arrivals.flatMap(({ messageId, notice, instance, intent }) => {
    const wait = intent.kind === 'drain' && judgeMissingNode(instance.state) === 'wait';
    call.recorder.record(
      {
        cluster: intent.cluster,
        target: `instance/${instance.id}`,
        action: 'none',
        reason: wait ? 'node-not-registered' : 'no-node',
        detail: { event: notice.kind, eventId: notice.id, state: instance.state },
      },
      mode,
    );
    return wait ? [messageId] : [];
  });

/**
 * The notices of one cluster: every node is recorded and cordoned at the same time over one connection, then
 * one drain worker is started for all of them. Answers the messages to be delivered again.
 */
export const takeInCluster = async (deps: IntakeDeps, batch: ClusterBatch): Promise<readonly string[]> => {
  const { cluster, call } = batch;
  const mode = await deps.readMode(cluster);
  if (mode === 'off') {
    for (const { instance, notice } of batch.arrivals) {
      const detail = { event: notice.kind, eventId: notice.id };
      const target = `instance/${instance.id}`;
      call.recorder.record({ cluster, target, action: 'none', reason: 'mode-off', detail }, mode);
    }
    return [];
  }
  const leaving = batch.arrivals.filter(({ intent }) => intent.kind === 'close');
  const arrivals = batch.arrivals.filter(({ intent }) => intent.kind !== 'close');
  const closing = closeDeparted(deps, { cluster, arrivals: leaving, call, mode });
  if (arrivals.length === 0) return closing;
  const located = await locate(deps, { cluster, arrivals, call }, mode);
  if (located === undefined) return [...(await closing), ...idsOf(arrivals)];

  const { api, nodes } = located;
  const known = arrivals.filter(({ instance }) => nodes.has(instance.id));
  const missing = arrivals.filter(({ instance }) => !nodes.has(instance.id));
  const byNode = [...Map.groupBy(known, ({ instance }) => instance.id)].flatMap(([instanceId, ofNode]) => {
    const node = nodes.get(instanceId);
    return node === undefined ? [] : [{ node, arrivals: ofNode }];
  });
  const taken = await Promise.all(byNode.map((group) => takeInNode(deps, { ...group, api, call, mode })));
  const started = await startTaken(deps, { cluster, taken, mode, call });
  await announceCordons(deps, api, taken);
  return [
    ...(await closing),
    ...sayMissing(missing, call, mode),
    ...taken.flatMap(({ failedIds }) => failedIds),
    ...started,
  ];
};

/** One worker for all nodes that need one; where it could not be started, their messages come again. */
const startTaken = async (
  deps: IntakeDeps,
  { cluster, taken, mode, call }: { cluster: string; taken: readonly TakenIn[]; mode: Mode; call: Call },
): Promise<readonly string[]> => {
  const toDrain = taken.flatMap(({ start }) => (start === undefined ? [] : [start]));
  if (toDrain.length === 0) return [];
  try {
    await startWorker(deps, { cluster, nodes: toDrain, checkLater: mode === 'act' });
    return [];
  } catch (error) {
    call.recorder.record(
      {
        cluster,
        target: `cluster/${cluster}`,
        action: 'none',
        reason: 'worker-not-started',
        detail: { instances: toDrain.map(({ instanceId }) => instanceId), error: describeError(error) },
      },
      mode,
    );
    call.recorder.fail(error);
    return taken.flatMap(({ start, messageIds }) => (start === undefined ? [] : messageIds));
  }
};

/** Events on the nodes come last: they must not hold up anything. */
const announceCordons = async (
  deps: IntakeDeps,
  api: KubernetesApi,
  taken: readonly TakenIn[],
): Promise<void> => {
  await Promise.all(
    taken.flatMap(({ cordoned }) =>
      cordoned === undefined
        ? []
        : [announceCordon(deps, api, { ...cordoned, component: 'eks-caretaker-spot-drain' })],
    ),
  );
};
