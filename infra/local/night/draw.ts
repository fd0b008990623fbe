import { DateTime } from 'luxon';
import type { ClusterSpec, FailedPodSpec, FindingSpec, RepositorySpec, WorldSpec } from '../world/spec.ts';
import type { Workloads } from './draw-parts.ts';
import {
  addonsFor,
  blocked,
  drawRepositories,
  drawWorkload,
  failedPods,
  groupOf,
  namesFrom,
  PACKAGES,
  SERVICES,
} from './draw-parts.ts';
import type { Random } from './random.ts';
import { createRandom } from './random.ts';

/** The instants of the night's scenes (epoch ms); local times in the drawn zone, always the same ones. */
export interface NightTimes {
  readonly baseline: number;
  readonly evening: number;
  readonly rescan: number;
  readonly interruptions: number;
  readonly cleanup: number;
  readonly wake: number;
  readonly upgrade: number;
}

/** One night: the world it happens in and what will happen in it. Nothing here says what must come out. */
export interface Night {
  readonly seed: number;
  readonly spec: WorldSpec;
  readonly timeZone: string;
  readonly times: NightTimes;
  /** caretaker.yaml of the people who own this world. */
  readonly configText: string;
  /** Test cluster whose groups sleep, with the schedule each group opted in to (by name or by tag). */
  readonly sleepCluster: string;
  /** Names of the groups that opted in, by the configuration or by their tag. */
  readonly optedIn: readonly string[];
  /** A group whose sleep a budget holds up, and that budget's name. */
  readonly heldAsleep: { readonly nodeGroup: string; readonly budget: string };
  /** Cluster with spot nodes: interrupted and cleaned. */
  readonly spotCluster: string;
  readonly spotGroup: string;
  /** How many nodes are interrupted. The one that runs the held pod is among them. */
  readonly interruptedNodes: number;
  /** The order in which they go: places among the group's nodes in the order of their names. */
  readonly order: readonly number[];
  /** The workload whose budget never lets a pod go. */
  readonly heldOnSpot: { readonly namespace: string; readonly workload: string; readonly budget: string };
  readonly newFinding: { readonly repository: string; readonly digest: string; readonly name: string };
  /** Pods left behind shortly before the clean-up. */
  readonly lateFailures: readonly FailedPodSpec[];
  /** Cluster that is upgraded in the morning, once somebody said yes. */
  readonly upgradeCluster: string;
  readonly upgradeTo: string;
}

const REGISTRY_ACCOUNT_DIGITS = 12;
const START_VERSION = '1.34';
const STARTED_BEFORE_EVENING_HOURS = 27;

const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Asia/Tokyo',
  'Europe/London',
  'Australia/Sydney',
] as const;
const REGIONS = ['eu-central-1', 'us-east-1', 'ap-northeast-1', 'eu-west-2', 'ap-southeast-2'] as const;
const CITIES = [
  'oslo',
  'lima',
  'riga',
  'kyoto',
  'turin',
  'quito',
  'malmo',
  'porto',
  'perth',
  'bergen',
] as const;
const GROUPS = ['web', 'batch', 'tools', 'build', 'data', 'edge', 'jobs', 'lab'] as const;

const drawTimes = (random: Random, zone: string): NightTimes => {
  const day = DateTime.fromObject({ year: 2026, month: 11, day: 30, hour: 22 }, { zone }).plus({
    days: random.pick([0, 1, 2, 3, 7, 8, 9, 10]), // Monday to Thursday
  });
  const at = (daysLater: number, hour: number, minute: number) =>
    day.plus({ days: daysLater }).set({ hour, minute }).toMillis();
  return {
    baseline: at(-1, 20, 0),
    evening: at(0, 22, 0),
    rescan: at(1, 1, 0),
    interruptions: at(1, 3, 12),
    cleanup: at(1, 3, 30),
    wake: at(1, 7, 0),
    upgrade: at(1, 10, 0),
  };
};

const yaml = (night: {
  zone: string;
  sleep: string;
  spot: string;
  upgraded: string;
  byName: readonly string[];
  leadMinutes: number;
  repositories: readonly RepositorySpec[];
}): string => `version: 1
mode: act
clusters:
  - name: ${night.sleep}
  - name: ${night.spot}
  - name: ${night.upgraded}
nodeGroupSchedule:
  schedules:
    office: { timeZone: ${night.zone}, awake: ["Mon-Fri 07:00-22:00"] }
  groups:
${night.byName
  .map(
    (name) =>
      `    - { cluster: ${night.sleep}, nodeGroup: ${name}, schedule: office, leadMinutes: ${night.leadMinutes} }`,
  )
  .join('\n')}
ecrRescan: { repositories: ["${night.repositories[0]?.name.split('/')[0] ?? 'none'}/*"], minimumSeverity: HIGH }
spotDrain: { deadlineMarginSeconds: 10 }
clusterUpgrade: { approvalTimeoutHours: 24 }
podCleanup: { minimumAgeMinutes: 10 }
`;

