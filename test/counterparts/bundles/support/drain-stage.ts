import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterSpec } from '../../../../infra/local/world/spec.ts';
import type { Verdict } from '../../../../shared/core/verdict.ts';
import { nodeGroup } from '../../../e2e/support/specs.ts';
import { warning } from '../../../e2e/support/spot-drain.ts';
import { isHealthy, patch, podsIn } from './objects.ts';
import type { Side } from './side.ts';
import type { Place } from './workloads.ts';
import { createNamespace, placeOf } from './workloads.ts';

/** The group whose nodes are taken away, one a test, and the one to which pods can go. */
const SPOT = 'spot';
const HOME = 'home';

/** So many nodes that can be taken away, and where their pods go. No add-ons: their DaemonSets would run in the embedded cluster alone. */
export const drainGroups = (nodes: number): Partial<ClusterSpec> => ({
  addons: [],
  nodeGroups: [
    nodeGroup({ name: SPOT, desired: nodes, max: nodes }),
    nodeGroup({ name: HOME, desired: 2, spot: false }),
  ],
});

/** A node of its own for a test, with pods on it that may go to the nodes of `home` and nowhere else. */
export interface DrainStage {
  readonly place: Place;
  readonly node: string;
  readonly instanceId: string;
}

const used = new WeakMap<Side, number>();

const runningIn = (side: Side, role: string) =>
  side.scene.account.world.instances
    .all()
    .filter(({ groupName, state }) => groupName.includes(`-${role}-`) && state === 'running');

const nextInstance = (side: Side) => {
  const number = used.get(side) ?? 0;
  used.set(side, number + 1);
  const instance = runningIn(side, SPOT)[number];
  if (instance === undefined) throw new Error(`the group ${SPOT} has fewer than ${number + 1} nodes`);
  return instance;
};

const open = (side: Side, node: string, { nodeSelector }: Place): Promise<unknown> =>
  patch(side, `/api/v1/nodes/${node}`, { metadata: { labels: nodeSelector } });

/** `populate` makes the pods and answers how many of them are to be Ready. Only then the way to `home` opens. */
export const prepareNode = async (
  side: Side,
  name: string,
  populate: (place: Place) => Promise<number>,
): Promise<DrainStage> => {
  const place = placeOf(name);
  const { id: instanceId, hostname: node } = nextInstance(side);
  await createNamespace(side, place);
  await open(side, node, place);
  const expected = await populate(place);
  await side.until(`${expected} pods are Ready on the node of ${name}`, async () => {
    const healthy = (await podsIn(side, place.namespace)).filter(isHealthy);
    return healthy.length >= expected ? true : undefined;
  });
  for (const { hostname } of runningIn(side, HOME)) await open(side, hostname, place);
  return { place, node, instanceId };
};

const NOTICE_SECONDS = 120;
/** `deadlineMarginSeconds` where the configuration says nothing. */
const MARGIN_SECONDS = 10;
export const FULL_TIME_SECONDS = NOTICE_SECONDS - MARGIN_SECONDS;

/** EC2's warning, that late that so many seconds are left to drain. Answers the drain's deadline in epoch ms. */
export const warn = (side: Side, stage: DrainStage, secondsLeft = FULL_TIME_SECONDS): number => {
  const { account } = side.scene;
  const at = account.clock.now() - (FULL_TIME_SECONDS - secondsLeft) * 1000;
  const time = new Date(at).toISOString();
  account.putEvent(warning(side.scene, stage.instanceId, { id: randomUUID(), time }));
  return at + FULL_TIME_SECONDS * 1000;
};

const STEP_SECONDS = 4;
/** Long enough for a round. */
const STEP_MS = 150;

/**
 * Skips what is left until so many seconds before the deadline, in steps: a worker renews its lease of 15 seconds
 * between its rounds, and must not seem dead. Answers the number of steps.
 */
export const skipTo = async (side: Side, deadline: number, secondsBefore: number): Promise<number> => {
  const { clock } = side.scene.account;
  const left = () => (deadline - clock.now()) / 1000 - secondsBefore;
  let steps = 0;
  for (let seconds = left(); seconds > 0; seconds = left()) {
    side.skip(Math.min(seconds, STEP_SECONDS));
    steps += 1;
    await sleep(STEP_MS);
  }
  return steps;
};

export const verdictsOn = (side: Side, { node }: DrainStage): readonly Verdict[] =>
  side.scene.verdicts({ target: `node/${node}` });

/** How a drain went, without what is another in every run. */
export interface DrainSummary {
  readonly reason: string;
  readonly evicted: number;
  readonly deleted: number;
  readonly remaining: number;
  readonly budgets: readonly string[];
  readonly skipped: readonly string[];
}

interface DrainDetail {
  readonly evicted: number;
  readonly deleted: number;
  readonly remaining: readonly string[];
  readonly blocked: readonly { readonly budgets: readonly string[] }[];
  readonly skipped: readonly { readonly reason: string }[];
}

/** The drain's last word, where it has been said. */
export const finalOf = (side: Side, stage: DrainStage): Verdict | undefined =>
  verdictsOn(side, stage).find(({ detail }) => detail !== undefined && 'remaining' in detail);

export const drainEnds = (side: Side, stage: DrainStage, withinSeconds = 60): Promise<Verdict> =>
  side.until(`the drain of ${stage.place.namespace} is reported`, () => finalOf(side, stage), withinSeconds);

export const summaryOf = ({ reason, detail }: Verdict): DrainSummary => {
  const { evicted, deleted, remaining, blocked, skipped } = detail as unknown as DrainDetail;
  return {
    reason,
    evicted,
    deleted,
    remaining: remaining.length,
    budgets: blocked.flatMap(({ budgets }) => budgets).toSorted(),
    skipped: skipped.map(({ reason: why }) => why).toSorted(),
  };
};

export const inWords = (summary: DrainSummary): string =>
  [
    summary.reason,
    `${summary.evicted} evicted`,
    `${summary.deleted} deleted`,
    `${summary.remaining} left`,
    ...(summary.budgets.length === 0 ? [] : [`held by ${summary.budgets.join(', ')}`]),
    ...(summary.skipped.length === 0 ? [] : [`skipped: ${summary.skipped.join(', ')}`]),
  ].join('; ');
