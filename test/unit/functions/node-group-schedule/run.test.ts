import { describe, expect, it } from '@jest/globals';
import { ClusterUnreachableError, MalformedEventError } from '../../../../shared/core/errors.ts';
import { takeLease } from '../../../../shared/core/lease.ts';
import { KubernetesApiError, KubernetesConnectionError } from '../../../../shared/kubernetes/errors.ts';
import type { ScheduleWorld } from '../../../fixtures/schedule-world.ts';
import { createScheduleWorld } from '../../../fixtures/schedule-world.ts';
import type { TestCall } from '../../../fixtures/test-call.ts';

/** Berlin, UTC+1: the office closes at 19:00 UTC and opens at 06:00 UTC; groups are woken from 05:45 on. */
const office = { timeZone: 'Europe/Berlin', awake: ['Mon-Fri 07:00-20:00'] };
const SIZES = { min: 1, desired: 2, max: 5 };

const worldWith = (section: object = {}, start = '2026-11-19T18:50:00Z'): ScheduleWorld =>
  createScheduleWorld({ start, section: { schedules: { office }, ...section } });

const oneGroup = (options: { pods?: number; budget?: string } = {}): ScheduleWorld => {
  const world = worldWith();
  world.addGroup('web', SIZES, { tag: 'office', ...options });
  return world;
};

const lines = ({ verdicts }: TestCall): string[] =>
  verdicts.map(({ action, reason, target }) => `${action} ${reason} ${target}`);
const reasons = ({ verdicts }: TestCall): string[] =>
  verdicts.map(({ action, reason }) => `${action} ${reason}`);
const detailOf = (call: TestCall, reason: string) =>
  call.verdicts.find((verdict) => verdict.reason === reason)?.detail;
const awsCalls = (world: ScheduleWorld): string[] =>
  world.calls.filter((name) => name.startsWith('eks:') || name.startsWith('autoscaling:'));
const awsError = (name: string, message = name) => Object.assign(new Error(message), { name });

/** Ticks every five minutes until the given time, and gives back everything that was said. */
const tickUntil = async (world: ScheduleWorld, iso: string): Promise<string[]> => {
  const said: string[] = [];
  while (world.clock.now() < Date.parse(iso)) {
    said.push(...reasons(await world.tick()));
    await world.wait(5);
  }
  return said;
};

const asleepWorld = async (world = oneGroup()): Promise<ScheduleWorld> => {
  await tickUntil(world, '2026-11-19T19:30:00Z');
  expect(world.groups.get('web')?.sizes.desired).toBe(0);
  return world;
};

describe('a night', () => {
  it('is told step by step', async () => {
    const world = oneGroup({ pods: 4 });
    expect(lines(await world.tick())).toEqual(['none opted-in node-group/web', 'none idle cluster/staging']);
    await world.waitUntil('2026-11-19T19:00:30Z');
    const evening = await world.tick();
    expect(reasons(evening)).toEqual(['save sizes-saved', 'drain drained', 'sleep resize-requested']);
    expect(detailOf(evening, 'sizes-saved')).toMatchObject({
      sizes: SIZES,
      cycle: '2026-11-19T19:00:00.000Z',
    });
    expect(detailOf(evening, 'drained')).toEqual({ nodes: 2, evicted: 4 });
    expect(detailOf(evening, 'resize-requested')).toMatchObject({
      from: SIZES,
      to: { min: 0, desired: 0, max: 5 },
    });
    await world.wait(1);
    expect(reasons(await world.tick())).toEqual(['none update-in-progress']);
    await world.wait(1);
    const terminating = await world.tick();
    expect(reasons(terminating)).toEqual(['none instances-terminating']);
    expect(detailOf(terminating, 'instances-terminating')).toMatchObject({
      instances: [{ lifecycleState: 'Terminating' }, { lifecycleState: 'Terminating' }],
    });
    await world.wait(5);
    expect(reasons(await world.tick())).toEqual(['verify asleep']);
    await world.waitUntil('2026-11-20T05:45:10Z');
    const dawn = await world.tick();
    expect(reasons(dawn)).toEqual(['wake sizes-requested']);
    expect(detailOf(dawn, 'sizes-requested')).toMatchObject({
      from: { min: 0, desired: 0, max: 5 },
      to: SIZES,
    });
    await world.wait(2);
    const waiting = await world.tick();
    expect(reasons(waiting)).toEqual(['none waiting-for-nodes']);
    expect(detailOf(waiting, 'waiting-for-nodes')).toMatchObject({ readyNodes: 0, wanted: 2 });
    await world.wait(5);
    const morning = await world.tick();
    expect(reasons(morning)).toEqual(['verify awake']);
    expect(detailOf(morning, 'awake')).toMatchObject({
      sizes: SIZES,
      readyNodes: 2,
      zones: { 'eu-central-1a': 1, 'eu-central-1b': 1 },
      lateMinutes: 0,
      sleptHours: 10.63,
      instanceHoursSaved: 21.25,
    });
    expect(world.notifications).toEqual([]);
  });

  it('publishes what was done, and only that', async () => {
    const world = oneGroup();
    await world.waitUntil('2026-11-19T19:00:30Z');
    const call = await world.tick();
    await call.recorder.finish('act');
    expect(call.published.map(({ detailType }) => detailType)).toEqual([
      'node-group-schedule/save',
      'node-group-schedule/drain',
      'node-group-schedule/sleep',
    ]);
  });
});

