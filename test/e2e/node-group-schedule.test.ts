import { afterEach, describe, expect, it } from '@jest/globals';
import type { ClusterSpec, NodeGroupSpec, WorkloadSpec } from '../../infra/local/world/spec.ts';
import { takeLease } from '../../shared/core/lease.ts';
import { invoke, noteCalls, storeOf } from './support/invoke.ts';
import type { Scene } from './support/scene.ts';
import { endScenes, startScene } from './support/scene.ts';
import { clusterSpec, MINUTE_MS, nodeGroup, workload } from './support/specs.ts';

afterEach(endScenes);

/** Thursday in Berlin, where the office is awake from 07:00 to 20:00. */
const [BEFORE, EVENING, MORNING] = [
  '2026-11-19T18:55:00Z',
  '2026-11-19T19:00:00Z',
  '2026-11-20T05:45:00Z',
].map((time) => Date.parse(time)) as [number, number, number];

const group = (name: string, change: Partial<NodeGroupSpec> = {}) =>
  nodeGroup({ name, min: 1, desired: 2, max: 4, spot: false, ...change });
const pods = (name: string, change: Partial<WorkloadSpec> = {}) =>
  workload({ name, nodeSelector: { role: 'web' }, ...change });

const start = async (
  change: {
    cluster?: Partial<ClusterSpec>;
    others?: readonly ClusterSpec[];
    mode?: string;
    drainMinutes?: number;
  } = {},
): Promise<Scene> => {
  const { others = [], mode = 'act', drainMinutes = 10 } = change;
  return startScene({
    spec: {
      startAt: BEFORE,
      clusters: [
        clusterSpec({ nodeGroups: [group('web')], workloads: [pods('cart')], ...change.cluster }),
        ...others,
      ],
    },
    config: `
version: 1
mode: ${mode}
clusters: [${['staging', ...others.map(({ name }) => name)].map((name) => `{ name: ${name} }`).join(', ')}]
nodeGroupSchedule:
  schedules:
    office: { timeZone: Europe/Berlin, awake: ["Mon-Fri 07:00-20:00"] }
  groups:
    - { cluster: staging, nodeGroup: web, schedule: office, drainMinutes: ${drainMinutes} }
spotDrain: { mode: off }
ecrRescan: { mode: off }
`,
  });
};

/** The scene as the office closes. */
const atEvening = async (change: Parameters<typeof start>[0] = {}): Promise<Scene> => {
  const scene = await start(change);
  await scene.account.runUntil(EVENING);
  return scene;
};

const tick = (scene: Scene) => invoke(scene, 'node-group-schedule', { trigger: 'tick' });

/** A tick now and every five minutes until one says it; then five minutes more. Answers all they said. */
const ticksUntil = async (scene: Scene, words: string, most = 12): Promise<readonly string[]> => {
  const said: string[] = [];
  for (let number = 0; number < most; number++) {
    const { reasons } = await tick(scene);
    said.push(...reasons);
    await scene.account.runUntil(scene.account.clock.now() + 5 * MINUTE_MS);
    if (reasons.includes(words)) return said;
  }
  throw new Error(`${most} ticks did not say "${words}" but:\n${said.join('\n')}`);
};

const ASLEEP = 'node-group/web verify: asleep';
const AWAKE = 'node-group/web verify: awake';

const groupOf = (scene: Scene, name = 'web', cluster = 'staging') => {
  const found = scene.account.world.cluster(cluster).nodeGroups.get(name);
  if (found === undefined) throw new Error(`there is no node group ${name}`);
  return found;
};
const sizes = (scene: Scene, name?: string, cluster?: string) => {
  const { min, desired, max } = groupOf(scene, name, cluster).scaling;
  return { min, desired, max };
};
const nodes = (scene: Scene, role = 'web') =>
  scene.kubernetes().objects.list('nodes', { filter: ({ metadata }) => metadata.labels?.role === role });

const updatesOf = (scene: Scene) =>
  scene.account.world.updates.list({ clusterName: 'staging', nodeGroupName: 'web' });

