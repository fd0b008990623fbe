import type { Instance } from '../world/instances.ts';
import type { InterruptionFact } from './expectations.ts';
import type { PodFact, Watcher } from './facts.ts';
import { movablePods, watchCluster } from './facts.ts';
import type { Stage } from './stage.ts';

const NOTICE_MS = 120_000;
const BETWEEN_NOTICES_MS = 20_000;

interface Notice {
  readonly node: string;
  readonly noticeAt: number;
  readonly pods: readonly PodFact[];
}

const factOf = (notice: Notice, watcher: Watcher): InterruptionFact => ({
  ...notice,
  goneAt: notice.noticeAt + NOTICE_MS,
  cordonedAt: watcher.cordonedAt(notice.node),
  pods: notice.pods.map((pod) => ({
    ...pod,
    askedToGoAt: watcher.askedToGoAt(pod.uid),
    goneAt: watcher.goneAt(pod.uid),
  })),
});

/** 03:12: spot capacity is taken back, one node after another within a minute. */
export const interruptions = async (stage: Stage): Promise<InterruptionFact[]> => {
  const { account, night } = stage;
  const { world, clock } = account;
  const cluster = world.cluster(night.spotCluster);
  await account.runUntil(night.times.interruptions);
  const instances = world.instances
    .all()
    .filter(
      ({ clusterName, groupName, state }) =>
        clusterName === cluster.name &&
        state === 'running' &&
        world.autoScaling.get(groupName).nodeGroupName === night.spotGroup,
    )
    .sort((a, b) => (a.hostname < b.hostname ? -1 : 1));
  const inOrder = night.order.flatMap((place) => instances[place] ?? []);
  const runsHeld = ({ hostname }: Instance) =>
    movablePods(cluster, hostname).some(({ name }) => name.startsWith(`${night.heldOnSpot.workload}-`));
  const chosen = [...inOrder.filter(runsHeld), ...inOrder.filter((instance) => !runsHeld(instance))].slice(
    0,
    night.interruptedNodes,
  );
  const watcher = watchCluster(world, cluster);
  const notices: Notice[] = [];
  for (const instance of chosen) {
    const node = instance.hostname;
    notices.push({ node, noticeAt: clock.now(), pods: movablePods(cluster, node) });
    stage.tell(`EC2 takes ${node} of ${cluster.name} back in two minutes`);
    world.interrupt(instance.id);
    await account.runUntil(clock.now() + BETWEEN_NOTICES_MS);
  }
  await account.runUntil((notices.at(-1)?.noticeAt ?? clock.now()) + 10 * 60_000);
  watcher.stop();
  return notices.map((notice) => factOf(notice, watcher));
};