describe('an idle tick', () => {
  it('makes no call to EKS or Auto Scaling and names the next transition', async () => {
    const world = await asleepWorld();
    await world.tick();
    world.calls.length = 0;
    const call = await world.tick();
    expect(awsCalls(world)).toEqual([]);
    expect(lines(call)).toEqual(['none idle cluster/staging']);
    expect(call.verdicts[0]?.detail).toEqual({
      groups: 1,
      asleep: 1,
      next: { at: '2026-11-20T05:45:00.000Z', nodeGroup: 'web', to: 'awake' },
    });
  });

  it('looks at the cluster again after reconcileMinutes, and at once when the configuration changed', async () => {
    const world = oneGroup();
    await world.tick();
    world.calls.length = 0;
    await world.wait(1);
    await world.tick();
    expect(awsCalls(world)).toEqual([]);
    world.section = { ...world.section, groups: [], reconcileMinutes: 5 };
    await world.tick();
    expect(awsCalls(world)).toEqual(['eks:list staging', 'eks:describe web']);
    world.calls.length = 0;
    await world.wait(5);
    await world.tick();
    expect(awsCalls(world)).toEqual(['eks:list staging', 'eks:describe web']);
  });
});

describe('opting in', () => {
  it('is needed: a group without tag or entry is never touched', async () => {
    const world = worldWith();
    world.addGroup('db', SIZES);
    await tickUntil(world, '2026-11-19T20:30:00Z');
    expect(world.groups.get('db')?.sizes).toEqual(SIZES);
    expect(world.calls.filter((name) => name.startsWith('cluster:'))).toEqual([]);
  });

  it('with an unknown schedule leaves the group awake and says so', async () => {
    const world = worldWith();
    world.addGroup('web', SIZES, { tag: 'offfice' });
    const first = await world.tick();
    expect(detailOf(first, 'unknown-schedule')).toEqual({
      schedule: 'offfice',
      known: ['office'],
      stays: 'awake',
    });
    await tickUntil(world, '2026-11-19T20:30:00Z');
    expect(world.groups.get('web')?.sizes).toEqual(SIZES);
  });

  it('no more wakes a sleeping group and then forgets it', async () => {
    const world = await asleepWorld();
    const group = world.groups.get('web');
    if (group !== undefined) group.tags = {};
    const said = await tickUntil(world, '2026-11-19T21:30:00Z');
    expect(said).toEqual(expect.arrayContaining(['wake sizes-requested', 'verify awake', 'none opted-out']));
    expect(world.groups.get('web')?.sizes).toEqual(SIZES);
    expect(world.store.items().filter(({ sk }) => sk.startsWith('group#'))).toEqual([]);
  });
});

