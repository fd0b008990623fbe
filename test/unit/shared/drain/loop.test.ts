import { describe, expect, it } from '@jest/globals';
import { createConcurrencyLimit } from '../../../../shared/drain/concurrency.ts';
import { runDrain } from '../../../../shared/drain/loop.ts';
import { createPace } from '../../../../shared/drain/pace.ts';
import { reportOf } from '../../../../shared/drain/report.ts';
import type { DrainState } from '../../../../shared/drain/state.ts';
import { startDrain } from '../../../../shared/drain/state.ts';
import { PressureError } from '../../../../shared/drain/types.ts';
import type { WorldPod } from '../../../fixtures/drain-world.ts';
import { createDrainWorld } from '../../../fixtures/drain-world.ts';
import { podOf } from '../../../fixtures/pods.ts';
import { createVirtualClock } from '../../../fixtures/virtual-clock.ts';

const NEVER = Number.POSITIVE_INFINITY;

const setUp = (pods: readonly WorldPod[], options: { seconds?: number; deleteAtDeadline?: boolean } = {}) => {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const api = createDrainWorld(clock, pods);
  const state = startDrain(
    {
      node: { name: 'node-1', uid: 'node-uid' },
      cluster: 'staging',
      deadlineAt: startedAt + (options.seconds ?? 110) * 1000,
      marginSeconds: 5,
      deleteAtDeadline: options.deleteAtDeadline ?? true,
      taintKeys: [],
    },
    startedAt,
  );
  const secondsGone = () => (clock.now() - startedAt) / 1000;
  return { clock, api, state, secondsGone };
};

const fleet = (count: number, pod: Partial<WorldPod> = {}): WorldPod[] =>
  Array.from({ length: count }, (_, index) => ({ name: `web-${index}`, ...pod }));

