import { describe, expect, it } from '@jest/globals';
import type { KubernetesApi, ListOptions } from '../../../../shared/kubernetes/client.ts';
import { listAll } from '../../../../shared/kubernetes/list-all.ts';
import { NODES } from '../../../../shared/kubernetes/resources.ts';

/** A list whose token expires after its second page. */
const api: KubernetesApi = {
  cluster: 'staging',
  request: async () => {
    throw new Error('nothing else is asked for');
  },
  async *listPages<T>(_resource: unknown, { onRestart, labelSelector }: ListOptions = {}) {
    const page = (...names: readonly string[]) => names.map((name) => `${labelSelector}/${name}`) as T[];
    yield page('a', 'b');
    yield page('c');
    onRestart?.();
    yield page('a', 'b');
    yield page('c', 'd');
  },
};

describe('all objects of a list', () => {
  it('are there once, also where it began again half way', async () => {
    expect(await listAll<string>(api, NODES, { labelSelector: 'x' })).toEqual(['x/a', 'x/b', 'x/c', 'x/d']);
  });
});
