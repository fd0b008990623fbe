import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeGroup } from '../../e2e/support/specs.ts';
import type { BenchRow } from '../rows.ts';
import { rowOfCount, rowOfPairs } from '../rows.ts';
import { createApp, evictAll, scale, setBudget, setOpen, untilReady, watchLeaving } from './pods.ts';
import type { Stage } from './stage.ts';
import { startStage } from './stage.ts';
import { until } from './until.ts';

const NODES = 100;
const APPS = 20;
const PODS = 2_000;
const PODS_AN_APP = PODS / APPS;
/** What is aimed at: seconds from the first warning on. */
const CORDONED_WITHIN = 2;
const EMPTY_WITHIN = 33;
/** Warnings come in tens, over nine tenths of a second. */
const BATCH = 10;
const BATCH_EVERY_MS = 100;

/** Whatever is on the nodes then stays there: the warnings' two minutes are over. */
const GIVE_UP_SECONDS = 240;
/** More requests at once do not empty the nodes sooner here. */
const AT_ONCE = 16;
/** Drains that kubectl does at once: at 100 its evictions run into the API server's time-out, and drains fail. */
const KUBECTLS = 10;

/** Seconds from the first warning on. */
interface Storm {
  readonly cordoned: number;
  /** What all processes of this machine worked until then, in seconds of one processor. */
  readonly busyUntilCordoned: number;
  readonly empty: number;
  /** Pods that were never moved. */
  readonly left: number;
}

const appNames = Array.from({ length: APPS }, (_, index) => `app-${index}`);

/** 20 pods of different apps on each node, as the scheduler spreads them, and the spare nodes open. */
const fill = async ({ controlPlane, instancesOf }: Stage): Promise<readonly string[]> => {
  const nodes = instancesOf('spot').map(({ hostname }) => hostname);
  const spare = instancesOf('home').map(({ hostname }) => hostname);
  for (const app of appNames) await scale(controlPlane, app, 0);
  await untilReady(controlPlane, 0);
  await setOpen(controlPlane, spare, false);
  await setOpen(controlPlane, nodes, true);
  for (const app of appNames) await scale(controlPlane, app, PODS_AN_APP);
  await untilReady(controlPlane, PODS, 300);
  await setOpen(controlPlane, spare, true);
  return nodes;
};

const countCordoned = async ({ controlPlane }: Stage): Promise<number> => {
  const { body } = await controlPlane.request(
    'GET',
    '/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue',
    { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' },
  );
  // Go writes an empty list as null.
  return (body as { items: readonly unknown[] | null }).items?.length ?? 0;
};

/** How long the processors of this machine have worked since its start, in seconds. */
const busySeconds = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + (user + nice + sys + irq) / 1000, 0);

type Emptying = Pick<Storm, 'empty' | 'left'>;

/** Runs a storm and says when the nodes were empty, and how many pods were left if they never were. */
const emptying = async (stage: Stage, begin: () => Promise<void>): Promise<Emptying> => {
  const nodes = await fill(stage);
  const leaving = await watchLeaving(stage.controlPlane, nodes);
  const giveUp = new AbortController();
  try {
    const startedAt = performance.now();
    const ended = begin();
    const endedAt = await Promise.race([
      leaving.allGone,
      sleep(GIVE_UP_SECONDS * 1000, undefined, { signal: giveUp.signal }).then(() => performance.now()),
    ]);
    await ended;
    return { empty: (endedAt - startedAt) / 1000, left: leaving.left() };
  } finally {
    giveUp.abort();
    leaving.stop();
  }
};

/** The same, and when all nodes were cordoned and what that took. */
const measure = async (stage: Stage, begin: () => Promise<void>): Promise<Storm> => {
  let cordoned = Number.NaN;
  let busyUntilCordoned = Number.NaN;
  const storm = await emptying(stage, async () => {
    const startedAt = performance.now();
    const busyBefore = busySeconds();
    const ended = begin();
    await until('all nodes are cordoned', async () => (await countCordoned(stage)) >= NODES, 600);
    cordoned = (performance.now() - startedAt) / 1000;
    busyUntilCordoned = busySeconds() - busyBefore;
    await ended;
  });
  return { ...storm, cordoned, busyUntilCordoned };
};

/** What the API server takes: the same evictions, with budgets that refuse none. */
const measureServer = async (stage: Stage): Promise<Emptying> => {
  const { controlPlane } = stage;
  for (const app of appNames) await setBudget(controlPlane, app, '100%');
  const nodes = stage.instancesOf('spot').map(({ hostname }) => hostname);
  return emptying(stage, async () => {
    await setOpen(controlPlane, nodes, false);
    await evictAll(controlPlane, nodes, AT_ONCE);
  });
};

const told = (whose: string, { empty, left }: Emptying): string =>
  `spot-drain: storm, ${whose}: ${left === 0 ? `empty ${empty.toFixed(1)} s` : `${left} pods are left after ${empty.toFixed(0)} s`}`;

const warnAll = async (stage: Stage): Promise<void> => {
  const instances = stage.instancesOf('spot');
  for (let from = 0; from < instances.length; from += BATCH) {
    stage.warn(instances.slice(from, from + BATCH));
    await sleep(BATCH_EVERY_MS);
  }
  await stage.idle();
};

