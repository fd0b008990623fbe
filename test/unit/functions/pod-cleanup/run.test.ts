import { describe, expect, it } from '@jest/globals';
import type { PodCleanupConfig } from '../../../../functions/pod-cleanup/config.ts';
import { runPodCleanup } from '../../../../functions/pod-cleanup/run.ts';
import { ClusterUnreachableError, MalformedEventError } from '../../../../shared/core/errors.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import type { KubernetesApi, ListOptions, RequestOptions } from '../../../../shared/kubernetes/client.ts';
import { KubernetesApiError, KubernetesConnectionError } from '../../../../shared/kubernetes/errors.ts';
import { failedPod } from '../../../fixtures/failed-pod.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';

const apiError = (status: number, reason: string) =>
  new KubernetesApiError({ status, reason, message: `answered ${status} ${reason}`, causes: [] });

const shutdownPod = (name: string) =>
  failedPod({ name, reason: 'Terminated', finishedAt: ['2026-11-19T20:00:00Z'] });

const names = (count: number, prefix = 'p') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

interface Scene {
  readonly pages?: Readonly<Record<string, readonly (readonly object[])[] | Error>>;
  readonly onDelete?: (name: string) => void;
  readonly modes?: (cluster: string | undefined, reads: number) => Mode;
  readonly section?: Partial<PodCleanupConfig>;
  readonly remainingMs?: number;
  readonly unreachable?: readonly string[];
  readonly cluster?: string;
}

/** Runs one tick over clusters `staging` and `prod`, whose API servers are in memory. */
const run = async (scene: Scene) => {
  const clock = createFakeClock();
  const store = createMemoryStore(clock);
  const call = createTestCall({
    automation: 'pod-cleanup',
    clock,
    store,
    ...(scene.remainingMs === undefined ? {} : { remainingMs: scene.remainingMs }),
  });
  const deletes: { cluster: string; options: RequestOptions }[] = [];
  const lists: { cluster: string; options: ListOptions | undefined }[] = [];
  let reads = 0;
  let running = 0;
  let mostRunning = 0;
  const api = (cluster: string): KubernetesApi => ({
    cluster,
    request: async <T>(_verb: string, _resource: unknown, options: RequestOptions = {}): Promise<T> => {
      running += 1;
      mostRunning = Math.max(mostRunning, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      deletes.push({ cluster, options });
      scene.onDelete?.(options.name ?? '');
      return {} as T;
    },
    async *listPages<T>(_resource: unknown, options?: ListOptions): AsyncIterable<readonly T[]> {
      lists.push({ cluster, options });
      const pages = scene.pages?.[cluster] ?? [];
      if (pages instanceof Error) throw pages;
      for (const page of pages) yield page as readonly T[];
    },
  });
  await runPodCleanup(
    {
      config: {
        version: 1,
        mode: 'act',
        clusters: [{ name: 'staging' }, { name: 'prod' }],
        notifications: { topic: false },
      },
      section: { minimumAgeMinutes: 10, maximumDeletesPerRun: 2_000, ...scene.section },
      clock,
      clusters: {
        connect: async (cluster) => {
          if (scene.unreachable?.includes(cluster)) throw new ClusterUnreachableError(cluster, 'no address');
          return api(cluster);
        },
      },
      readMode: async (cluster) => {
        reads += 1;
        return scene.modes?.(cluster, reads) ?? 'act';
      },
    },
    { trigger: 'tick', ...(scene.cluster === undefined ? {} : { cluster: scene.cluster }) },
    call,
  );
  const said = call.verdicts.map(({ target, action, reason }) => `${action} ${target} ${reason}`);
  return { call, deletes, lists, said, mostRunning };
};

describe('in mode act', () => {
  it('lists failed pods in pages of 500 and deletes with UID and resourceVersion', async () => {
    const { deletes, lists, said } = await run({ pages: { staging: [[shutdownPod('cart-0')]] } });
    expect(lists[0]).toEqual({
      cluster: 'staging',
      options: { fieldSelector: 'status.phase=Failed', limit: 500 },
    });
    expect(deletes).toEqual([
      {
        cluster: 'staging',
        options: {
          namespace: 'shop',
          name: 'cart-0',
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            preconditions: { uid: 'uid-cart-0', resourceVersion: '41' },
          },
        },
      },
    ]);
    expect(said).toEqual(['delete pod/shop/cart-0 terminated']);
  });

  it('deletes 20 at a time', async () => {
    const { deletes, mostRunning } = await run({ pages: { staging: [names(75).map(shutdownPod)] } });
    expect(deletes).toHaveLength(75);
    expect(mostRunning).toBe(20);
  });

  it('spends one budget over all pages and clusters', async () => {
    const { deletes, said } = await run({
      section: { maximumDeletesPerRun: 3 },
      pages: {
        staging: [names(2, 'a').map(shutdownPod), names(2, 'b').map(shutdownPod)],
        prod: [names(2, 'c').map(shutdownPod)],
      },
    });
    expect(deletes).toHaveLength(3);
    expect(said.filter((line) => line.endsWith('run-budget-used'))).toHaveLength(3);
  });

  it.each([
    [404, 'NotFound', 'already-gone', 0],
    [409, 'Conflict', 'changed-meanwhile', 0],
    [429, 'TooManyRequests', 'server-busy', 0],
    [403, 'Forbidden', 'missing-right', 1],
    [500, 'InternalError', 'delete-failed', 1],
  ])(
    'goes on after %i %s on one pod: %s, with %i failure(s) at the end',
    async (status, reason, verdict, failures) => {
      const { call, said } = await run({
        pages: { staging: [['a', 'b', 'c'].map(shutdownPod)] },
        onDelete: (name) => {
          if (name === 'b') throw apiError(status, reason);
        },
      });
      expect(said).toEqual(
        expect.arrayContaining([
          'delete pod/shop/a terminated',
          `none pod/shop/b ${verdict}`,
          'delete pod/shop/c terminated',
        ]),
      );
      expect(call.failures).toHaveLength(failures);
    },
  );

  it('names the right that is missing', async () => {
    const { call } = await run({
      pages: { staging: [[shutdownPod('a')]] },
      onDelete: () => {
        throw apiError(403, 'Forbidden');
      },
    });
    expect(call.verdicts[0]?.detail).toMatchObject({
      verb: 'delete',
      resource: 'pods',
      podReason: 'Terminated',
    });
  });

  it('reports a lost connection on a delete and goes on', async () => {
    const { said, call } = await run({
      pages: { staging: [[shutdownPod('a'), shutdownPod('b')]] },
      onDelete: (name) => {
        if (name === 'a') throw new KubernetesConnectionError('reset');
      },
    });
    expect(said).toContain('none pod/shop/a delete-failed');
    expect(said).toContain('delete pod/shop/b terminated');
    expect(call.failures).toHaveLength(1);
  });

  it('deletes nothing more when the end of the invocation is near', async () => {
    const { deletes, said } = await run({
      remainingMs: 24_000,
      pages: { staging: [[shutdownPod('a')]], prod: [] },
    });
    expect(deletes).toEqual([]);
    expect(said).toEqual(['none cluster/staging out-of-time']);
  });
});