describe('saving sizes is refused', () => {
  it('while the group is not ACTIVE, until it is', async () => {
    const world = oneGroup();
    const group = world.groups.get('web');
    await world.waitUntil('2026-11-19T19:00:30Z');
    if (group !== undefined) group.status = 'UPDATING';
    expect(reasons(await world.tick())).toContain('none node-group-not-active');
    expect(world.store.items().filter(({ sk }) => sk.startsWith('saved#'))).toEqual([]);
    if (group !== undefined) delete group.status;
    await world.wait(5);
    expect(reasons(await world.tick())).toContain('save sizes-saved');
  });

  it('for a group at zero, which is looked at again at the pace of a reconcile', async () => {
    const world = worldWith();
    world.addGroup('web', { min: 0, desired: 0, max: 5 }, { tag: 'office' });
    await world.waitUntil('2026-11-19T19:00:30Z');
    expect(reasons(await world.tick())).toContain('none already-at-zero');
    world.calls.length = 0;
    await world.wait(5);
    expect(reasons(await world.tick())).toEqual(['none idle']);
    expect(awsCalls(world)).toEqual([]);
    await world.wait(60);
    expect(reasons(await world.tick())).toContain('none already-at-zero');
    expect(world.resizes).toEqual([]);
  });

  it('does not hold the lease meanwhile, so that an upgrade may go on', async () => {
    const world = worldWith();
    world.addGroup('web', { min: 0, desired: 0, max: 5 }, { tag: 'office' });
    await world.waitUntil('2026-11-19T19:00:30Z');
    await world.tick();
    const lease = await takeLease(world.store, world.clock, {
      resource: 'node-group/staging/web',
      holder: 'cluster-upgrade/x',
      seconds: 60,
    });
    expect(lease.held).toBe(true);
  });
});