const drainByKubectl = (stage: Stage, assets: string): Promise<void> => {
  const { controlPlane } = stage;
  const nodes = stage.instancesOf('spot').map(({ hostname }) => hostname);
  const drain = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=600s'];
  return new Promise((resolve, reject) => {
    const child = spawn(
      'xargs',
      [
        '-P',
        String(KUBECTLS),
        '-n',
        '1',
        `${assets}/kubectl`,
        `--kubeconfig=${controlPlane.kubeconfig}`,
        'drain',
        ...drain,
      ],
      { stdio: ['pipe', 'ignore', 'pipe'], timeout: 900_000, killSignal: 'SIGKILL' },
    );
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-1_000);
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`xargs of kubectl drain ended with ${code}: ${stderr}`)),
    );
    child.stdin.end(nodes.join('\n'));
  });
};

/** What we asked of the API server, by its own audit log. */
const requestRows = ({ audit, account }: Stage): readonly BenchRow[] => {
  const calls = audit.calls();
  const evictions = calls.filter(({ verb, resource }) => verb === 'create' && resource === 'pods/eviction');
  const codes = [...Map.groupBy(evictions, ({ code }) => code)].map(([code, of]) => `${of.length} x ${code}`);
  const deletes = calls.filter(({ verb, resource }) => verb === 'delete' && resource === 'pods').length;
  const lists = calls.filter(({ verb, resource }) => verb === 'list' && resource === 'pods');
  const workers = account.invocations.filter(({ entryId }) => entryId === 'spot-drain-worker').length;
  const rows: readonly [string, number, number, string][] = [
    [
      'storm-100-patches',
      calls.filter(({ verb, resource }) => verb === 'patch' && resource === 'nodes').length,
      NODES,
      'patches of nodes; limit: one a node',
    ],
    [
      'storm-100-evictions',
      evictions.length,
      PODS,
      `limit: one a pod; answers: ${codes.join(', ')}; ${deletes} deletes when the time left reached the grace of 30 s`,
    ],
    [
      'storm-100-lists',
      lists.length,
      NODES,
      `lists of pods by node, one a round; peer: nodes; ${workers} workers`,
    ],
  ];
  return rows.map(([measured, count, limit, note]) =>
    rowOfCount({ bench: 'spot-drain', measure: measured, unit: 'requests', note }, count, limit),
  );
};

/** 100 spot warnings within a second against `xargs -P` of kubectl drain. */
export const drainStorm = async (
  folder: string,
  progress: (text: string) => void,
): Promise<readonly BenchRow[]> => {
  const assets = process.env.KUBEBUILDER_ASSETS ?? '';
  const stage = await startStage({
    folder,
    isStorm: true,
    nodeGroups: [
      nodeGroup({ name: 'spot', instanceType: 'm6i.large', desired: NODES, max: NODES }),
      nodeGroup({ name: 'home', instanceType: 'm6i.4xlarge', desired: 10, max: 10, spot: false }),
    ],
  });
  try {
    for (const app of appNames) await createApp(stage.controlPlane, app, '50%');
    const ours = await measure(stage, () => warnAll(stage));
    progress(
      `${told('ours', ours)}, cordoned ${ours.cordoned.toFixed(1)} s, ${ours.busyUntilCordoned.toFixed(1)} processor seconds`,
    );
    const counts = requestRows(stage);
    const peer = await measure(stage, () => drainByKubectl(stage, assets));
    progress(`${told('kubectl', peer)}, cordoned ${peer.cordoned.toFixed(1)} s`);
    const server = await measureServer(stage);
    progress(told('the API server', server));
    const world =
      '100 nodes x 20 pods, 20 apps with budgets of 50 %, pods stop in 1 s, 100 warnings within a second';
    const left = ours.left === 0 ? '' : `; ${ours.left} pods are left at the end`;
    const row = { bench: 'spot-drain', unit: 's' };
    return [
      rowOfPairs(
        {
          ...row,
          measure: 'storm-100',
          note: `${world}; until all are empty${left}; peer: xargs -P ${KUBECTLS} kubectl drain`,
        },
        [{ ours: ours.empty, peer: peer.empty }],
      ),
      rowOfPairs(
        {
          ...row,
          measure: 'storm-100-server',
          note: `the same${left}; peer: this API server taking the same evictions, ${AT_ONCE} at once, with budgets of 100 % that refuse none`,
        },
        [{ ours: ours.empty, peer: server.empty }],
      ),
      rowOfCount(
        {
          ...row,
          measure: 'storm-100-empty',
          target: 1,
          note: `the same${left}; limit: ${EMPTY_WITHIN} s`,
        },
        ours.empty,
        EMPTY_WITHIN,
      ),
      rowOfCount(
        {
          ...row,
          measure: 'storm-100-cordon',
          target: 1,
          note: `until all are cordoned; limit: ${CORDONED_WITHIN} s; kubectl: ${peer.cordoned.toFixed(1)} s`,
        },
        ours.cordoned,
        CORDONED_WITHIN,
      ),
      rowOfCount(
        {
          ...row,
          measure: 'storm-100-cordon-work',
          note: `until all are cordoned, seconds of one processor: functions, account, API server and controllers; peer: what ${cpus().length} processors have in ${CORDONED_WITHIN} s`,
        },
        ours.busyUntilCordoned,
        CORDONED_WITHIN * cpus().length,
      ),
      ...counts,
    ];
  } finally {
    await stage.close();
  }
};
