import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultMatch } from '../../../infra/local/kubernetes/faults.ts';
import type { Verdict } from '../../../shared/core/verdict.ts';
import { only } from '../../e2e/support/scene.ts';
import { nodeGroup } from '../../e2e/support/specs.ts';
import { sameOnBoth } from './support/compare.ts';
import { acceptedOnce, answersByUid, evictionsIn } from './support/evictions.ts';
import type { WireNode, WirePod } from './support/objects.ts';
import { isHealthy, isReady, podsIn, read } from './support/objects.ts';
import type { PodWatch } from './support/pod-watch.ts';
import { watchPods } from './support/pod-watch.ts';
import type { Right } from './support/rights.ts';
import { nameOf, shippedRights, verdictsNaming, withoutRight } from './support/rights.ts';
import type { Side } from './support/side.ts';
import { useSides } from './support/sides.ts';
import type { Place } from './support/workloads.ts';
import { createBudget, createNamespace, createPod, createWorkload } from './support/workloads.ts';

const MINUTE_MS = 60_000;
/** EKS empties a node for a quarter of an hour before it goes, whatever holds its pods. */
const GONE_SECONDS = 20 * 60;
const JOINED_SECONDS = 300;
/** Of a tick's drain; then it leaves the rest to the next one. */
const ROUNDS_SECONDS = 60;
const LAST_ROUNDS_SECONDS = 4;

/** Awake but for four hours a day, which begin in ten minutes, and for `web` later. Full minutes, as windows are written. */
const startAt = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
const stubbornAsleepFrom = startAt + 10 * MINUTE_MS;
const webAsleepFrom = stubbornAsleepFrom + 60 * MINUTE_MS;
const awakeFrom = stubbornAsleepFrom + 240 * MINUTE_MS;
/** Until an hour after `web` is to sleep as well. */
const DRAIN_MINUTES = 120;

const window = (asleepFrom: number): string => {
  const [opens, closes] = [awakeFrom, asleepFrom].map((at) => new Date(at).toISOString().slice(11, 16));
  return `{ timeZone: UTC, awake: ["Mon-Sun ${opens}-${closes}"] }`;
};
const CONFIG = only('nodeGroupSchedule', [
  'schedules:',
  `  early: ${window(stubbornAsleepFrom)}`,
  `  late: ${window(webAsleepFrom)}`,
  'groups:',
  ...[
    ['stubborn', 'early'],
    ['web', 'late'],
  ].map(
    ([nodeGroupName, schedule]) =>
      `  - { cluster: staging, nodeGroup: ${nodeGroupName}, schedule: ${schedule}, leadMinutes: 0, drainMinutes: ${DRAIN_MINUTES} }`,
  ),
]);

const group = (name: string, desired: number, labels: Readonly<Record<string, string>> = {}) =>
  nodeGroup({ name, min: 1, desired, max: 3, spot: false, labels: { role: name, ...labels } });

const sides = useSides({
  config: CONFIG,
  startAt,
  faultProxy: true,
  cluster: {
    addons: [],
    nodeGroups: [group('web', 2, { tier: 'app' }), group('stubborn', 1), group('home', 2, { tier: 'app' })],
  },
});

/** Pods that may go from `web` to `home`, that run on `web` alone, that budgets hold on `stubborn`. */
const anywhere: Place = { namespace: 'shop', nodeSelector: { tier: 'app' } };
const onWeb: Place = { namespace: 'shop', nodeSelector: { role: 'web' } };
const onStubborn: Place = { namespace: 'shop', nodeSelector: { role: 'stubborn' } };
const PODS = 8;

const populate = async (side: Side): Promise<void> => {
  await createNamespace(side, anywhere);
  await createBudget(side, anywhere, { of: 'cart', allows: { maxUnavailable: 1 } });
  await createWorkload(side, anywhere, { kind: 'Deployment', name: 'cart', replicas: 4 });
  await createWorkload(side, onWeb, { kind: 'Deployment', name: 'search', replicas: 2 });
  await createBudget(side, onStubborn, { of: 'only', name: 'guard', allows: { minAvailable: 1 } });
  await createWorkload(side, onStubborn, { kind: 'Deployment', name: 'only', replicas: 1 });
  // Two budgets: the API server refuses to evict it, and names neither.
  for (const name of ['first', 'second'])
    await createBudget(side, onStubborn, { of: 'twice', name, allows: { minAvailable: 1 } });
  await createPod(side, onStubborn, { name: 'twice' });
  await side.until('all pods run', async () =>
    (await podsIn(side, 'shop')).filter(isHealthy).length === PODS ? true : undefined,
  );
};

