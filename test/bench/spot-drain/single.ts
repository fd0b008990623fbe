import { nodeGroup } from '../../e2e/support/specs.ts';
import type { BenchRow, Pair } from '../rows.ts';
import { median, rowOfCount, rowOfPairs } from '../rows.ts';
import {
  createApp,
  evictAll,
  listPods,
  scale,
  setBudget,
  setOpen,
  untilReady,
  watchLeaving,
} from './pods.ts';
import type { Stage } from './stage.ts';
import { startStage } from './stage.ts';

/** One node that is drained, by us and by kubectl, one after the other. */
interface Case {
  readonly measure: string;
  readonly app: string;
  readonly maxUnavailable: number | string;
  /** Pods on the node, and on other nodes besides. */
  readonly onNode: number;
  readonly elsewhere: number;
  readonly target: number;
  /** What the budget and the second that a pod takes to stop allow at best. */
  readonly limitSeconds: number;
  readonly note: string;
}

/** Times the limit. */
const NEAR_LIMIT = 1.5;

const CASES: readonly Case[] = [
  {
    measure: 'drain-110',
    app: 'web',
    maxUnavailable: '50%',
    onNode: 110,
    elsewhere: 0,
    target: 0.15,
    limitSeconds: 2.5,
    note: "from EC2's warning until the last of 110 pods is gone; one budget, maxUnavailable 50 %, pods stop in 1 s; peer: kubectl drain on the same API server",
  },
  {
    measure: 'drain-50',
    app: 'shop',
    maxUnavailable: 20,
    onNode: 50,
    elsewhere: 100,
    target: 0.4,
    limitSeconds: 3,
    note: 'the same for 50 of 150 pods, maxUnavailable 20',
  },
];

const PAIRS = 3;

/** Exactly so many pods of the app on the node, the rest at home, and home open for those that leave. */
const fill = async (stage: Stage, { app, onNode, elsewhere }: Case, node: string): Promise<void> => {
  const { controlPlane } = stage;
  const home = stage.instancesOf('home').map(({ hostname }) => hostname);
  const others = stage.instancesOf('spot').map(({ hostname }) => hostname);
  await setOpen(controlPlane, others, false);
  await setOpen(controlPlane, home, true);
  await scale(controlPlane, app, 0);
  await untilReady(controlPlane, 0);
  await scale(controlPlane, app, elsewhere);
  await untilReady(controlPlane, elsewhere);
  await setOpen(controlPlane, home, false);
  await setOpen(controlPlane, [node], true);
  await scale(controlPlane, app, elsewhere + onNode);
  await untilReady(controlPlane, elsewhere + onNode);
  const there = (await listPods(controlPlane, node)).items.length;
  if (there !== onNode) throw new Error(`${there} pods are on ${node}, not ${onNode}`);
  await setOpen(controlPlane, home, true);
};

/** Seconds until the node is empty. */
const measureOurs = async (stage: Stage, one: Case, index: number): Promise<number> => {
  const instance = stage.instancesOf('spot')[index];
  if (instance === undefined) throw new Error('every run of ours takes a node of its own');
  await fill(stage, one, instance.hostname);
  const leaving = await watchLeaving(stage.controlPlane, [instance.hostname]);
  try {
    const startedAt = performance.now();
    stage.warn([instance]);
    const seconds = ((await leaving.allGone) - startedAt) / 1000;
    await stage.idle();
    return seconds;
  } finally {
    leaving.stop();
  }
};

const KUBECTL = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=110s'];

const measureKubectl = async (stage: Stage, one: Case): Promise<number> => {
  const node = stage.instancesOf('spot')[0]?.hostname ?? '';
  await fill(stage, one, node);
  const startedAt = performance.now();
  const { code, stderr } = await stage.controlPlane.kubectl(['drain', node, ...KUBECTL]);
  if (code !== 0) throw new Error(`kubectl drain ended with ${code}: ${stderr.slice(-500)}`);
  return (performance.now() - startedAt) / 1000;
};

/** As many at once as empty a node the fastest here; more get in each other's way. */
const AT_ONCE = 16;

/** Seconds that the API server takes for the same evictions where the budget never refuses one. */
const measureServer = async (stage: Stage, one: Case): Promise<number> => {
  const { controlPlane } = stage;
  const node = stage.instancesOf('spot')[0]?.hostname ?? '';
  await fill(stage, one, node);
  await setBudget(controlPlane, one.app, '100%');
  const leaving = await watchLeaving(controlPlane, [node]);
  try {
    const startedAt = performance.now();
    await evictAll(controlPlane, [node], AT_ONCE);
    return ((await leaving.allGone) - startedAt) / 1000;
  } finally {
    leaving.stop();
    await setBudget(controlPlane, one.app, one.maxUnavailable);
  }
};

/** A node of 110 pods, and 50 of 150 pods, against `kubectl drain`. */
export const drainSingleNodes = async (
  folder: string,
  progress: (text: string) => void,
): Promise<readonly BenchRow[]> => {
  const big = { instanceType: 'm6i.4xlarge', max: 20 };
  const stage = await startStage({
    folder,
    nodeGroups: [
      nodeGroup({ ...big, name: 'spot', desired: PAIRS * CASES.length + 1 }),
      nodeGroup({ ...big, name: 'home', desired: 2, spot: false }),
    ],
  });
  try {
    const rows: BenchRow[] = [];
    let next = 1;
    for (const one of CASES) {
      await createApp(stage.controlPlane, one.app, one.maxUnavailable);
      const pairs: Pair[] = [];
      const againstServer: Pair[] = [];
      for (let run = 1; run <= PAIRS; run += 1) {
        const ours = await measureOurs(stage, one, next);
        next += 1;
        const server = await measureServer(stage, one);
        const peer = await measureKubectl(stage, one);
        progress(
          `spot-drain: ${one.measure}, ${run}: ours ${ours.toFixed(2)} s, kubectl ${peer.toFixed(2)} s, the API server ${server.toFixed(2)} s`,
        );
        pairs.push({ ours, peer });
        againstServer.push({ ours, peer: server });
      }
      await scale(stage.controlPlane, one.app, 0);
      const { measure, target, limitSeconds, note } = one;
      const row = { bench: 'spot-drain', unit: 's' };
      rows.push(
        rowOfPairs({ ...row, measure, target, note }, pairs),
        rowOfPairs(
          {
            ...row,
            measure: `${measure}-server`,
            target: NEAR_LIMIT,
            note: `the same; peer: this API server taking the same evictions, ${AT_ONCE} at once, with a budget of 100 % that refuses none`,
          },
          againstServer,
        ),
        rowOfCount(
          {
            ...row,
            measure: `${measure}-limit`,
            target: NEAR_LIMIT,
            note: `the median of the runs above against what the budget alone allows, were evictions taken at once: ${limitSeconds} s`,
          },
          median(pairs.map(({ ours }) => ours)),
          limitSeconds,
        ),
      );
    }
    return rows;
  } finally {
    await stage.close();
  }
};
