import type { Body, Metadata } from '../port.ts';
import type { World } from '../world.ts';
import type { Case } from './case.ts';
import { inGroup, one } from './case.ts';

export interface RunningPod {
  readonly metadata: Metadata & { readonly ownerReferences?: readonly { readonly kind: string }[] };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
  };
}

/** The cluster's nodes are everybody's: a case's pods go to its own. */
export const addNodes = async (world: World, ...names: readonly string[]): Promise<readonly string[]> => {
  const full = names.map((name) => `${world.namespace}-${name}`);
  for (const name of full) await world.side.addNode(name, { of: world.namespace });
  return full;
};

/** A node's name without the case's. */
const short = (world: World, node: string | undefined): string =>
  (node ?? 'nowhere').replace(`${world.namespace}-`, '');

export const workload = (world: World, kind: string, name: string, spec: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: {
    ...(kind === 'DaemonSet' ? {} : { replicas: 2 }),
    ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
    selector: { matchLabels: { app: name } },
    template: template(world, name),
    ...spec,
  },
});

const template = (world: World, name: string, image = 'registry.example/web:1') => ({
  metadata: { labels: { app: name } },
  spec: { nodeSelector: { of: world.namespace }, containers: [{ name: 'main', image }] },
});

export const podsOf = async (world: World, app = 'web'): Promise<readonly RunningPod[]> => {
  const { items = [] } = (await world.get(`${world.pods}?labelSelector=app%3D${app}`)).body;
  return items as readonly RunningPod[];
};

export const isReady = ({ status, metadata }: RunningPod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

const isActive = ({ status, metadata }: RunningPod): boolean =>
  metadata.deletionTimestamp === undefined && status.phase !== 'Failed';

/** When exactly so many pods of the app are there, all of them Ready but those that are Failed. */
export const ready = (world: World, count: number, app = 'web'): Promise<readonly RunningPod[]> =>
  world.until(`${count} pods of ${app} are Ready`, async () => {
    const pods = await podsOf(world, app);
    const running = pods.filter(({ status }) => status.phase !== 'Failed');
    return running.length === count && running.every(isReady) ? pods : undefined;
  });

const named = (pods: readonly RunningPod[]) => pods.map(({ metadata }) => metadata.name);
const uids = (pods: readonly RunningPod[]) => pods.map(({ metadata }) => metadata.uid);

/** Its status without what is written about it in prose, when its controller has seen everything that it asks for. */
const statusOf = (world: World, plural: string, name: string, isDone: (status: Status) => boolean) =>
  world.until(`${plural}/${name} says what it has`, async () => {
    const { status, metadata } = (await world.get(`${world.in(plural)}/${name}`)).body as Body & {
      status: Status;
    };
    if (status.observedGeneration !== metadata?.generation || !isDone(status)) return undefined;
    const conditions = status.conditions?.map(({ type, status: is, reason }) => ({
      type,
      status: is,
      reason,
    }));
    // Names that hold the hash of something.
    const { currentRevision: _c, updateRevision: _u, collisionCount: _n, ...rest } = status;
    return { terminatingReplicas: undefined, ...rest, ...(conditions === undefined ? {} : { conditions }) };
  });

interface Status extends Readonly<Record<string, unknown>> {
  readonly observedGeneration?: number;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
  }[];
}

const create = async (world: World, kind: string, spec?: object): Promise<void> => {
  const plural = `${kind.toLowerCase()}s`;
  await world.do('POST', world.in(plural), { body: workload(world, kind, 'web', spec) });
};

const fail = (world: World, pod: RunningPod | undefined) =>
  world.patch(`${world.pods}/${pod?.metadata.name}/status`, {
    status: { phase: 'Failed', reason: 'Terminated', conditions: [{ type: 'Ready', status: 'False' }] },
  });

const cordon = (world: World, node: string | undefined, unschedulable: boolean | null = true) =>
  world.patch(`/api/v1/nodes/${node}`, { spec: { unschedulable } });

