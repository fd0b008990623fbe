import { describe, expect, it } from '@jest/globals';
import { createConcurrencyLimit } from '../../../../shared/drain/concurrency.ts';
import { runDrain } from '../../../../shared/drain/loop.ts';
import type { LaneVerdict, Pace, TaskOptions } from '../../../../shared/drain/pace.ts';
import { createPace, NotBegunError } from '../../../../shared/drain/pace.ts';
import { reportOf } from '../../../../shared/drain/report.ts';
import { startDrain } from '../../../../shared/drain/state.ts';
import type { RemovalOutcome } from '../../../../shared/drain/types.ts';
import { PressureError } from '../../../../shared/drain/types.ts';
import type { WorldPod } from '../../../fixtures/drain-world.ts';
import { createDrainWorld } from '../../../fixtures/drain-world.ts';
import { podOf } from '../../../fixtures/pods.ts';
import { createVirtualClock } from '../../../fixtures/virtual-clock.ts';
import { at, optionsOf } from './drive-step.ts';

const NEVER = Number.POSITIVE_INFINITY;

interface Asked {
  readonly lane: string | undefined;
  readonly expiresAt: number | undefined;
  readonly verdict: LaneVerdict;
}

const setUp = (pods: readonly WorldPod[], options = {}) => {
  const clock = createVirtualClock(at(0));
  const api = createDrainWorld(clock, pods);
  const state = startDrain(optionsOf(options), at(0));
  const asked: Asked[] = [];
  const slowed: (number | undefined)[] = [];
  let expired = 0;
  /** Begins everything at once, unless `expired` says that its turn did not come. */
  const limiter: Pace = {
    run: async <T>(task: () => Promise<T>, { lane, expiresAt, judge }: TaskOptions<T> = {}) => {
      if (expired-- > 0) throw new NotBegunError();
      const result = await task();
      asked.push({ lane, expiresAt, verdict: judge?.(result) });
      return result;
    },
    slowDown: (seconds) => void slowed.push(seconds),
    calm: async () => {},
  };
  return {
    clock,
    api,
    asked,
    slowed,
    expire: (count: number) => {
      expired = count;
    },
    run: (more: Partial<Parameters<typeof runDrain>[0]> = {}) =>
      runDrain({ api, clock, state, stopAt: NEVER, limiter, ...more }),
  };
};

