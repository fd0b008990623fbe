import { describe, expect, it } from '@jest/globals';
import type { V1LabelSelector } from '@kubernetes/client-node';
import type { RemovalOutcome } from '../../../../shared/drain/types.ts';
import { PressureError } from '../../../../shared/drain/types.ts';
import type { KubernetesApi, ListOptions, RequestOptions } from '../../../../shared/kubernetes/client.ts';
import { createDrainApi } from '../../../../shared/kubernetes/drain-api.ts';
import { KubernetesApiError, KubernetesConnectionError } from '../../../../shared/kubernetes/errors.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { podOf } from '../../../fixtures/pods.ts';

const apiOf = (answer: () => unknown, lists: Record<string, readonly object[]> = {}) => {
  const calls: { verb: string; plural: string; options: RequestOptions | undefined }[] = [];
  const listed: { plural: string; query: object }[] = [];
  const api: KubernetesApi = {
    cluster: 'staging',
    request: async <T>(verb: string, resource: { plural: string }, options?: RequestOptions) => {
      calls.push({ verb, plural: resource.plural, options });
      return answer() as T;
    },
    async *listPages<T>(resource: { plural: string }, { onRestart: _, ...query }: ListOptions = {}) {
      listed.push({ plural: resource.plural, query });
      answer();
      for (const item of lists[resource.plural] ?? []) yield [item] as T[];
    },
  };
  const clock = createFakeClock();
  return { api: createDrainApi(api, clock), calls, listed, clock };
};
const failing = (error: Error) =>
  apiOf(() => {
    throw error;
  });
const status = (code: number, options: Partial<KubernetesApiError> = {}) =>
  new KubernetesApiError({ status: code, reason: 'x', message: `answered ${code}`, causes: [], ...options });

const CART = { namespace: 'shop', name: 'cart-0', uid: 'uid-cart' };
const BUDGET_CAUSE = {
  reason: 'DisruptionBudget',
  message: 'The disruption budget cart needs 2 healthy pods and has 2 currently',
};

describe('what the API server answers to an eviction', () => {
  it.each<[string, Error, RemovalOutcome | { kind: string }]>([
    ['404', status(404), { kind: 'gone' }],
    ['409', status(409), { kind: 'conflict' }],
    [
      '429 of a budget, named',
      status(429, { causes: [BUDGET_CAUSE] }),
      { kind: 'budget', budgets: ['cart'] },
    ],
    [
      '429 of a budget that is still being processed',
      status(429, {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget cart.v2 is still being processed by the server.',
          },
        ],
      }),
      { kind: 'budget', budgets: ['cart.v2'] },
    ],
    [
      '429 of API priority and fairness',
      status(429, { retryAfterSeconds: 4 }),
      { kind: 'pressure', retryAfterSeconds: 4 },
    ],
    [
      '500 of two budgets',
      status(500, {
        message:
          'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      }),
      { kind: 'budget-misconfigured' },
    ],
    ['500 of another kind', status(500), { kind: 'failed', struggling: true }],
    ['504', status(504), { kind: 'failed', struggling: true }],
    [
      '403 of a missing right',
      status(403, {
        message:
          'pods "cart-0" is forbidden: User "x" cannot create resource "pods/eviction" in API group ""',
      }),
      { kind: 'forbidden' },
    ],
    [
      '403 of an admission plugin',
      status(403, { message: 'pods "cart-0" is forbidden: not on Fridays' }),
      { kind: 'failed' },
    ],
    [
      '403 of a namespace that ends',
      status(403, { causes: [{ reason: 'NamespaceTerminating' }] }),
      { kind: 'failed' },
    ],
    ['no answer', new KubernetesConnectionError('reset'), { kind: 'failed', struggling: true }],
  ])('%s is understood', async (_, error, outcome) => {
    expect(await failing(error).api.evict(CART)).toMatchObject(outcome);
    expect(await failing(error).api.deletePod(CART)).toMatchObject(outcome);
  });
});

describe('an operator that moves a pod first and denies its eviction until then', () => {
  it.each([400, 403, 422, 429, 500])(
    'is asked again after %i, and nobody else is slowed down',
    async (code) => {
      const message = 'admission webhook "drain.example.com" denied the request: the operator will move it';
      const outcome = await failing(status(code, { message })).api.evict(CART);
      expect(outcome).toEqual({ kind: 'failed', message: expect.stringContaining(message) });
    },
  );
});