describe('the drain', () => {
  it('goes on over the ticks, names the budget that blocks, and gives way at its deadline', async () => {
    const world = oneGroup({ pods: 3, budget: 'web-budget' });
    await world.waitUntil('2026-11-19T19:00:00Z');
    const first = await world.tick();
    expect(reasons(first).slice(-2)).toEqual(['save sizes-saved', 'drain drain-in-progress']);
    expect(detailOf(first, 'drain-in-progress')).toMatchObject({
      evicted: 2,
      remaining: ['shop/web-pod-0'],
      blocked: [{ pod: 'shop/web-pod-0', budgets: ['web-budget'] }],
    });
    expect(world.clock.now() - Date.parse('2026-11-19T19:00:00Z')).toBeLessThanOrEqual(61_000);
    expect(world.resizes).toEqual([]);
    await world.waitUntil('2026-11-19T19:05:00Z');
    expect(reasons(await world.tick())).toEqual(['drain drain-in-progress']);
    await world.waitUntil('2026-11-19T19:10:01Z');
    const last = await world.tick();
    expect(reasons(last)).toEqual(['drain drain-deadline-passed', 'sleep resize-requested']);
    expect(detailOf(last, 'drain-deadline-passed')).toMatchObject({
      blocked: [{ pod: 'shop/web-pod-0', budgets: ['web-budget'] }],
    });
    expect(world.notifications.map(({ subject }) => subject)).toEqual([
      'Budgets blocked the drain of staging/web',
    ]);
    expect(world.notifications[0]?.text).toContain('shop/web-pod-0: web-budget');
    expect(world.calls.filter((name) => name.startsWith('pods:delete'))).toEqual([]);
  });

  it('does not go on to resize while the cluster cannot be reached, however late it is', async () => {
    const world = oneGroup({ pods: 1 });
    world.failing.set('cluster:connect', new ClusterUnreachableError('staging', 'no route'));
    await world.waitUntil('2026-11-19T19:00:30Z');
    const call = await world.tick();
    expect(reasons(call).slice(-2)).toEqual(['save sizes-saved', 'none cluster-unreachable']);
    expect(call.failures).toHaveLength(1);
    await tickUntil(world, '2026-11-19T20:30:00Z');
    expect(world.resizes).toEqual([]);
    expect(world.notifications.map(({ subject }) => subject)).toEqual([
      'Sleep of staging/web does not get on: cluster-unreachable',
      expect.stringMatching(/^The sleep of staging\/web is \d+ min late$/),
    ]);
    world.failing.clear();
    expect(await tickUntil(world, '2026-11-19T21:00:00Z')).toContain('verify asleep');
  });

  it('does not count as tried while pods cannot be listed', async () => {
    const world = oneGroup({ pods: 1 });
    world.failing.set('pods:list', new KubernetesConnectionError('reset'));
    await world.waitUntil('2026-11-19T19:00:30Z');
    expect(await tickUntil(world, '2026-11-19T19:40:00Z')).toContain('none cluster-unreachable');
    expect(world.resizes).toEqual([]);
  });

  it('does not count as tried where evictions are forbidden', async () => {
    const world = oneGroup({ pods: 2 });
    world.forbidden = 'cannot create resource "pods/eviction"';
    await world.waitUntil('2026-11-19T19:00:30Z');
    const call = await world.tick();
    expect(detailOf(call, 'missing-right')).toMatchObject({ verb: 'create', resource: 'pods/eviction' });
    expect(call.failures).toHaveLength(1);
    await tickUntil(world, '2026-11-19T19:40:00Z');
    expect(world.resizes).toEqual([]);
  });

  it('names the right that it lacks to read the nodes', async () => {
    const world = oneGroup({ pods: 2 });
    const forbidden = new KubernetesApiError({
      status: 403,
      reason: 'Forbidden',
      message: 'User "x" cannot list resource "nodes" in API group ""',
      causes: [],
    });
    world.failing.set('nodes:list', forbidden);
    await world.waitUntil('2026-11-19T19:00:30Z');
    const call = await world.tick();
    expect(detailOf(call, 'missing-right')).toMatchObject({ verb: 'list', resource: 'nodes' });
    expect(call.failures).toEqual([forbidden]);
    expect(world.resizes).toEqual([]);
  });

  it('stops when the mode turns to observe in the middle of it', async () => {
    const world = oneGroup({ pods: 2, budget: 'web-budget' });
    await world.waitUntil('2026-11-19T19:00:30Z');
    // The mode is read before every list: what is asked after a list that came later is asked too much.
    let evictions = 0;
    let listedSince = false;
    let tooLate = 0;
    world.onCall = (name, moment) => {
      if (moment !== 'after') return;
      if (name.startsWith('pods:list') && world.mode === 'observe') listedSince = true;
      if (!name.startsWith('pods:evict')) return;
      evictions += 1;
      if (listedSince) tooLate += 1;
      if (evictions === 3) world.mode = 'observe';
    };
    const call = await world.tick();
    expect(evictions).toBeGreaterThanOrEqual(3);
    expect(tooLate).toBe(0);
    expect(world.resizes).toEqual([]);
    expect(call.verdicts.filter(({ mode }) => mode === 'observe').map(({ action }) => action)).toEqual([
      'drain',
      'sleep',
      'verify',
    ]);
  });

  it('turns back when the schedule changes its mind: cordons are lifted, sizes stay', async () => {
    const world = oneGroup({ pods: 2, budget: 'web-budget' });
    await world.waitUntil('2026-11-19T19:00:30Z');
    await world.tick();
    world.section = {
      ...world.section,
      schedules: { office: { ...office, awake: ['Mon-Sun 00:00-24:00'] } },
    };
    expect(reasons(await world.tick())).toEqual(['verify awake']);
    expect(world.resizes).toEqual([]);
    expect(world.groups.get('web')?.instances.map(({ cordonedBy }) => cordonedBy)).toEqual([
      undefined,
      undefined,
    ]);
    expect(world.store.items().filter(({ sk }) => sk.startsWith('saved#'))).toEqual([]);
  });
});

describe('a group that is wanted awake while it is going to sleep', () => {
  const always = { office: { ...office, awake: ['Mon-Sun 00:00-24:00'] } };

  it('gets its sizes back, and nodes on their way out do not count as Ready', async () => {
    const world = oneGroup();
    world.pace.terminate = 3600;
    await world.waitUntil('2026-11-19T19:00:30Z');
    await world.tick();
    await world.wait(2);
    expect(reasons(await world.tick())).toEqual(['none instances-terminating']);
    world.section = { ...world.section, schedules: always };
    expect(reasons(await world.tick())).toEqual(['wake sizes-requested']);
    await world.waitUntil('2026-11-19T19:04:10Z');
    const waiting = await world.tick();
    expect(detailOf(waiting, 'waiting-for-nodes')).toMatchObject({ readyNodes: 0, wanted: 2 });
    await world.wait(5);
    expect(reasons(await world.tick())).toEqual(['verify awake']);
    expect(world.groups.get('web')?.sizes).toEqual(SIZES);
  });

  it('sleeps on when its window closes before EKS was asked', async () => {
    const world = await asleepWorld();
    const asleep = world.section;
    const group = world.groups.get('web');
    if (group !== undefined) group.status = 'UPDATING';
    world.section = { ...asleep, schedules: always };
    expect(reasons(await world.tick())).toEqual(['none node-group-not-active']);
    if (group !== undefined) delete group.status;
    world.section = asleep;
    expect(reasons(await world.tick())).toEqual(['none wake-overtaken-by-sleep']);
    expect(world.groups.get('web')?.sizes.desired).toBe(0);
    await world.waitUntil('2026-11-20T05:45:10Z');
    await tickUntil(world, '2026-11-20T06:00:00Z');
    expect(world.groups.get('web')?.sizes).toEqual(SIZES);
  });
});