const wake = async (scene: Scene) => {
  await scene.account.runUntil(MORNING);
  return ticksUntil(scene, AWAKE);
};

describe('a night', () => {
  it('takes what opted in to sleep, with the budget in the way named, and wakes it with its sizes and Ready nodes', async () => {
    const scene = await start({
      drainMinutes: 2,
      cluster: {
        nodeGroups: [
          group('web', { min: 2, desired: 3, max: 5 }),
          group('tools', { tags: { 'eks-caretaker/schedule': 'office' } }),
          group('always'),
          group('odd', { tags: { 'eks-caretaker/schedule': 'nights' } }),
        ],
        workloads: [
          pods('cart'),
          pods('stubborn', { budget: { name: 'stubborn-pdb', minAvailable: 2 } }),
          pods('ci', { nodeSelector: { role: 'tools' } }),
        ],
      },
    });
    const { reasons } = await tick(scene);
    expect([...reasons].sort()).toEqual([
      'cluster/staging none: idle',
      'node-group/odd none: opted-in',
      'node-group/odd none: unknown-schedule',
      'node-group/tools none: opted-in',
      'node-group/web none: opted-in',
    ]);
    await scene.account.runUntil(EVENING);
    const evening = await ticksUntil(scene, ASLEEP);
    expect(evening.filter((words) => words.startsWith('node-group/tools'))).toEqual([
      'node-group/tools save: sizes-saved',
      'node-group/tools drain: drained',
      'node-group/tools sleep: resize-requested',
      'node-group/tools verify: asleep',
    ]);
    expect(scene.verdicts({ reason: 'drain-deadline-passed' })[0]?.detail).toMatchObject({
      blocked: [
        { pod: expect.stringMatching(/^shop\/stubborn-/), budgets: ['stubborn-pdb'] },
        { pod: expect.stringMatching(/^shop\/stubborn-/), budgets: ['stubborn-pdb'] },
      ],
    });
    expect(scene.account.notifications.map(({ subject }) => subject)).toEqual([
      'Budgets blocked the drain of staging/web',
    ]);
    expect([sizes(scene), sizes(scene, 'tools'), sizes(scene, 'always'), sizes(scene, 'odd')]).toEqual([
      { min: 0, desired: 0, max: 5 },
      { min: 0, desired: 0, max: 4 },
      { min: 1, desired: 2, max: 4 },
      { min: 1, desired: 2, max: 4 },
    ]);
    expect([nodes(scene).length, nodes(scene, 'tools').length, nodes(scene, 'always').length]).toEqual([
      0, 0, 2,
    ]);

    const calls = noteCalls(scene);
    expect((await tick(scene)).reasons).toEqual(['cluster/staging none: idle']);
    expect(calls().filter((call) => !call.startsWith('dynamodb'))).toEqual([]);

    const morning = await wake(scene);
    expect(morning).toContain('node-group/tools verify: awake');
    expect([sizes(scene), sizes(scene, 'tools')]).toEqual([
      { min: 2, desired: 3, max: 5 },
      { min: 1, desired: 2, max: 4 },
    ]);
    expect(scene.account.clock.now()).toBeLessThanOrEqual(Date.parse('2026-11-20T06:00:00Z'));
    expect(scene.verdicts({ target: 'node-group/web', reason: 'awake' })[0]?.detail).toMatchObject({
      readyNodes: 3,
      zones: { 'eu-central-1a': expect.any(Number), 'eu-central-1b': expect.any(Number) },
    });
    expect(nodes(scene).map(({ spec }) => [spec?.unschedulable ?? false, spec?.taints ?? []])).toEqual(
      Array(3).fill([false, []]),
    );
  }, 60_000);

  it('is told and not carried out in observe mode', async () => {
    const scene = await atEvening({ mode: 'observe' });
    const calls = noteCalls(scene);
    const { reasons } = await tick(scene);
    expect(reasons).toEqual([
      'node-group/web none: opted-in',
      'node-group/web save: sleep-due',
      'node-group/web drain: sleep-due',
      'node-group/web sleep: sleep-due',
      'node-group/web verify: sleep-due',
    ]);
    await scene.pass(5 * 60);
    expect((await tick(scene)).reasons).toEqual(['cluster/staging none: idle']);
    expect([...new Set(calls().filter((call) => /^(eks|autoscaling)/.test(call)))].sort()).toEqual([
      'eks DescribeNodegroup',
      'eks ListNodegroups',
    ]);
    expect(sizes(scene)).toEqual({ min: 1, desired: 2, max: 4 });
    expect(nodes(scene).some(({ spec }) => spec?.unschedulable === true)).toBe(false);
    expect([scene.account.published, scene.account.notifications]).toEqual([[], []]);
  });

  it('of a group that somebody gave a size in between is theirs', async () => {
    const scene = await atEvening();
    await ticksUntil(scene, ASLEEP);
    const theirs = { min: 1, desired: 1, max: 4 };
    scene.account.world.autoScaling.resize(groupOf(scene).scaling, theirs, 'a person');
    await scene.pass(60 * 60);
    expect((await ticksUntil(scene, 'node-group/web verify: awake-by-others')).slice(0, 1)).toEqual([
      'node-group/web none: size-changed-by-others',
    ]);
    expect((await tick(scene)).reasons).toEqual(['cluster/staging none: idle']);
    await scene.account.runUntil(MORNING);
    await tick(scene);
    expect(sizes(scene)).toEqual(theirs);
  });

  it('ends in the same sizes whatever is invoked twice', async () => {
    const scene = await atEvening();
    for (const expected of [
      { min: 0, desired: 0, max: 4 },
      { min: 1, desired: 2, max: 4 },
    ]) {
      for (let number = 0; number < 4; number++) {
        const twice = await Promise.all([tick(scene), tick(scene)]);
        expect(twice.map(({ ok }) => ok)).toEqual([true, true]);
        await scene.pass(5 * 60);
      }
      expect(sizes(scene)).toEqual(expected);
      expect((await tick(scene)).reasons).toEqual(['cluster/staging none: idle']);
      await scene.account.runUntil(MORNING);
    }
    expect(updatesOf(scene)).toHaveLength(2);
    expect(sizes(scene)).toEqual({ min: 1, desired: 2, max: 4 });
    expect(nodes(scene)).toHaveLength(2);
  });
});