/** Draws a night from a seed: names, numbers of groups, pods and budgets, which nodes go, which CVE appears. */
export const drawNight = (seed: number): Night => {
  const random = createRandom(seed);
  const place = random.between(0, ZONES.length - 1);
  const [timeZone, region] = [ZONES[place] ?? ZONES[0], REGIONS[place] ?? REGIONS[0]];
  const times = drawTimes(random, timeZone);
  const startAt = times.evening - STARTED_BEFORE_EVENING_HOURS * 3_600_000;
  const city = namesFrom(random, CITIES);
  const [sleepCluster, spotCluster, upgradeCluster] = [`test-${city()}`, `prod-${city()}`, `stage-${city()}`];
  const repositories = drawRepositories(random, startAt - random.between(40, 90) * 86_400_000);
  const nextName = namesFrom(
    random,
    SERVICES.map((name) => `${name}-svc`),
  );
  const workloads: Workloads = { random, repositories, nextName };
  const zones = ['a', 'b', 'c'].map((letter) => `${region}${letter}`);

  const groupName = namesFrom(random, GROUPS);
  const byName = Array.from({ length: random.between(1, 2) }, () => groupOf(random, groupName()));
  const byTag = Array.from({ length: random.between(1, 2) }, () =>
    groupOf(random, groupName(), { tags: { 'eks-caretaker/schedule': 'office' } }),
  );
  const untouched = groupOf(random, groupName());
  const stubborn = byName[0] ?? untouched;
  const sleepWorkloads = [...byName, ...byTag, untouched].map((group) =>
    drawWorkload(workloads, group.labels),
  );
  const heldAsleep = drawWorkload(workloads, stubborn.labels, blocked(random, nextName()));

  const interruptedNodes = 3;
  const spotDesired = interruptedNodes + random.between(1, 3);
  const spotGroup = groupOf(random, `spot-${groupName()}`, {
    spot: true,
    desired: spotDesired,
    min: 1,
    max: spotDesired + interruptedNodes,
  });
  const steady = groupOf(random, groupName());
  const heldName = nextName();
  const heldOnSpot = drawWorkload(workloads, spotGroup.labels, {
    name: heldName,
    replicas: 1,
    graceSeconds: 20,
    budget: { name: `${heldName}-pdb`, minAvailable: 1 },
  });
  const spotWorkloads = [
    ...Array.from({ length: random.between(2, 4) }, () => drawWorkload(workloads, spotGroup.labels)),
    drawWorkload(workloads, steady.labels),
    heldOnSpot,
  ];

  const rolledGroups = Array.from({ length: random.between(1, 2) }, () => groupOf(random, groupName()));
  const rolledWorkloads = rolledGroups.map((group) => {
    const name = nextName();
    return drawWorkload(workloads, group.labels, {
      name,
      budget: { name: `${name}-pdb`, maxUnavailable: 1 },
    });
  });

  const running = repositories.filter(({ name, images }) =>
    spotWorkloads.some(({ image }) => image === `${name}:${images[0]?.tags[0]}`),
  );
  const affected = running[random.between(0, running.length - 1)] ?? repositories[0];
  const cve: FindingSpec = {
    name: `CVE-2026-${random.between(50_000, 59_999)}`,
    severity: random.pick(['HIGH', 'CRITICAL']),
    packageName: random.pick(PACKAGES),
    packageVersion: `${random.between(1, 3)}.${random.between(0, 9)}.${random.between(0, 20)}`,
    knownFrom: times.rescan - random.between(10, 40) * 60_000,
  };
  const withCve = repositories.map((repository) =>
    repository === affected
      ? {
          ...repository,
          images: repository.images.map((image) => ({ ...image, findings: [...image.findings, cve] })),
        }
      : repository,
  );

  const cluster = (
    change: Pick<ClusterSpec, 'name' | 'nodeGroups' | 'workloads' | 'failedPods'>,
  ): ClusterSpec => ({
    version: START_VERSION,
    zones,
    freeAddressesPerSubnet: random.between(50, 200),
    selfManagedGroups: [],
    addons: addonsFor(START_VERSION),
    insights: [
      { name: 'Deprecated APIs removed in Kubernetes v1.35', status: 'PASSING', reason: 'None in use.' },
    ],
    ...change,
  });
  const owner = repositories[0]?.name ?? 'shop/cart';
  const leadMinutes = random.pick([15, 20, 25]);

  return {
    seed,
    timeZone,
    times,
    spec: {
      accountId: Array.from({ length: REGISTRY_ACCOUNT_DIGITS }, () => random.between(1, 9)).join(''),
      region,
      startAt,
      repositories: withCve,
      clusters: [
        cluster({
          name: sleepCluster,
          nodeGroups: [...byName, ...byTag, untouched],
          workloads: [...sleepWorkloads, heldAsleep],
          failedPods: [],
        }),
        cluster({
          name: spotCluster,
          nodeGroups: [spotGroup, steady],
          workloads: spotWorkloads,
          failedPods: failedPods(random, owner, 60),
        }),
        cluster({
          name: upgradeCluster,
          nodeGroups: rolledGroups,
          workloads: rolledWorkloads,
          failedPods: [],
        }),
      ],
    },
    configText: yaml({
      zone: timeZone,
      sleep: sleepCluster,
      spot: spotCluster,
      upgraded: upgradeCluster,
      byName: byName.map(({ name }) => name),
      leadMinutes,
      repositories,
    }),
    sleepCluster,
    optedIn: [...byName, ...byTag].map(({ name }) => name),
    heldAsleep: { nodeGroup: stubborn.name, budget: heldAsleep.budget?.name ?? '' },
    spotCluster,
    spotGroup: spotGroup.name,
    interruptedNodes,
    order: random.shuffle(Array.from({ length: spotDesired }, (_, place) => place)),
    heldOnSpot: {
      namespace: heldOnSpot.namespace,
      workload: heldOnSpot.name,
      budget: heldOnSpot.budget?.name ?? '',
    },
    newFinding: {
      repository: affected?.name ?? '',
      digest: affected?.images[0]?.digest ?? '',
      name: cve.name,
    },
    lateFailures: [...failedPods(random, owner, 2), ...failedPods(random, owner, random.between(15, 90))],
    upgradeCluster,
    upgradeTo: '1.35',
  };
};
