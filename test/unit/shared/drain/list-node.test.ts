import { describe, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { listNode } from '../../../../shared/drain/list-node.ts';
import type { DrainState } from '../../../../shared/drain/state.ts';
import { resumeDrain, startDrain } from '../../../../shared/drain/state.ts';
import type { DrainApi, RemovalOutcome } from '../../../../shared/drain/types.ts';
import { PressureError } from '../../../../shared/drain/types.ts';
import { podOf } from '../../../fixtures/pods.ts';
import { createVirtualClock } from '../../../fixtures/virtual-clock.ts';
import { ACCEPTED, answer, at, begun, optionsOf } from './drive-step.ts';

const empty = () => startDrain(optionsOf(), at(0));
const listed = () => begun([{ name: 'a' }]).state;
const answered = (outcome: RemovalOutcome) => answer(listed(), 'uid-a', outcome, at(0)).state;
const refused = () => answered({ kind: 'conflict' });

const setUp = (api: Partial<DrainApi>) => {
  const clock = createVirtualClock(at(10));
  const asked: { listed: string[]; there: string[]; budgets: string[][] } = {
    listed: [],
    there: [],
    budgets: [],
  };
  const world: DrainApi = {
    listPods: async (name) => {
      asked.listed.push(name);
      return [];
    },
    evict: async () => ACCEPTED,
    deletePod: async () => ACCEPTED,
    budgetsOf: async (pods) => {
      asked.budgets.push(pods.map(({ metadata }) => metadata?.name ?? ''));
      return new Map(pods.map((pod) => [pod.metadata?.uid ?? '', ['web']]));
    },
    isThere: async ({ uid }) => {
      asked.there.push(uid);
      return true;
    },
    ...api,
  };
  return { clock, asked, look: (state: DrainState) => listNode({ api: world, clock }, 7, state) };
};
const pods = (...names: readonly string[]): readonly V1Pod[] => names.map((name) => podOf({ name }));

describe('a look at the node', () => {
  it('is one list of its pods, with the budgets of those that are new', async () => {
    const { look, asked, clock } = setUp({ listPods: async () => pods('a', 'b') });
    expect(await look(listed())).toStrictEqual({
      kind: 'pods',
      list: 7,
      pods: pods('a', 'b'),
      budgets: new Map([['uid-b', ['web']]]),
    });
    expect(asked.budgets).toEqual([['b']]);
    expect(clock.sleeping).toBe(0);
  });

  it('asks for the node by its name', async () => {
    const { look, asked } = setUp({});
    await look(empty());
    expect(asked.listed).toEqual(['node-1']);
  });

  it('asks for no budgets where no pod is new', async () => {
    const { look, asked } = setUp({ listPods: async () => pods('a') });
    expect(await look(listed())).toStrictEqual({ kind: 'pods', list: 7, pods: pods('a') });
    expect(asked.budgets).toEqual([]);
  });

  it.each<[string, DrainApi['budgetsOf'], number]>([
    ['fail', async () => Promise.reject(new Error('forbidden')), 0],
    ['do not come within a second', () => new Promise(() => {}), 1_000],
  ])('goes without the budgets where they %s', async (_, budgetsOf, waitedMs) => {
    const { look, clock } = setUp({ listPods: async () => pods('b'), budgetsOf });
    expect(await look(empty())).toStrictEqual({ kind: 'pods', list: 7, pods: pods('b') });
    expect(clock.now()).toBe(at(10) + waitedMs);
  });

  it.each<[string, Error, object]>([
    ['fails', new Error('refused'), { message: 'Error: refused' }],
    [
      'is refused for a while',
      new PressureError('too many', { retryAfterSeconds: 6 }),
      { message: 'PressureError: too many', retryAfterSeconds: 6 },
    ],
    [
      'is refused for nobody knows how long',
      new PressureError('too many', { retryAfterSeconds: undefined }),
      { message: 'PressureError: too many' },
    ],
  ])('that %s says so', async (_, error, expected) => {
    const { look } = setUp({ listPods: async () => Promise.reject(error) });
    expect(await look(empty())).toStrictEqual({ kind: 'list-failed', list: 7, ...expected });
  });
});

it('pressure keeps what it comes from', () => {
  const cause = new Error('429');
  const error = new PressureError('busy', { retryAfterSeconds: 6, cause });
  expect([error.name, error.message, error.cause, error.retryAfterSeconds]).toEqual([
    'PressureError',
    'busy',
    cause,
    6,
  ]);
});

describe('whether the node is there still', () => {
  it.each<[string, () => DrainState, readonly string[], boolean]>([
    ['is not asked at the first list', empty, ['a'], false],
    ['is not asked where nothing has changed', refused, ['a'], false],
    ['is asked where a pod has come', refused, ['a', 'b'], true],
    ['is asked where a pod has gone that we did not remove', refused, [], true],
    [
      'is asked where one of two has gone that we did not remove',
      () => answer(begun([{ name: 'a' }, { name: 'b' }]).state, 'uid-a', { kind: 'conflict' }, at(0)).state,
      ['b'],
      true,
    ],
    ['is not asked where a pod has gone that is being asked to', listed, [], false],
    ['is not asked where a pod has gone that went along with us', () => answered(ACCEPTED), [], false],
    [
      'is not asked where a pod has gone whose answer was lost',
      () => resumeDrain(listed(), at(5)),
      [],
      false,
    ],
  ])('%s', async (_, state, names, expected) => {
    const { look, asked } = setUp({ listPods: async () => pods(...names) });
    expect(await look(state())).toMatchObject({ kind: 'pods' });
    expect(asked.there).toEqual(expected ? ['node-uid'] : []);
  });

  it('ends the drain where it is not', async () => {
    const { look, asked } = setUp({ listPods: async () => pods('stranger'), isThere: async () => false });
    expect(await look(refused())).toEqual({ kind: 'node-gone', list: 7 });
    expect(asked.budgets).toEqual([]);
  });

  it('is taken for granted where nobody can tell', async () => {
    const clock = createVirtualClock(at(10));
    const api: DrainApi = {
      listPods: async () => [],
      evict: async () => ACCEPTED,
      deletePod: async () => ACCEPTED,
      budgetsOf: async () => new Map(),
    };
    expect(await listNode({ api, clock }, 7, refused())).toEqual({ kind: 'pods', list: 7, pods: [] });
  });
});