describe('EKS', () => {
  it.each([
    ['ResourceInUseException', 'busy', 'none node-group-busy'],
    ['TooManyRequestsException', 'slow down', 'none throttled'],
    ['InvalidRequestException', 'Request limit exceeded', 'none throttled'],
  ])('%s "%s" is tried again at the next tick and fails nothing', async (name, message, verdict) => {
    const world = oneGroup();
    await world.waitUntil('2026-11-19T19:00:30Z');
    world.failing.set('eks:resize', awsError(name, message));
    const call = await world.tick();
    expect(reasons(call)).toContain(verdict);
    expect(call.failures).toEqual([]);
    world.failing.clear();
    expect(await tickUntil(world, '2026-11-19T19:30:00Z')).toContain('verify asleep');
  });

  it('that refuses outright fails the invocation and is told once', async () => {
    const world = oneGroup();
    await world.waitUntil('2026-11-19T19:00:30Z');
    world.failing.set('eks:resize', awsError('AccessDeniedException', 'not authorized'));
    const call = await world.tick();
    expect(reasons(call)).toContain('none missing-right');
    expect(call.failures).toHaveLength(1);
    await world.wait(5);
    await world.tick();
    expect(world.notifications).toHaveLength(1);
  });

  it('whose update failed is asked again under another token, after a while, and people are told', async () => {
    const world = oneGroup();
    world.failingUpdates.push('NodeCreationFailure');
    await world.waitUntil('2026-11-19T19:00:30Z');
    const said = await tickUntil(world, '2026-11-19T19:40:00Z');
    expect(said).toEqual(expect.arrayContaining(['none sleep-failed', 'verify asleep']));
    expect(new Set(world.resizes.map(({ token }) => token)).size).toBe(2);
    expect(world.notifications.map(({ subject }) => subject)).toEqual(['Sleep of staging/web failed']);
    expect(world.notifications[0]?.text).toContain('NodeCreationFailure');
  });

  it('a wake that fails is tried again, and a late one is told', async () => {
    const world = await asleepWorld();
    world.failingUpdates.push('InsufficientFreeAddresses', 'InsufficientFreeAddresses');
    await world.waitUntil('2026-11-20T05:45:10Z');
    await tickUntil(world, '2026-11-20T06:40:00Z');
    expect(world.groups.get('web')?.sizes).toEqual(SIZES);
    expect(world.notifications.map(({ subject }) => subject)).toEqual([
      'Wake of staging/web failed',
      expect.stringMatching(/^The wake of staging\/web is \d+ min late$/),
    ]);
  });
});