const nodesOf = async (side: Side, role: string): Promise<readonly WireNode[]> =>
  (await read<{ items: readonly WireNode[] }>(side, `/api/v1/nodes?labelSelector=role=${role}`)).items;

const sizes = (side: Side, name: string) => {
  const { min, desired, max } =
    side.scene.account.world.cluster('staging').nodeGroups.get(name)?.scaling ?? {};
  return { min, desired, max };
};

const tick = async (
  side: Side,
  whileItRuns: () => Promise<void> = async () => {},
): Promise<readonly Verdict[]> => {
  const before = side.scene.verdicts().length;
  await Promise.all([side.scene.account.invoke('node-group-schedule', { trigger: 'tick' }), whileItRuns()]);
  return side.scene.verdicts().slice(before);
};

const passUntil = (side: Side, at: number) => side.pass((at - side.scene.account.clock.now()) / 1000);

const words = (verdicts: readonly Verdict[]): readonly string[] =>
  verdicts.map(({ target, action, reason }) => `${target} ${action}: ${reason}`).toSorted();

const isForbidden = (call: { readonly code: number }) => call.code === 403;

/** Ends the rounds of a tick's drain once there is nothing to see any more. */
const endRounds = async (side: Side, isSeen: () => Promise<boolean> | boolean): Promise<void> => {
  if (side.name === 'embedded') return;
  const { clock } = side.scene.account;
  const endsAt = clock.now() + ROUNDS_SECONDS * 1000;
  await side.until('the rounds of this tick show nothing new', async () =>
    (await isSeen()) ? true : undefined,
  );
  // Short of their end, so that the last answers are those of requests which nothing cut off.
  side.skip(Math.max(0, (endsAt - clock.now()) / 1000 - LAST_ROUNDS_SECONDS));
};

const leftOn = async (side: Side, role: string): Promise<readonly WirePod[]> => {
  const names = new Set((await nodesOf(side, role)).map(({ metadata }) => metadata.name));
  return (await podsIn(side, 'shop')).filter(({ spec }) => names.has(spec.nodeName ?? ''));
};

/** What a tick says without each right, and what has to go wrong for it to be needed. */
const recipes: Readonly<Record<string, { readonly says: string; readonly spoils?: FaultMatch }>> = {
  // It is not clear then whether the node is patched: it is looked at again.
  'node-group-schedule: get nodes': { says: 'missing-right', spoils: { verb: 'patch', resource: 'nodes' } },
  'node-group-schedule: list nodes': { says: 'missing-right' },
  'node-group-schedule: patch nodes': { says: 'missing-right' },
  'node-group-schedule: list pods': { says: 'missing-right' },
  'node-group-schedule: create pods/eviction': { says: 'missing-right' },
  // Names of budgets are for the report: without them it goes on.
  'node-group-schedule: list poddisruptionbudgets': { says: 'drain-in-progress' },
};

beforeAll(async () => {
  await Promise.all([populate(sides.real), populate(sides.embedded)]);
  const run = async (side: Side) => {
    const verdicts = await tick(side);
    await passUntil(side, stubbornAsleepFrom);
    return words(verdicts);
  };
  await sameOnBoth(sides, 'Node groups opt in', run, (all) => all.join('; '));
});

describe('a right that the role lacks as a group is to sleep', () => {
  /** In the order in which a drain comes to them. */
  const rights = shippedRights(CONFIG);

  it('is each one that is shipped, and no other', () => {
    expect(Object.keys(recipes).toSorted()).toEqual(rights.map(nameOf).toSorted());
  });

  const said = (verdicts: readonly Verdict[], right: Right) =>
    [
      ...new Set(verdictsNaming(verdicts, right).map(({ target, reason }) => `${target} ${reason}`)),
    ].toSorted();

  it.each(rights.map((right) => [nameOf(right), right] as const))('%s is named', async (name, right) => {
    const { verb, resource } = right;
    const { says, spoils } = recipes[name] ?? {};
    const isRefused = () => sides.real.audit.calls({ verb, resource }).some(isForbidden);
    const refusals = (side: Side) => {
      if (spoils !== undefined) side.failNext(spoils, { status: 500 });
      return withoutRight(side, right, async () =>
        said(await tick(side, () => endRounds(side, isRefused)), right),
      );
    };
    const found = await sameOnBoth(sides, `Without the right ${name}`, refusals, (all) => all.join(', '));
    expect(found).toEqual([`node-group/stubborn ${says}`]);
  });
});