describe('on the way to sleep', () => {
  it.each([
    ['that is not ACTIVE is waited for', undefined, 'none: node-group-not-active'],
    [
      'that is busy when EKS is asked',
      { code: 'ResourceInUseException', status: 409 },
      'none: node-group-busy',
    ],
    ['whose request is throttled', { code: 'ThrottlingException', status: 429 }, 'none: throttled'],
  ])('a group %s is retried', async (_what, fault, words) => {
    const scene = await atEvening();
    if (fault === undefined) groupOf(scene).status = 'UPDATING';
    else scene.account.failNext('eks', 'UpdateNodegroupConfig', fault, 3);
    const { ok, reasons } = await tick(scene);
    expect([ok, reasons]).toEqual([true, expect.arrayContaining([`node-group/web ${words}`])]);
    groupOf(scene).status = 'ACTIVE';
    await ticksUntil(scene, ASLEEP);
    expect(sizes(scene)).toEqual({ min: 0, desired: 0, max: 4 });
  });

  it('an update that EKS gives up on is reported and asked for again', async () => {
    const scene = await atEvening();
    scene.account.world.updates.failNext(
      { clusterName: 'staging', nodeGroupName: 'web' },
      { errorCode: 'OperationNotPermitted', errorMessage: 'not permitted', resourceIds: ['eks-web'] },
    );
    const said = await ticksUntil(scene, ASLEEP);
    expect(said.filter((words) => /sleep/.test(words))).toEqual([
      'node-group/web sleep: resize-requested',
      'node-group/web none: sleep-failed',
      'node-group/web sleep: resize-requested',
      ASLEEP,
    ]);
    expect(scene.account.notifications).toMatchObject([
      {
        subject: 'Sleep of staging/web failed',
        message: expect.stringContaining('OperationNotPermitted'),
      },
    ]);
  });

  it('a group that an upgrade works on is left alone', async () => {
    const scene = await atEvening();
    await takeLease(storeOf(scene), scene.account.clock, {
      resource: 'node-group/staging/web',
      holder: 'cluster-upgrade/staging-1-35-1',
      seconds: 1_800,
    });
    expect((await tick(scene)).reasons).toEqual([
      'node-group/web none: opted-in',
      'node-group/web deferred: lease-held',
    ]);
    expect(scene.verdicts({ reason: 'lease-held' })[0]?.detail).toMatchObject({
      holder: 'cluster-upgrade/staging-1-35-1',
    });
    expect(nodes(scene).some(({ spec }) => spec?.unschedulable === true)).toBe(false);
    await scene.pass(30 * 60);
    await ticksUntil(scene, ASLEEP);
  });

  it('a cluster that does not answer keeps its nodes, the others go on, and the invocation fails', async () => {
    const scene = await atEvening({
      others: [
        clusterSpec({
          name: 'dev',
          nodeGroups: [group('web', { tags: { 'eks-caretaker/schedule': 'office' } })],
        }),
      ],
    });
    scene.kubernetes().failNext({}, 'reset', 1_000);
    for (let number = 0; number < 4; number++) {
      const { ok, payload, reasons } = await tick(scene);
      expect([ok, payload]).toEqual([false, expect.objectContaining({ errorType: 'PartialFailureError' })]);
      expect(reasons).toContain('node-group/web none: cluster-unreachable');
      await scene.pass(5 * 60);
    }
    expect([sizes(scene), sizes(scene, 'web', 'dev')]).toEqual([
      { min: 1, desired: 2, max: 4 },
      { min: 0, desired: 0, max: 4 },
    ]);
    expect(scene.account.notifications.map(({ subject }) => subject)).toEqual([
      'Sleep of staging/web does not get on: cluster-unreachable',
    ]);
  });

  it.each([
    ['right after the sizes were saved', { service: 'dynamodb', contains: 'PutItem', request: 2 }],
    ['right after EKS took the request', { service: 'eks', contains: 'update-config', request: 1 }],
  ])('a tick that is killed %s is made good by later ones', async (_when, point) => {
    const scene = await start();
    await tick(scene);
    await scene.account.runUntil(EVENING);
    scene.account.killAt('node-group-schedule', { ...point, when: 'after-apply' });
    const killed = await tick(scene);
    expect([killed.ok, killed.payload]).toEqual([
      false,
      expect.objectContaining({ errorType: 'Runtime.ExitError' }),
    ]);
    const items = await scene.items('node-group-schedule#staging');
    expect(items.filter(({ sk }) => sk.startsWith('saved#')).map((item) => item.sizes)).toEqual([
      { min: 1, desired: 2, max: 4 },
    ]);
    const requested = point.service === 'eks' ? 1 : 0;
    expect(updatesOf(scene)).toHaveLength(requested);
    await scene.pass(5 * 60);
    await ticksUntil(scene, ASLEEP);
    expect(sizes(scene)).toEqual({ min: 0, desired: 0, max: 4 });
    await wake(scene);
    expect([sizes(scene), nodes(scene).length]).toEqual([{ min: 1, desired: 2, max: 4 }, 2]);
    expect(updatesOf(scene)).toHaveLength(2);
  });
});

describe('a tick', () => {
  it('of another shape fails by name and does nothing', async () => {
    const scene = await atEvening();
    const calls = noteCalls(scene);
    const { ok, payload } = await invoke(scene, 'node-group-schedule', { cluster: 'moon' });
    expect([ok, payload]).toEqual([false, expect.objectContaining({ errorType: 'MalformedEventError' })]);
    expect(calls()).toEqual([]);
  });
});