describe('what others do in the night', () => {
  it('is kept: a size given by hand stays, is reported once, and is slept again only the next night', async () => {
    const world = await asleepWorld();
    world.resizeByHand('web', { min: 1, desired: 1, max: 2 });
    const said = await tickUntil(world, '2026-11-20T07:00:00Z');
    expect(said.filter((line) => line === 'none size-changed-by-others')).toHaveLength(1);
    expect(said).toContain('verify awake-by-others');
    expect(world.groups.get('web')?.sizes).toEqual({ min: 1, desired: 1, max: 2 });
    await world.waitUntil('2026-11-20T19:00:30Z');
    await tickUntil(world, '2026-11-20T19:30:00Z');
    expect(world.groups.get('web')?.sizes).toEqual({ min: 0, desired: 0, max: 2 });
  });

  it('is kept while it was still going to sleep, and nodes that stay are freed', async () => {
    const world = oneGroup();
    world.pace.terminate = 3600;
    await world.waitUntil('2026-11-19T19:00:30Z');
    await world.tick();
    await world.wait(2);
    await world.tick();
    world.resizeByHand('web', { min: 1, desired: 1, max: 5 });
    expect(reasons(await world.tick())).toEqual(['none size-changed-by-others', 'verify awake-by-others']);
    expect(world.groups.get('web')?.instances.every(({ cordonedBy }) => cordonedBy === undefined)).toBe(true);
    expect(await tickUntil(world, '2026-11-19T21:00:00Z')).not.toContain('save sizes-saved');
  });

  it('is found at the wake, when no reconcile came in between', async () => {
    const world = await asleepWorld();
    await world.waitUntil('2026-11-20T05:44:00Z');
    await world.tick();
    world.resizeByHand('web', { min: 2, desired: 4, max: 5 });
    await world.waitUntil('2026-11-20T05:45:10Z');
    expect(reasons(await world.tick())).toEqual(['none size-changed-by-others', 'verify awake-by-others']);
    expect(world.groups.get('web')?.sizes).toEqual({ min: 2, desired: 4, max: 5 });
  });

  it('a lowered maximum bounds what is restored', async () => {
    const world = await asleepWorld();
    world.resizeByHand('web', { min: 0, desired: 0, max: 1 });
    await world.waitUntil('2026-11-20T05:45:10Z');
    await tickUntil(world, '2026-11-20T06:00:00Z');
    expect(world.groups.get('web')?.sizes).toEqual({ min: 1, desired: 1, max: 1 });
  });

  it('a group deleted and made again is another group: awake, with its own size', async () => {
    const world = await asleepWorld();
    world.groups.delete('web');
    world.addGroup('web', { min: 4, desired: 4, max: 4 }, { tag: 'office' });
    await world.waitUntil('2026-11-20T05:45:10Z');
    const call = await world.tick();
    expect(detailOf(call, 'node-group-recreated')).toMatchObject({ saved: SIZES, phase: 'asleep' });
    expect(reasons(call)).toContain('none opted-in');
    await tickUntil(world, '2026-11-20T06:30:00Z');
    expect(world.groups.get('web')?.sizes).toEqual({ min: 4, desired: 4, max: 4 });
    expect(world.store.items().filter(({ sk }) => sk.startsWith('saved#'))).toEqual([]);
  });

  it('a deletion is noticed by the step that meets it', async () => {
    const world = oneGroup();
    await world.tick();
    world.groups.delete('web');
    await world.waitUntil('2026-11-19T19:00:30Z');
    expect(reasons(await world.tick())).toEqual(['none node-group-deleted']);
    expect(world.store.items().filter(({ sk }) => sk.startsWith('group#'))).toEqual([]);
  });
});

describe('several groups and clusters', () => {
  it('one that fails does not stop the other', async () => {
    const world = worldWith();
    world.addGroup('bad', SIZES, { tag: 'office' });
    world.addGroup('good', SIZES, { tag: 'office' });
    await world.waitUntil('2026-11-19T19:00:30Z');
    const fault = new Error('disk full');
    world.onCall = (name, moment) => {
      if (name === 'eks:resize bad' && moment === 'before') throw fault;
    };
    const call = await world.tick();
    expect(lines(call)).toContain('none step-failed node-group/bad');
    expect(lines(call)).toContain('sleep resize-requested node-group/good');
    expect(call.failures).toEqual([fault]);
  });

  it('a cluster that EKS does not list is reported, and its known groups go on', async () => {
    const world = createScheduleWorld({
      start: '2026-11-19T18:50:00Z',
      section: { schedules: { office }, reconcileMinutes: 5 },
      clusters: ['staging', 'prod'],
    });
    world.addGroup('web', SIZES, { tag: 'office' });
    await world.tick();
    await world.waitUntil('2026-11-19T19:00:30Z');
    world.failing.set('eks:list', awsError('ServerException', 'internal error'));
    const call = await world.tick();
    expect(lines(call)).toEqual(
      expect.arrayContaining([
        'none reconcile-failed cluster/staging',
        'none reconcile-failed cluster/prod',
        'sleep resize-requested node-group/web',
      ]),
    );
    expect(call.failures).toHaveLength(2);
  });

  it('a tick for one cluster leaves the others alone, an unknown one is refused', async () => {
    const world = createScheduleWorld({
      start: '2026-11-19T18:50:00Z',
      section: { schedules: { office } },
      clusters: ['staging', 'prod'],
    });
    expect(lines(await world.tick({ cluster: 'prod' }))).toEqual(['none idle cluster/prod']);
    await expect(world.tick({ cluster: 'atlantis' })).rejects.toThrow(MalformedEventError);
  });

  it('leaves a group to whoever holds its lease, and names them', async () => {
    const world = oneGroup();
    await world.waitUntil('2026-11-19T19:00:30Z');
    await takeLease(world.store, world.clock, {
      resource: 'node-group/staging/web',
      holder: 'cluster-upgrade/staging-1.35-1',
      seconds: 600,
    });
    const call = await world.tick();
    expect(reasons(call)).toContain('deferred lease-held');
    expect(detailOf(call, 'lease-held')).toMatchObject({ holder: 'cluster-upgrade/staging-1.35-1' });
    expect(world.store.items().filter(({ sk }) => sk.startsWith('saved#'))).toEqual([]);
    await world.wait(11);
    expect(reasons(await world.tick())).toContain('save sizes-saved');
  });

  it('begins nothing when the invocation is about to end', async () => {
    const world = oneGroup();
    await world.waitUntil('2026-11-19T19:00:30Z');
    expect(reasons(await world.tick({ remainingMs: 30_000 }))).toContain('none out-of-time');
    expect(world.resizes).toEqual([]);
  });
});