describe('what a drain tells the pace of its cluster', () => {
  it('is the budget as the lane, the last chance as the end, and what came of it', async () => {
    const { api, run, asked } = setUp([{ name: 'cart', budget: 'cart' }, { name: 'free' }], {
      deadlineAt: at(60),
    });
    api.room.set('cart', 1);
    await run();
    expect(asked).toHaveLength(2);
    expect(asked).toStrictEqual(
      expect.arrayContaining([
        { lane: 'shop/cart', expiresAt: at(25), verdict: 'granted' },
        { lane: undefined, expiresAt: at(25), verdict: 'granted' },
      ]),
    );
  });

  it.each<[RemovalOutcome, LaneVerdict]>([
    [{ kind: 'budget', budgets: ['cart'], message: 'full' }, 'refused'],
    [{ kind: 'gone' }, undefined],
    [{ kind: 'conflict' }, undefined],
    [{ kind: 'failed', message: 'reset' }, undefined],
  ])('is of %j: %s', async (outcome, verdict) => {
    const { api, run, asked } = setUp([{ name: 'cart' }], { deadlineAt: at(3) });
    api.answers.set('cart', [outcome]);
    await run();
    expect(asked[0]?.verdict).toBe(verdict);
  });

  it.each<[string, RemovalOutcome, readonly (number | undefined)[]]>([
    ['the pause that the server asks for', { kind: 'pressure', retryAfterSeconds: 4 }, [4]],
    ['a second where it does not say', { kind: 'pressure' }, [1]],
    ['that it struggles', { kind: 'failed', message: 'reset', struggling: true }, [undefined]],
    ['nothing of another failure', { kind: 'failed', message: 'bad request' }, []],
    ['nothing of a refusal', { kind: 'budget', budgets: ['cart'], message: 'full' }, []],
  ])('is %s', async (_, outcome, expected) => {
    const { api, run, slowed } = setUp([{ name: 'cart' }]);
    api.answers.set('cart', [outcome]);
    await run();
    expect(slowed).toStrictEqual(expected);
  });

  it.each<[string, Error, readonly number[]]>([
    ['the pause that it asks for', new PressureError('busy', { retryAfterSeconds: 6 }), [6]],
    ['nothing where it does not say', new PressureError('busy', { retryAfterSeconds: undefined }), []],
    ['nothing of another failure', new Error('refused'), []],
  ])('is of a list that a server under pressure refused: %s', async (_, error, expected) => {
    const { api, run, slowed } = setUp([{ name: 'cart' }]);
    let lists = 0;
    const listPods = async (name: string) => {
      lists += 1;
      if (lists === 1) throw error;
      return api.listPods(name);
    };
    await run({ api: { ...api, listPods } });
    expect(slowed).toStrictEqual(expected);
  });

  it.each(['a pace that cannot slow down', 'none at all'])('may be nothing: there is %s', async (which) => {
    const { api, clock, run } = setUp([{ name: 'a' }, { name: 'b' }]);
    const pressure: RemovalOutcome = { kind: 'pressure', retryAfterSeconds: 2 };
    api.answers.set('a', [pressure, { kind: 'failed', message: 'reset', struggling: true }]);
    let lists = 0;
    const listPods = async (name: string) => {
      lists += 1;
      if (lists === 2) throw new PressureError('busy', { retryAfterSeconds: 1 });
      return api.listPods(name);
    };
    const end = await run({
      api: { ...api, listPods },
      ...(which === 'none at all' ? { limiter: undefined } : { limiter: createConcurrencyLimit(9) }),
    } as Partial<Parameters<typeof runDrain>[0]>);
    expect(reportOf(end, clock.now())).toMatchObject({ outcome: 'empty', evicted: 2 });
  });
});

describe('a request whose turn did not come', () => {
  it('was not sent, says nothing about the pod, and is made again', async () => {
    const { api, clock, run, expire } = setUp([{ name: 'cart' }]);
    expire(2);
    const end = await run();
    expect(api.calls.filter(({ kind }) => kind === 'evict')).toHaveLength(1);
    expect(reportOf(end, clock.now())).toMatchObject({ outcome: 'empty', evicted: 1 });
    expect(end.pods['uid-cart']).toMatchObject({ attempts: 3 });
    expect(end.pods['uid-cart']).not.toHaveProperty('error');
  });
});

describe('the budgets of pods that are held to the end', () => {
  const held: WorldPod[] = [
    { name: 'cart', budget: 'cart' },
    { name: 'web', budget: 'web' },
  ];
  const setUpHeld = () => {
    const scene = setUp(held, { deleteAtDeadline: false, deadlineAt: at(20) });
    scene.api.answers.set('cart', Array(99).fill({ kind: 'budget', budgets: [], message: 'full' }));
    const looked: string[][] = [];
    /** Answers nothing while the drain goes on. */
    const budgetsOf: typeof scene.api.budgetsOf = async (pods) => {
      if (scene.clock.now() < at(20)) return new Map();
      looked.push(pods.map(({ metadata }) => metadata?.name ?? ''));
      return scene.api.budgetsOf(pods);
    };
    return { ...scene, looked, budgetsOf };
  };

  it('are looked up for the report where no refusal named them', async () => {
    const { api, clock, run, looked, budgetsOf } = setUpHeld();
    const end = await run({ api: { ...api, budgetsOf } });
    expect(looked).toEqual([['cart']]);
    expect(reportOf(end, clock.now()).blocked).toEqual([
      { pod: 'shop/cart', budgets: ['cart'] },
      { pod: 'shop/web', budgets: ['web'] },
    ]);
  });

  it('are not looked up for pods of other nodes', async () => {
    const { api, run, looked, budgetsOf } = setUpHeld();
    const listPods = async (name: string) => [
      ...(await api.listPods(name)),
      podOf({ name: 'stranger', nodeName: 'node-2' }),
    ];
    await run({ api: { ...api, listPods, budgetsOf } });
    expect(looked).toEqual([['cart']]);
  });

  it('remain unknown where they cannot be had, and the report says why', async () => {
    const { api, clock, run } = setUpHeld();
    const budgetsOf = async () => {
      if (clock.now() < at(20)) return new Map<string, readonly string[]>();
      throw new Error('may not list budgets');
    };
    const report = reportOf(await run({ api: { ...api, budgetsOf } }), clock.now());
    expect(report).toMatchObject({ outcome: 'blocked', error: 'Error: may not list budgets' });
    expect(report.blocked[0]).toEqual({ pod: 'shop/cart', budgets: [] });
  });
});