describe('a night', () => {
  let watch: PodWatch;
  let before: readonly WirePod[];
  let nodesBefore: readonly WireNode[];

  it('puts groups to sleep with drained nodes, within the budgets, and names the budgets in the way', async () => {
    const { real } = sides;
    watch = await watchPods(real.controlPlane, 'shop');
    before = await leftOn(real, 'web');
    nodesBefore = await nodesOf(real, 'web');
    const run = async (side: Side) => {
      await passUntil(side, webAsleepFrom);
      const drained = await tick(side, () =>
        endRounds(side, async () => (await leftOn(side, 'web')).length === 0),
      );
      await passUntil(side, stubbornAsleepFrom + (DRAIN_MINUTES + 10) * MINUTE_MS);
      const resized = await tick(side, () => endRounds(side, () => true));
      await side.pass(GONE_SECONDS);
      const slept = await tick(side);
      const blocked = resized.find(({ reason }) => reason === 'drain-deadline-passed')?.detail?.blocked;
      return {
        said: [drained, resized, slept].map(words),
        budgets: (blocked as readonly { budgets: readonly string[] }[])
          .map(({ budgets }) => budgets.toSorted())
          .toSorted(),
        sizes: [sizes(side, 'web'), sizes(side, 'stubborn')],
      };
    };
    const end = await sameOnBoth(sides, 'Node groups go to sleep', run, (all) => all.said.flat().join('; '));
    expect(end.said.flat()).toEqual(
      expect.arrayContaining([
        'node-group/web drain: drained',
        'node-group/web verify: asleep',
        'node-group/stubborn drain: drain-deadline-passed',
        'node-group/stubborn verify: asleep',
      ]),
    );
    expect(end.budgets).toEqual([['first', 'second'], ['guard']]);
    expect(end.sizes).toEqual([
      { min: 0, desired: 0, max: 3 },
      { min: 0, desired: 0, max: 3 },
    ]);
    await real.bridge.settled();
    expect([...(await nodesOf(real, 'web')), ...(await nodesOf(real, 'stubborn'))]).toEqual([]);
  });

  it('evicts each pod once, and never more than the budget allows', async () => {
    const { real } = sides;
    const answers = answersByUid(evictionsIn(real.audit, 'shop').filter(({ code }) => code < 400));
    expect(answers).toEqual(acceptedOnce(before));
    await real.until('those that can run elsewhere do', async () =>
      (await podsIn(real, 'shop')).filter((pod) => pod.metadata.labels?.app === 'cart' && isHealthy(pod))
        .length === 4
        ? true
        : undefined,
    );
    watch.stop();
    const fewest = watch.fewestHealthy('cart', 4);
    // One may be missing, and one was whenever a pod of it was evicted.
    expect(before.filter(({ metadata }) => metadata.labels?.app === 'cart')).not.toEqual([]);
    expect(fewest).toBe(3);
  });

  it('wakes them with their sizes, on nodes that are really Ready, and their pods run again', async () => {
    const { real } = sides;
    const run = async (side: Side) => {
      await passUntil(side, awakeFrom);
      const woken = await tick(side);
      await side.pass(JOINED_SECONDS);
      if (side.name === 'real') {
        await real.bridge.settled();
        await side.until('the nodes are Ready', async () => {
          const nodes = [...(await nodesOf(side, 'web')), ...(await nodesOf(side, 'stubborn'))];
          return nodes.length === 3 && nodes.every(isReady) ? true : undefined;
        });
      }
      const awake = await tick(side);
      const readyNodes = awake.map(({ detail }) => detail?.readyNodes).filter((count) => count !== undefined);
      return {
        said: [...words(woken), ...words(awake)],
        readyNodes: readyNodes.toSorted(),
        sizes: [sizes(side, 'web'), sizes(side, 'stubborn')],
      };
    };
    const end = await sameOnBoth(sides, 'Node groups wake', run, (all) => all.said.join('; '));
    expect(end.said).toEqual(
      expect.arrayContaining(['node-group/web verify: awake', 'node-group/stubborn verify: awake']),
    );
    expect(end.readyNodes).toEqual([1, 2]);
    expect(end.sizes).toEqual([
      { min: 1, desired: 2, max: 3 },
      { min: 1, desired: 1, max: 3 },
    ]);
    const uids = new Set(nodesBefore.map(({ metadata }) => metadata.uid));
    const fresh = await nodesOf(real, 'web');
    expect(fresh.filter(({ metadata }) => uids.has(metadata.uid))).toEqual([]);
    expect(fresh.filter(({ spec }) => spec.unschedulable === true)).toEqual([]);
    await real.until('the pods of web run again', async () =>
      (await leftOn(real, 'web')).filter((pod) => pod.metadata.labels?.app === 'search' && isHealthy(pod))
        .length === 2
        ? true
        : undefined,
    );
  });
});