describe('runDrain', () => {
  it('empties a node of 110 pods with one eviction a pod, all at once, and one list a round', async () => {
    const { api, clock, state } = setUp(fleet(110));
    const end = await runDrain({ api, clock, state, stopAt: NEVER });
    expect(reportOf(end, clock.now())).toMatchObject({
      outcome: 'empty',
      evicted: 110,
      deleted: 0,
      remaining: [],
    });
    expect(reportOf(end, clock.now()).secondsToEmpty).toBeLessThan(2.5);
    expect(api.calls.filter(({ kind }) => kind === 'evict')).toHaveLength(110);
    expect(api.mostAtOnce).toBe(110);
    expect(api.calls.filter(({ kind }) => kind === 'list').length).toBeLessThanOrEqual(6);
  });

  it('keeps within a limit that the drains of a cluster share', async () => {
    const { api, clock, state } = setUp(fleet(30));
    const limiter = createConcurrencyLimit(4);
    await Promise.all([
      runDrain({ api, clock, state, stopAt: NEVER, limiter }),
      runDrain({ api, clock, state, stopAt: NEVER, limiter }),
    ]);
    expect(api.mostAtOnce).toBe(4);
  });

  it('gets everything out as soon as a budget has room', async () => {
    const { api, clock, state, secondsGone } = setUp(fleet(10, { budget: 'web' }));
    api.room.set('web', 5);
    const waiting = runDrain({ api, clock, state, stopAt: NEVER });
    await clock.sleep(20_000);
    expect(api.names()).toHaveLength(5);
    api.room.set('web', 5);
    const end = await waiting;
    expect(reportOf(end, clock.now())).toMatchObject({
      outcome: 'empty',
      evicted: 10,
      deleted: 0,
      blocked: [],
    });
    expect(secondsGone()).toBeLessThan(29);
  });

  it('deletes what a budget holds when the time left reaches its grace, and names the budget', async () => {
    const { api, clock, state, secondsGone } = setUp([
      { name: 'cart', budget: 'cart', graceSeconds: 30, stopSeconds: 10 },
    ]);
    const end = await runDrain({ api, clock, state, stopAt: NEVER });
    const deletes = api.calls.filter(({ kind }) => kind === 'delete');
    expect(deletes.map(({ at }) => (at - state.startedAt) / 1000)).toEqual([75]);
    expect(reportOf(end, clock.now())).toMatchObject({
      outcome: 'empty',
      deleted: 1,
      blocked: [{ pod: 'shop/cart', budgets: ['cart'] }],
    });
    expect(secondsGone()).toBeLessThan(90);
  });

  it('gives up at the deadline, not later, while an answer is outstanding', async () => {
    const { api, clock, state, secondsGone } = setUp([{ name: 'stuck' }], { seconds: 60 });
    api.answers.set('stuck', ['hang']);
    const end = await runDrain({ api, clock, state, stopAt: NEVER });
    expect(secondsGone()).toBe(60);
    expect(reportOf(end, clock.now())).toMatchObject({ outcome: 'deadline', remaining: ['shop/stuck'] });
  });

  it('looks up the budgets of a pod where the server only says that there are two', async () => {
    const { api, clock, state } = setUp([{ name: 'cart', budget: 'cart' }], {
      deleteAtDeadline: false,
      seconds: 20,
    });
    api.answers.set('cart', [{ kind: 'budget-misconfigured', message: 'more than one' }]);
    const end = await runDrain({ api, clock, state, stopAt: NEVER });
    expect(reportOf(end, clock.now())).toMatchObject({
      outcome: 'blocked',
      blocked: [{ pod: 'shop/cart', budgets: ['cart'] }],
    });
  });

  it('survives failing lists and evictions that throw', async () => {
    const { api, clock, state } = setUp(fleet(3));
    api.failingLists = 2;
    api.answers.set('web-1', ['throw']);
    const end = await runDrain({ api, clock, state, stopAt: NEVER });
    expect(reportOf(end, clock.now())).toMatchObject({ outcome: 'empty', evicted: 3 });
    expect(reportOf(end, clock.now()).error).toBeUndefined();
  });

  it('leaves at stopAt with a state that another worker finishes', async () => {
    const { api, clock, state } = setUp(fleet(4, { budget: 'web' }));
    api.room.set('web', 1);
    const left = await runDrain({ api, clock, state, stopAt: state.startedAt + 3_000 });
    expect(clock.now()).toBe(state.startedAt + 3_000);
    expect(reportOf(left, clock.now())).toMatchObject({ outcome: 'in-progress', evicted: 1 });
    api.room.set('web', 3);
    const stored = JSON.parse(JSON.stringify(left)) as DrainState;
    const end = await runDrain({ api, clock, state: stored, stopAt: NEVER });
    expect(reportOf(end, clock.now())).toMatchObject({ outcome: 'empty', evicted: 4 });
  });

  it('asks before every round and does nothing more once it hears stop', async () => {
    const { api, clock, state } = setUp(fleet(4, { budget: 'web' }));
    const rounds: number[] = [];
    const end = await runDrain({
      api,
      clock,
      state,
      stopAt: NEVER,
      beforeRound: async () => {
        rounds.push(clock.now());
        return rounds.length > 3 ? 'stop' : 'go';
      },
    });
    expect(rounds).toHaveLength(4);
    expect(api.calls.filter(({ kind }) => kind === 'list')).toHaveLength(3);
    expect(end.finished).toBeUndefined();
  });

  /** One request a second. */
  const slowly = (clock: Parameters<typeof createDrainWorld>[0]) =>
    createPace({ clock, concurrency: 1, perSecond: 1 });

  it.each<[string, Partial<Parameters<typeof runDrain>[0]>, number]>([
    ['it is told to stop', {}, 3],
    ['another worker has to go on', { stopAt: 2_500 }, 3],
  ])('sends nothing of what waits for its turn once %s', async (_, { stopAt = NEVER }, sent) => {
    const { api, clock, state } = setUp(fleet(6), { deleteAtDeadline: false });
    const end = await runDrain({
      api,
      clock,
      state,
      stopAt: state.startedAt + stopAt,
      beforeRound: async () => (stopAt === NEVER && clock.now() >= state.startedAt + 2_000 ? 'stop' : 'go'),
      limiter: slowly(clock),
    });
    await clock.sleep(60_000);
    const evictions = api.calls.filter(({ kind }) => kind === 'evict');
    expect(evictions).toHaveLength(sent);
    const waiting = Object.values(end.pods).filter(
      ({ name }) => !evictions.some((call) => call.name === name),
    );
    expect(waiting.map(({ inFlight, wasAsked }) => [inFlight, wasAsked])).toEqual(
      Array(6 - sent).fill([false, undefined]),
    );
  });

  it('sends nothing after an error has ended it', async () => {
    const { api, clock, state } = setUp(fleet(6));
    const beforeRound = async (): Promise<'go'> => {
      if (clock.now() >= state.startedAt + 1_000) throw new Error('the table is gone');
      return 'go';
    };
    await expect(
      runDrain({ api, clock, state, stopAt: NEVER, beforeRound, limiter: slowly(clock) }),
    ).rejects.toThrow('the table is gone');
    const sent = api.calls.length;
    await clock.sleep(60_000);
    expect(api.calls).toHaveLength(sent);
  });

  it('goes on by a deadline that moves, and asks nobody twice', async () => {
    const { api, clock, state, secondsGone } = setUp([...fleet(6), { name: 'cart', budget: 'cart' }], {
      seconds: 900,
    });
    const moved = { ...state.options, deadlineAt: state.startedAt + 60_000 };
    const end = await runDrain({
      api,
      clock,
      state,
      stopAt: NEVER,
      beforeRound: async (current) =>
        clock.now() >= state.startedAt + 2_000 && current.options !== moved ? { options: moved } : 'go',
      limiter: slowly(clock),
    });
    expect(secondsGone()).toBeLessThan(60);
    const names = api.calls.filter(({ kind, name }) => kind === 'evict' && name !== 'cart');
    expect(names.map(({ name }) => name).sort()).toEqual(fleet(6).map(({ name }) => name));
    expect(reportOf(end, clock.now())).toMatchObject({ outcome: 'empty', evicted: 6, deleted: 1 });
  });

  it('evicts nothing at all when the first answer is stop', async () => {
    const { api, clock, state } = setUp(fleet(4));
    await runDrain({ api, clock, state, stopAt: NEVER, beforeRound: async () => 'stop' });
    expect(api.calls).toEqual([]);
  });

  it('throws what beforeRound throws', async () => {
    const { api, clock, state } = setUp(fleet(1));
    const beforeRound = async (): Promise<'go'> => {
      throw new Error('the table is gone');
    };
    await expect(runDrain({ api, clock, state, stopAt: NEVER, beforeRound })).rejects.toThrow(
      'the table is gone',
    );
    expect(api.calls).toEqual([]);
  });

  it('says once, before the first removal, which pods are about to be asked', async () => {
    const { api, clock, state } = setUp(fleet(4, { budget: 'web' }));
    const told: DrainState[] = [];
    const beforeRemovals = async (about: DrainState): Promise<'go'> => {
      expect(api.calls.filter(({ kind }) => kind !== 'list')).toEqual([]);
      told.push(about);
      return 'go';
    };
    api.room.set('web', 2);
    await runDrain({ api, clock, state, stopAt: NEVER, beforeRemovals });
    expect(told).toHaveLength(1);
    expect(Object.values(told[0]?.pods ?? {}).map(({ attempts, inFlight }) => [attempts, inFlight])).toEqual(
      Array(4).fill([1, true]),
    );
  });

  it('removes nothing once it hears stop there, and does not say that it did', async () => {
    const { api, clock, state } = setUp(fleet(4));
    const end = await runDrain({ api, clock, state, stopAt: NEVER, beforeRemovals: async () => 'stop' });
    expect(api.calls.filter(({ kind }) => kind !== 'list')).toEqual([]);
    expect(Object.values(end.pods).every(({ attempts }) => attempts === 0)).toBe(true);
  });

  it('throws what it is told there', async () => {
    const { api, clock, state } = setUp(fleet(1));
    const beforeRemovals = async (): Promise<'go'> => {
      throw new Error('the table is gone');
    };
    await expect(runDrain({ api, clock, state, stopAt: NEVER, beforeRemovals })).rejects.toThrow('gone');
  });

  it('ends where the node is not there any more, and moves no pod of one that came in its place', async () => {
    const { api, clock, state } = setUp([{ name: 'web' }, { name: 'stuck', budget: 'web' }]);
    const isThere = async () => clock.now() < state.startedAt + 3_000;
    const late = { ...api, isThere };
    const listPods = async (name: string) => {
      const pods = await api.listPods(name);
      return clock.now() < state.startedAt + 3_000 ? pods : [podOf({ name: 'stranger' })];
    };
    const end = await runDrain({ api: { ...late, listPods }, clock, state, stopAt: NEVER });
    expect(end.finished?.outcome).toBe('node-gone');
    expect(reportOf(end, clock.now()).remaining).toEqual(['shop/stuck']);
    expect(api.calls.filter(({ name }) => name === 'stranger')).toEqual([]);
  });

  it('does not ask for the node as long as nothing surprises it', async () => {
    const { api, clock, state } = setUp(fleet(5));
    let asked = 0;
    const isThere = async () => {
      asked += 1;
      return true;
    };
    await runDrain({ api: { ...api, isThere }, clock, state, stopAt: NEVER });
    expect(asked).toBe(0);
  });

  it('goes without the budgets where they do not come soon', async () => {
    const { api, clock, state } = setUp(fleet(20, { budget: 'web' }), { seconds: 30 });
    api.room.set('web', 20);
    const budgetsOf = () => new Promise<never>(() => {});
    const end = await runDrain({ api: { ...api, budgetsOf }, clock, state, stopAt: NEVER });
    expect(reportOf(end, clock.now())).toMatchObject({ outcome: 'empty', evicted: 20 });
  });

  it('leaves a server alone that asks for it, evictions and lists alike', async () => {
    const { api, clock, state } = setUp(fleet(6));
    api.answers.set('web-0', [{ kind: 'pressure', retryAfterSeconds: 4 }]);
    const limiter = createPace({ clock, concurrency: 3, perSecond: 100 });
    const end = await runDrain({ api, clock, state, stopAt: NEVER, limiter });
    const early = api.calls.filter(({ at }) => at > state.startedAt + 50 && at < state.startedAt + 4_000);
    expect(early).toEqual([]);
    expect(reportOf(end, clock.now())).toMatchObject({ outcome: 'empty', evicted: 6 });
  });

  it('lists no sooner than a server under pressure wants', async () => {
    const { api, clock, state } = setUp(fleet(1));
    let refusals = 2;
    const listPods = async (name: string) => {
      const pods = await api.listPods(name);
      if (refusals-- > 0) throw new PressureError('too many requests', { retryAfterSeconds: 6 });
      return pods;
    };
    await runDrain({ api: { ...api, listPods }, clock, state, stopAt: NEVER });
    const lists = api.calls
      .filter(({ kind }) => kind === 'list')
      .map(({ at }) => (at - state.startedAt) / 1000);
    expect(lists[1]).toBeGreaterThanOrEqual(6);
    expect(lists[2]).toBeGreaterThanOrEqual(12);
  });
});