const backUnderAnotherName = async (world: World) => {
  const [first] = await ready(world, 2);
  await world.do('DELETE', `${world.pods}/${first?.metadata.name}`);
  const after = await ready(world, 2);
  return { pods: after.length, sameNameAgain: named(after).includes(first?.metadata.name ?? '') };
};

export const controllerCases: readonly Case[] = inGroup('controllers', [
  // First, for it takes longest: the real controller waits five seconds before it begins.
  one('a namespace that is deleted takes everything along', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'Deployment');
    await ready(world, 2);
    await world.do('DELETE', `/api/v1/namespaces/${world.namespace}`);
    return world.until(
      'it is gone',
      async () => {
        const { status } = await world.get(`/api/v1/namespaces/${world.namespace}`);
        return status === 404 ? { namespace: status, pods: (await podsOf(world)).length } : undefined;
      },
      60,
    );
  }),
  one(
    'a deployment runs its pods, and says so',
    async (world) => {
      await addNodes(world, 'n1');
      await create(world, 'Deployment');
      const pods = await ready(world, 2);
      return {
        status: await statusOf(
          world,
          'deployments',
          'web',
          ({ availableReplicas }) => availableReplicas === 2,
        ),
        owners: pods.map(({ metadata }) => metadata.ownerReferences?.map(({ kind }) => kind)),
        labels: pods.map(({ metadata }) => Object.keys(metadata.labels ?? {})),
      };
    },
    {
      known: {
        parts: ['status.terminatingReplicas'],
        why: 'from 1.35 on alone (KEP-3973, feature DeploymentReplicaSetTerminatingReplicas); the embedded API is the same for every minor, and nobody reads it',
      },
    },
  ),
  one('a replica set brings a deleted pod back under another name', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'ReplicaSet');
    return backUnderAnotherName(world);
  }),
  one('a stateful set brings a deleted pod back under its name', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'StatefulSet');
    const before = await ready(world, 2);
    await world.do('DELETE', `${world.pods}/web-0`);
    const after = await world.until('another web-0 is Ready', async () => {
      const pods = await podsOf(world);
      const isAnother =
        pods.length === 2 && pods.every(isReady) && !uids(before).includes(uids(pods)[0] ?? '');
      return isAnother ? pods : undefined;
    });
    return { names: named(after), others: uids(after).map((uid) => !uids(before).includes(uid)) };
  }),
  one('a stateful set tells how many it has', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'StatefulSet');
    return statusOf(world, 'statefulsets', 'web', ({ availableReplicas }) => availableReplicas === 2);
  }),
  one('a daemon set runs on every node, cordoned or not, and on new ones', async (world) => {
    const [first] = await addNodes(world, 'n1', 'n2');
    await cordon(world, first);
    await create(world, 'DaemonSet');
    await ready(world, 2);
    await addNodes(world, 'n3');
    const pods = await ready(world, 3);
    return {
      nodes: pods.map(({ spec }) => short(world, spec.nodeName)).sort(),
      status: await statusOf(world, 'daemonsets', 'web', ({ numberReady }) => numberReady === 3),
    };
  }),
  one('a daemon set’s pod tolerates what nodes that go are tainted with', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'DaemonSet');
    const [pod] = await ready(world, 1);
    const { tolerations } = { tolerations: [], ...pod?.spec };
    return { tolerations };
  }),
  one('a deleted pod of a daemon set comes back on its node', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'DaemonSet');
    const [before] = await ready(world, 1);
    await world.do('DELETE', `${world.pods}/${before?.metadata.name}`);
    const [after] = await world.until('another is Ready', async () => {
      const pods = await podsOf(world);
      return pods.length === 1 && pods.every(isReady) && uids(pods)[0] !== before?.metadata.uid
        ? pods
        : undefined;
    });
    return { node: short(world, after?.spec.nodeName) };
  }),
  one('a Failed pod of a replica set stays, and another takes its place', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'ReplicaSet');
    const [first] = await ready(world, 2);
    await fail(world, first);
    const after = await world.until('two others are Ready', async () => {
      const pods = await podsOf(world);
      return pods.filter(isReady).length === 2 ? pods : undefined;
    });
    return {
      active: after.filter(isActive).length,
      failedIsThere: named(after).includes(first?.metadata.name ?? ''),
    };
  }),
  ...['StatefulSet', 'DaemonSet'].map((kind) =>
    one(`a Failed pod of a ${kind} goes, and another comes`, async (world) => {
      await addNodes(world, 'n1');
      await create(world, kind, kind === 'StatefulSet' ? { replicas: 1 } : {});
      const [first] = await ready(world, 1);
      await fail(world, first);
      const after = await world.until('another is Ready', async () => {
        const pods = await podsOf(world);
        return pods.length === 1 && pods.every(isReady) && uids(pods)[0] !== first?.metadata.uid
          ? pods
          : undefined;
      });
      return { pods: after.length };
    }),
  ),
  one('evicted pods of a cordoned node come up on another', async (world) => {
    const [first] = await addNodes(world, 'n1');
    await create(world, 'Deployment');
    const before = await ready(world, 2);
    await addNodes(world, 'n2');
    await cordon(world, first);
    const answers = await Promise.all(before.map(({ metadata }) => world.evict(metadata.name)));
    const after = await world.until('both are Ready elsewhere', async () => {
      const pods = await podsOf(world);
      const moved =
        pods.length === 2 && pods.every(isReady) && !uids(pods).some((uid) => uids(before).includes(uid));
      return moved ? pods : undefined;
    });
    return {
      answers: answers.map(({ status }) => status),
      nodes: after.map(({ spec }) => short(world, spec.nodeName)),
    };
  }),
  one('a pod that fits nowhere is Pending and says why, until its node is uncordoned', async (world) => {
    const [first] = await addNodes(world, 'n1');
    await cordon(world, first);
    await create(world, 'ReplicaSet', { replicas: 1 });
    const reason = await world.until('the scheduler has looked at it', async () => {
      const [pod] = await podsOf(world);
      const { conditions = [] } = { ...pod?.status };
      const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
      return scheduled === undefined
        ? undefined
        : { phase: pod?.status.phase, is: scheduled.status, reason: scheduled.reason };
    });
    await cordon(world, first, null);
    const [pod] = await ready(world, 1);
    return { before: reason, after: short(world, pod?.spec.nodeName) };
  }),
  one('a deployment scaled down keeps as many as it should', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'Deployment');
    await ready(world, 2);
    const scaledTo = async (replicas: number) => {
      await world.patch(`${world.in('deployments')}/web/scale`, { spec: { replicas } });
      await ready(world, replicas);
      // How many of them still stop is a matter of the moment.
      const { terminatingReplicas: _some, ...status } = await statusOf(
        world,
        'deployments',
        'web',
        (has) => (has.replicas ?? 0) === replicas,
      );
      return status;
    };
    return { one: await scaledTo(1), none: await scaledTo(0) };
  }),
  one('a deployment with another image replaces its pods', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'Deployment');
    await ready(world, 2);
    const spec = { template: template(world, 'web', 'registry.example/web:2') };
    await world.patch(`${world.in('deployments')}/web`, { spec });
    const pods = await world.until('all pods are new', async () => {
      const all = await podsOf(world);
      const isNew = all.every(
        ({ spec: { containers } }) => containers[0]?.image === 'registry.example/web:2',
      );
      return all.length === 2 && isNew && all.every(isReady) ? all : undefined;
    });
    const { items = [] } = (await world.get(world.in('replicasets'))).body;
    const sizes = (items as readonly { spec?: { replicas?: number } }[]).map(({ spec: of }) => of?.replicas);
    return { pods: pods.length, replicaSets: sizes.sort() };
  }),
  one('a deployment that is deleted takes its pods along', async (world) => {
    await addNodes(world, 'n1');
    await create(world, 'Deployment');
    await ready(world, 2);
    await world.do('DELETE', `${world.in('deployments')}/web`);
    await ready(world, 0);
    const { items = [] } = (await world.get(world.in('replicasets'))).body;
    return { replicaSets: items.length };
  }),
]);