describe('modes', () => {
  it('observe reports the plan once and changes nothing but the table', async () => {
    const world = oneGroup({ pods: 2 });
    world.mode = 'observe';
    await world.waitUntil('2026-11-19T19:00:30Z');
    const call = await world.tick();
    expect(call.verdicts.map(({ action, reason, mode }) => `${mode} ${action} ${reason}`)).toEqual([
      'observe none opted-in',
      'observe save sleep-due',
      'observe drain sleep-due',
      'observe sleep sleep-due',
      'observe verify sleep-due',
    ]);
    world.calls.length = 0;
    await world.wait(5);
    expect(reasons(await world.tick())).toEqual(['none idle']);
    expect(awsCalls(world)).toEqual([]);
    await tickUntil(world, '2026-11-20T07:00:00Z');
    expect(world.resizes).toEqual([]);
    expect(world.calls.filter((name) => /^(nodes|pods|cluster|topic):/.test(name))).toEqual([]);
    expect(world.store.items().filter(({ sk }) => sk.startsWith('saved#'))).toEqual([]);
    expect(world.groups.get('web')?.sizes).toEqual(SIZES);
  });

  it('observe plans no sleep for a group that would be refused', async () => {
    const world = worldWith();
    world.addGroup('web', { min: 0, desired: 0, max: 5 }, { tag: 'office' });
    world.mode = 'observe';
    await world.waitUntil('2026-11-19T19:00:30Z');
    expect(reasons(await world.tick())).toEqual(['none opted-in', 'none already-at-zero']);
  });

  it('observe in the middle of a night plans the wake and leaves the group asleep; act then wakes it', async () => {
    const world = await asleepWorld();
    world.mode = 'observe';
    await world.waitUntil('2026-11-20T05:45:10Z');
    expect(reasons(await world.tick())).toEqual(['wake wake-due', 'verify wake-due']);
    expect(world.groups.get('web')?.sizes.desired).toBe(0);
    world.mode = 'act';
    await world.wait(5);
    expect(reasons(await world.tick())).toEqual(['wake sizes-requested']);
  });

  it('off does not even read the groups', async () => {
    const world = oneGroup();
    world.mode = 'off';
    expect(lines(await world.tick())).toEqual(['none mode-off cluster/staging']);
    expect(awsCalls(world)).toEqual([]);
  });

  it('is read before every step: turned to observe after the save, nothing is drained', async () => {
    const world = oneGroup({ pods: 1 });
    await world.waitUntil('2026-11-19T19:00:30Z');
    world.onCall = (name, moment) => {
      if (name.startsWith('store:write saved#') && moment === 'after') world.mode = 'observe';
    };
    await world.tick();
    expect(world.calls.filter((name) => /^(nodes|pods|eks:resize)/.test(name))).toEqual([]);
  });
});