describe('what is sent', () => {
  it('is a policy/v1 Eviction with a UID precondition, tried once', async () => {
    const { api, calls } = apiOf(() => ({}));
    expect(await api.evict(CART)).toEqual({ kind: 'accepted' });
    expect(calls).toEqual([
      {
        verb: 'create',
        plural: 'pods',
        options: {
          namespace: 'shop',
          name: 'cart-0',
          subresource: 'eviction',
          retry: 'none',
          body: {
            apiVersion: 'policy/v1',
            kind: 'Eviction',
            metadata: { namespace: 'shop', name: 'cart-0' },
            deleteOptions: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'uid-cart' } },
          },
        },
      },
    ]);
  });

  it('is a delete with UID, resourceVersion and grace where the grace is shortened', async () => {
    const { api, calls } = apiOf(() => ({}));
    await api.deletePod({ ...CART, graceSeconds: 12, resourceVersion: '7' });
    expect(calls[0]?.options?.body).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'uid-cart', resourceVersion: '7' },
      gracePeriodSeconds: 12,
    });
  });

  it('is one list by node name for all pods, over its pages', async () => {
    const { api, listed } = apiOf(() => ({}), { pods: [podOf({ name: 'a' }), podOf({ name: 'b' })] });
    expect((await api.listPods('node-1')).map((pod) => pod.metadata?.name)).toEqual(['a', 'b']);
    expect(listed).toEqual([
      { plural: 'pods', query: { fieldSelector: 'spec.nodeName=node-1', retry: 'none' } },
    ]);
  });
});

describe('a list under pressure', () => {
  const listing = (error: Error) => {
    const { api } = failing(error);
    return api.listPods('node-1');
  };

  it('says how long the server wants to be left alone', async () => {
    await expect(listing(status(429, { retryAfterSeconds: 7 }))).rejects.toMatchObject({
      name: 'PressureError',
      retryAfterSeconds: 7,
    });
  });

  it('is told from other failures', async () => {
    await expect(listing(status(500))).rejects.not.toBeInstanceOf(PressureError);
  });
});

describe('the node', () => {
  it.each<[string, () => unknown, boolean]>([
    ['is there', () => ({ metadata: { uid: 'uid-1' } }), true],
    ['is another one by now', () => ({ metadata: { uid: 'uid-2' } }), false],
    [
      'is gone',
      () => {
        throw status(404);
      },
      false,
    ],
  ])('%s', async (_, answer, expected) => {
    expect(await apiOf(answer).api.isThere?.({ name: 'node-1', uid: 'uid-1' })).toBe(expected);
  });
});

describe('the budgets of a pod', () => {
  const budgetsOf = async (selector: V1LabelSelector | undefined) => {
    const budget = {
      metadata: { name: 'pdb', namespace: 'shop' },
      spec: selector === undefined ? {} : { selector },
    };
    const { api } = apiOf(() => ({}), { poddisruptionbudgets: [budget] });
    const found = await api.budgetsOf([podOf({ name: 'a', labels: { app: 'cart', tier: 'web' } })]);
    return found.get('uid-a');
  };

  it.each<[string, V1LabelSelector | undefined, string[]]>([
    ['no selector selects nothing', undefined, []],
    ['an empty selector selects everything', {}, ['pdb']],
    ['labels that match', { matchLabels: { app: 'cart' } }, ['pdb']],
    ['one label that does not match', { matchLabels: { app: 'cart', tier: 'db' } }, []],
    ['In', { matchExpressions: [{ key: 'app', operator: 'In', values: ['cart', 'x'] }] }, ['pdb']],
    ['In without its value', { matchExpressions: [{ key: 'app', operator: 'In', values: ['x'] }] }, []],
    ['NotIn', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['cart'] }] }, []],
    [
      'NotIn of a label that is not there',
      { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] },
      ['pdb'],
    ],
    ['Exists', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, ['pdb']],
    ['Exists of a label that is not there', { matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, []],
    ['DoesNotExist', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, []],
    [
      'DoesNotExist of a label that is not there',
      { matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] },
      ['pdb'],
    ],
    [
      'an operator that Kubernetes does not know',
      { matchExpressions: [{ key: 'tier', operator: 'Like' }] },
      [],
    ],
  ])('%s', async (_, selector, expected) => {
    expect(await budgetsOf(selector)).toEqual(expected);
  });

  it('are read in one list for all namespaces, which serves for a minute', async () => {
    const { api, listed, clock } = apiOf(() => ({}));
    const pods = [podOf({ name: 'a' }), podOf({ name: 'b' }), podOf({ name: 'c', namespace: 'other' })];
    await api.budgetsOf(pods);
    await api.budgetsOf(pods);
    expect(listed).toEqual([{ plural: 'poddisruptionbudgets', query: {} }]);
    clock.advance(60_000);
    await api.budgetsOf(pods);
    expect(listed).toHaveLength(2);
  });

  it('are being read already where that was asked for, and a failure then is no failure now', async () => {
    let isDown = true;
    const { api, listed } = apiOf(() => {
      if (isDown) throw status(500);
      return {};
    });
    api.prepare?.();
    await new Promise((resolve) => setImmediate(resolve));
    isDown = false;
    api.prepare?.();
    expect(await api.budgetsOf([podOf({ name: 'a' })])).toEqual(new Map([['uid-a', []]]));
    expect(listed).toHaveLength(2);
  });

  it('are those of its own namespace', async () => {
    const budget = { metadata: { name: 'pdb', namespace: 'other' }, spec: { selector: {} } };
    const { api } = apiOf(() => ({}), { poddisruptionbudgets: [budget] });
    const found = await api.budgetsOf([podOf({ name: 'a' }), podOf({ name: 'b', namespace: 'other' })]);
    expect([...found]).toEqual([
      ['uid-a', []],
      ['uid-b', ['pdb']],
    ]);
  });
});
