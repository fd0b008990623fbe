import { createFailedPods } from '../world/failed-pods.ts';
import type { NightFacts, NotificationFact } from './expectations.ts';
import { failedPodNames, groupFacts, workloadsRunning } from './facts.ts';
import { interruptions } from './interruptions.ts';
import type { Stage } from './stage.ts';
import { upgradeInTheMorning } from './upgrade.ts';

/**
 * The scenes of a night in order. Between scenes the clock jumps; within a scene an automation's tick comes as
 * often as its schedule says. Ticks of automations that have no part in a scene are left out.
 */

const MINUTE = 60_000;

const ticks = async (
  stage: Stage,
  entryId: string,
  times: { from: number; minutes: number; every: number },
) => {
  for (let minute = 0; minute <= times.minutes; minute += times.every) {
    await stage.tick(entryId, times.from + minute * MINUTE);
  }
};

const notificationsOf = (
  stage: Stage,
  automation: string,
  span: { from: number; to: number },
): NotificationFact[] =>
  stage.account.notifications
    .filter(({ attributes, at }) => attributes.automation === automation && at >= span.from && at < span.to)
    .map(({ subject, message, attributes }) => ({
      automation: attributes.automation ?? '',
      text: `${subject ?? ''}\n${message}`,
    }));

const baseline = async (stage: Stage) => {
  const { times } = stage.night;
  await stage.account.runUntil(times.baseline);
  stage.tell('the evening before: every image is scanned for the first time');
  await ticks(stage, 'ecr-rescan', { from: times.baseline, minutes: 10, every: 5 });
  await stage.account.runUntil(times.baseline + 15 * MINUTE);
};

const eveningAndSleep = async (stage: Stage) => {
  const { times, sleepCluster } = stage.night;
  const cluster = stage.account.world.cluster(sleepCluster);
  await stage.tick('node-group-schedule', times.evening - 5 * MINUTE);
  const before = groupFacts(stage.account.world, cluster);
  await stage.account.runUntil(times.evening);
  stage.tell(`22:00, people of ${sleepCluster} went home`);
  await ticks(stage, 'node-group-schedule', { from: times.evening, minutes: 45, every: 5 });
  return { beforeSleep: before, asleep: groupFacts(stage.account.world, cluster) };
};

const rescan = async (stage: Stage) => {
  const { times, newFinding } = stage.night;
  await stage.account.runUntil(times.rescan);
  stage.tell(`01:00, scanners know ${newFinding.name} since a while`);
  const affectedWorkloads = workloadsRunning(stage.account.world, newFinding.digest);
  await ticks(stage, 'ecr-rescan', { from: times.rescan, minutes: 15, every: 5 });
  await stage.account.runUntil(times.rescan + 20 * MINUTE);
  const team = newFinding.repository.split('/')[0] ?? '';
  const images = stage.account.world.registry
    .repositories()
    .filter(({ name }) => name.startsWith(`${team}/`))
    .flatMap((repository) => [...repository.images.values()]);
  return {
    affectedWorkloads,
    scans: {
      scanned: images.filter(({ scan }) => (scan?.completedAt ?? 0) >= times.rescan).length,
      all: images.length,
    },
    baselineNotifications: notificationsOf(stage, 'ecr-rescan', { from: 0, to: times.rescan }),
    rescanNotifications: notificationsOf(stage, 'ecr-rescan', {
      from: times.rescan,
      to: Number.POSITIVE_INFINITY,
    }),
  };
};

const cleanup = async (stage: Stage) => {
  const { times, spotCluster, lateFailures } = stage.night;
  const cluster = stage.account.world.cluster(spotCluster);
  await stage.account.runUntil(times.cleanup);
  createFailedPods(cluster.kubernetes.objects, lateFailures, times.cleanup);
  const failedBefore = failedPodNames(cluster);
  stage.tell(`${failedBefore.length} Failed pods lie around in ${spotCluster}`);
  await stage.tick('pod-cleanup', times.cleanup);
  await stage.account.settle();
  return { failedBefore, failedAfter: failedPodNames(cluster) };
};

const wake = async (stage: Stage) => {
  const { times, sleepCluster } = stage.night;
  await stage.account.runUntil(times.wake - 30 * MINUTE);
  stage.tell(`the morning: people of ${sleepCluster} start at 07:00`);
  await ticks(stage, 'node-group-schedule', { from: times.wake - 30 * MINUTE, minutes: 30, every: 5 });
  const awake = groupFacts(stage.account.world, stage.account.world.cluster(sleepCluster));
  await stage.tick('node-group-schedule', times.wake + 5 * MINUTE);
  return { awake };
};

/** Plays the whole night and answers what was seen. */
export const playNight = async (stage: Stage): Promise<NightFacts> => {
  await baseline(stage);
  const sleep = await eveningAndSleep(stage);
  const scans = await rescan(stage);
  const interrupted = await interruptions(stage);
  const failed = await cleanup(stage);
  const morning = await wake(stage);
  const upgrade = await upgradeInTheMorning(stage);
  return {
    ...sleep,
    ...scans,
    interruptions: interrupted,
    ...failed,
    ...morning,
    upgrade,
    verdicts: stage.verdicts,
  };
};