describe('requests that wait for their turn when a worker leaves', () => {
  const setUpTwo = () => {
    const scene = setUp([{ name: 'sent' }, { name: 'waiting' }]);
    scene.api.answers.set('sent', ['hang']);
    const evicted = () => scene.api.calls.filter(({ kind }) => kind === 'evict').map(({ name }) => name);
    return { ...scene, evicted, limiter: createConcurrencyLimit(1) };
  };

  it('were not made, which the next one knows; of those that were made it knows nothing', async () => {
    const { run, limiter, clock, evicted } = setUpTwo();
    const left = await run({ limiter, stopAt: at(3) });
    expect(left.pods['uid-sent']).toMatchObject({ inFlight: true });
    expect(left.pods['uid-waiting']).toMatchObject({ inFlight: false });
    await clock.sleep(4_000_000);
    expect(evicted()).toEqual(['sent']);
  });

  it('are not made while it looks up the budgets for its report', async () => {
    const { api, clock, run } = setUp([{ name: 'held' }, { name: 'b' }, { name: 'c' }, { name: 'd' }]);
    api.answers.set('held', Array(99).fill({ kind: 'budget', budgets: [], message: 'full' }));
    const budgetsOf: typeof api.budgetsOf = async (pods) => {
      if (clock.now() >= at(1.5)) await clock.sleep(60_000);
      return api.budgetsOf(pods);
    };
    const limiter = createPace({ clock, concurrency: 1, perSecond: 1 });
    await run({ api: { ...api, budgetsOf }, limiter, stopAt: at(1.5) });
    expect(clock.now()).toBe(at(61.5));
    const evicted = api.calls.filter(({ kind }) => kind === 'evict').map(({ name }) => name);
    expect(evicted).toEqual(['held', 'b']);
  });

  it('are not made either where it leaves by an error', async () => {
    const { run, limiter, clock, evicted } = setUpTwo();
    const beforeRound = async () => {
      if (clock.now() > at(1)) throw new Error('the table is gone');
      return 'go' as const;
    };
    await expect(run({ limiter, beforeRound })).rejects.toThrow('the table is gone');
    await clock.sleep(4_000_000);
    expect(evicted()).toEqual(['sent']);
  });
});

describe('a worker that goes on with a drain', () => {
  it('asks before it removes what the one before left, though a list is due at the same time', async () => {
    const { api, clock, run } = setUp([{ name: 'cart', budget: 'cart' }]);
    const left = await run({ stopAt: at(3) });
    const before = api.calls.filter(({ kind }) => kind !== 'list').length;
    // By then its budget may be asked again.
    await clock.sleep(10_000);
    await run({ state: left, beforeRemovals: async () => 'stop' });
    expect(api.calls.filter(({ kind }) => kind !== 'list')).toHaveLength(before);
  });
});
