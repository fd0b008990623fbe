import type { V1Node } from '@kubernetes/client-node';
import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { isForbidden } from '../../shared/kubernetes/errors.ts';
import { findNodes } from '../../shared/kubernetes/nodes.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import { announceAll } from './announce-intake.ts';
import { judgeMissingNode } from './decide/decide.ts';
import { lullUntil } from './decide/lull.ts';
import { inTime, KEPT_MS } from './in-time.ts';
import type { Arrival, IntakeDeps } from './intake.ts';
import type { TakenIn } from './intake-node.ts';
import { takeInNode } from './intake-node.ts';
import { noteStates } from './note-states.ts';
import { lookAgain, startWorker } from './start-worker.ts';

export interface ClusterBatch {
  readonly cluster: string;
  readonly arrivals: readonly Arrival[];
  readonly call: Call;
}

const idsOf = (arrivals: readonly Arrival[]): readonly string[] => arrivals.map(({ messageId }) => messageId);

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
    return await inTime(deps.clock, call.deadline.remainingMs() - KEPT_MS.nodes, find());
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

/** Nodes register within two minutes or so of the launch. */
const REGISTERS_WITHIN_MS = 150_000;

const isActedOn = ({ intent }: Arrival): boolean =>
  intent.kind === 'notice' && intent.recorded.want !== 'record' && !intent.isLate;

const mayRegister = (arrival: Arrival, now: number): boolean =>
  isActedOn(arrival) &&
  judgeMissingNode(arrival.instance.state) === 'wait' &&
  now < arrival.notice.time + REGISTERS_WITHIN_MS;

/** Instances without a node: over, or delivered again later, for the node may not have registered yet. */
const sayMissing = (
  { clock }: Pick<IntakeDeps, 'clock'>,
  arrivals: readonly Arrival[],
  { call, mode }: { call: Call; mode: Mode },
): readonly string[] =>
  arrivals.flatMap((arrival) => {
    const { messageId, notice, instance, intent } = arrival;
    const wait = mayRegister(arrival, clock.now());
    call.recorder.record(
      {
        cluster: intent.cluster,
        target: `instance/${instance.id}`,
        action: 'none',
        reason: wait
          ? 'node-not-registered'
          : intent.kind === 'notice' && intent.isLate
            ? 'late-event'
            : 'no-node',
        detail: { event: notice.kind, eventId: notice.id, state: instance.state },
      },
      mode,
    );
    return wait ? [messageId] : [];
  });

/** No node has come: Auto Scaling is not to wait for a drain that nobody begins. Answers the messages to be delivered again. */
const letGoOfMissing = async (
  deps: IntakeDeps,
  arrivals: readonly Arrival[],
  { cluster, call, mode }: { cluster: string; call: Call; mode: Mode },
): Promise<readonly string[]> => {
  const over = arrivals.filter((each) => isActedOn(each) && !mayRegister(each, deps.clock.now()));
  const letGo = over.flatMap(({ instance, intent }) => {
    const { lifecycle, want } = intent.recorded;
    return lifecycle === undefined || want !== 'drain' ? [] : [{ instanceId: instance.id, ...lifecycle }];
  });
  if (mode !== 'act' || letGo.length === 0) return [];
  try {
    await startWorker(deps, { cluster, nodes: [], letGo, checkLater: false });
    return [];
  } catch (error) {
    const detail = { instances: letGo.map(({ instanceId }) => instanceId), error: describeError(error) };
    const target = `cluster/${cluster}`;
    call.recorder.record({ cluster, target, action: 'none', reason: 'worker-not-started', detail }, mode);
    return idsOf(over);
  }
};

interface Sorted {
  readonly api: KubernetesApi;
  readonly groups: readonly { readonly node: V1Node; readonly arrivals: readonly Arrival[] }[];
  readonly missing: readonly Arrival[];
}

const byNode = ({ api, nodes }: Located, arrivals: readonly Arrival[]): Sorted => ({
  api,
  missing: arrivals.filter(({ instance }) => !nodes.has(instance.id)),
  groups: [...Map.groupBy(arrivals, ({ instance }) => instance.id)].flatMap(([instanceId, ofNode]) => {
    const node = nodes.get(instanceId);
    return node === undefined ? [] : [{ node, arrivals: ofNode }];
  }),
});

/**
 * The notices of one cluster: every node is recorded and cordoned at the same time over one connection, then
 * one drain worker is started for all that are to be drained now. Answers the messages to be delivered again.
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
  const states = batch.arrivals.filter(({ intent }) => intent.kind === 'state');
  const arrivals = batch.arrivals.filter(({ intent }) => intent.kind !== 'state');
  const noting = noteStates(deps, { cluster, arrivals: states, call, mode });
  if (arrivals.length === 0) return noting;
  const located = await locate(deps, { cluster, arrivals, call }, mode);
  if (located === undefined) return [...(await noting), ...idsOf(arrivals)];

  const { api, groups, missing } = byNode(located, arrivals);
  const taken = await Promise.all(groups.map((group) => takeInNode(deps, { ...group, api, call, mode })));
  const failed = await seeToTaken(deps, { api, taken, mode, call });
  return [
    ...(await noting),
    ...sayMissing(deps, missing, { call, mode }),
    ...(await letGoOfMissing(deps, missing, { cluster, call, mode })),
    ...taken.flatMap(({ failedIds }) => failedIds),
    ...failed,
  ];
};

/** One worker for all nodes that need one, and the next looks; what could not be started or sent comes again. */
const seeToTaken = async (
  deps: IntakeDeps,
  { api, taken, mode, call }: { api: KubernetesApi; taken: readonly TakenIn[]; mode: Mode; call: Call },
): Promise<readonly string[]> => {
  const { cluster } = api;
  const followed = taken.flatMap((each) => (each.followed === undefined ? [] : [each.followed]));
  const starting = followed.filter(({ start }) => start !== undefined);
  const nodes = starting.flatMap(({ start }) => start ?? []);
  const notBefore = lullUntil(
    starting.map(({ record }) => record),
    deps.clock.now(),
  );
  // What a worker is started for in act is looked at soon anyhow.
  const looked = followed.filter(({ start }) => start === undefined || mode !== 'act');
  const isStarted = (each: TakenIn) => each.followed?.start !== undefined;
  const results = await Promise.allSettled([
    nodes.length === 0
      ? Promise.resolve()
      : startWorker(deps, {
          cluster,
          nodes,
          ...(notBefore === undefined ? {} : { notBefore }),
          checkLater: mode === 'act',
        }),
    lookAgain(deps, cluster, looked),
  ]);
  const [started, sent] = results;
  const failed: string[] = [];
  if (started?.status === 'rejected') {
    const instances = nodes.map(({ instanceId }) => instanceId);
    const detail = { instances, error: describeError(started.reason) };
    const target = `cluster/${cluster}`;
    call.recorder.record({ cluster, target, action: 'none', reason: 'worker-not-started', detail }, mode);
    call.recorder.fail(started.reason);
    failed.push(...taken.filter(isStarted).flatMap(({ messageIds }) => messageIds));
  }
  if (sent?.status === 'rejected') {
    const detail = { error: describeError(sent.reason) };
    const target = `cluster/${cluster}`;
    call.recorder.record({ cluster, target, action: 'none', reason: 'look-not-sent', detail }, mode);
    call.recorder.fail(sent.reason);
    failed.push(...taken.filter((each) => !isStarted(each)).flatMap(({ messageIds }) => messageIds));
  }
  await announceAll(deps, { cluster, followed, call, api: async () => api });
  return failed;
};