describe('the mode is read before every page', () => {
  it('observe plans the same deletes and makes none', async () => {
    const { deletes, said, call } = await run({
      modes: () => 'observe',
      pages: { staging: [[shutdownPod('a'), failedPod({ name: 'b' })]] },
    });
    expect(deletes).toEqual([]);
    expect(said).toEqual(['delete pod/shop/a terminated', 'none pod/shop/b not-a-shutdown']);
    expect(call.verdicts.every(({ mode }) => mode === 'observe')).toBe(true);
  });

  it('a cluster switched off is not even listed', async () => {
    const { lists, said } = await run({ modes: (cluster) => (cluster === 'staging' ? 'off' : 'act') });
    expect(lists.map(({ cluster }) => cluster)).toEqual(['prod']);
    expect(said).toEqual(['none cluster/staging mode-off']);
  });

  it('a switch to off between two pages stops the second', async () => {
    const { deletes, said } = await run({
      cluster: 'staging',
      modes: (_cluster, reads) => (reads <= 2 ? 'act' : 'off'),
      pages: { staging: [[shutdownPod('a')], [shutdownPod('b')]] },
    });
    expect(deletes).toHaveLength(1);
    expect(said).toEqual(['delete pod/shop/a terminated', 'none cluster/staging mode-off']);
  });
});

describe('clusters', () => {
  it.each([
    ['has no address', { unreachable: ['staging'] }, 'cluster-unreachable'],
    [
      'does not answer',
      { pages: { staging: new KubernetesConnectionError('refused') } },
      'cluster-unreachable',
    ],
    ['forbids the list', { pages: { staging: apiError(403, 'Forbidden') } }, 'missing-right'],
  ])('one that %s says so, the other goes on, and the run fails at the end', async (_name, scene, reason) => {
    const { said, call } = await run({
      ...scene,
      pages: { ...(scene as Scene).pages, prod: [[shutdownPod('a')]] },
    });
    expect(said).toEqual(
      expect.arrayContaining([`none cluster/staging ${reason}`, 'delete pod/shop/a terminated']),
    );
    expect(call.failures).toHaveLength(1);
    await expect(call.recorder.finish('act')).rejects.toThrow('1 part(s) of this invocation failed');
  });

  it('a tick may name one cluster', async () => {
    const { lists } = await run({ cluster: 'prod' });
    expect(lists.map(({ cluster }) => cluster)).toEqual(['prod']);
  });

  it('a tick that names an unknown cluster is refused', async () => {
    await expect(run({ cluster: 'nowhere' })).rejects.toThrow(MalformedEventError);
  });
});
