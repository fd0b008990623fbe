import { describe, expect, it } from '@jest/globals';
import { KubernetesConnectionError } from '../../../../shared/kubernetes/errors.ts';
import {
  CORDON_ANNOTATION,
  cordon,
  EXCLUDE_LABEL,
  findNode,
  findNodes,
  getNode,
  isReady,
  listNodes,
  uncordon,
  uncordonAll,
} from '../../../../shared/kubernetes/nodes.ts';
import { taintOutOfService } from '../../../../shared/kubernetes/out-of-service.ts';
import type { TestNode } from '../../../fixtures/cluster-api.ts';
import { apiError, createTestCluster } from '../../../fixtures/cluster-api.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';

const TAINT = 'eks-caretaker/sleep';
const OTHER = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };
const clusterOf = (...nodes: readonly Partial<TestNode>[]) =>
  createTestCluster(createFakeClock(), {
    nodes: nodes.map((node, index) => ({ name: `node-${index}`, instanceId: `i-${index}`, ...node })),
  });
const nodeIn = async (api: ReturnType<typeof clusterOf>, name = 'node-0') => {
  const node = await getNode(api, name);
  if (node === undefined) throw new Error(`${name} is not there`);
  return node;
};
const patches = (api: ReturnType<typeof clusterOf>) => api.calls.filter(({ verb }) => verb === 'patch');

describe('finding nodes', () => {
  it('believes a name only where the provider id agrees', async () => {
    const api = clusterOf({}, {});
    const found = await findNodes(api, [
      { instanceId: 'i-0', name: 'node-0' },
      { instanceId: 'i-1', name: 'node-0' },
      { instanceId: 'i-9', name: 'node-9' },
    ]);
    expect([...found].map(([id, node]) => [id, node.metadata?.name]).sort()).toEqual([
      ['i-0', 'node-0'],
      ['i-1', 'node-1'],
    ]);
    expect(api.calls.filter(({ verb }) => verb === 'list')).toHaveLength(1);
  });

  it('does without a list where all names are right', async () => {
    const api = clusterOf({});
    expect((await findNode(api, { instanceId: 'i-0', name: 'node-0' }))?.metadata?.name).toBe('node-0');
    expect(api.calls.map(({ verb }) => verb)).toEqual(['get']);
  });

  it('passes on errors other than "not found"', async () => {
    const api = clusterOf({});
    api.fail = () => apiError(403, 'Forbidden');
    await expect(findNode(api, { instanceId: 'i-0', name: 'node-0' })).rejects.toThrow('403');
  });

  it('lists them all, and says which are Ready', async () => {
    const nodes = await listNodes(clusterOf({}, {}));
    expect(nodes.map(isReady)).toEqual([true, true]);
    expect(isReady({ status: { conditions: [] } })).toBe(false);
    expect(isReady({})).toBe(false);
  });
});

describe('cordon', () => {
  it('is one patch under an optimistic lock that keeps the taints of others', async () => {
    const api = clusterOf({ taints: [OTHER] });
    expect((await cordon(api, await nodeIn(api), { taint: TAINT })).kind).toBe('cordoned');
    expect(patches(api).map(({ body }) => body)).toEqual([
      {
        metadata: { resourceVersion: '1', annotations: { [CORDON_ANNOTATION]: TAINT } },
        spec: { unschedulable: true, taints: [OTHER, { key: TAINT, effect: 'NoSchedule' }] },
      },
    ]);
  });

  it('sends nothing where it is as wanted', async () => {
    const api = clusterOf({});
    await cordon(api, await nodeIn(api), { taint: TAINT });
    expect((await cordon(api, await nodeIn(api), { taint: TAINT })).kind).toBe('already-cordoned');
    expect(patches(api)).toHaveLength(1);
  });

  it('does not claim a cordon that somebody else made', async () => {
    const api = clusterOf({ unschedulable: true });
    await cordon(api, await nodeIn(api), { taint: TAINT });
    expect(api.node('node-0')?.metadata?.annotations).toEqual({});
  });

  it('starts from a stale node and still ends with the taints of both', async () => {
    const api = clusterOf({});
    const stale = await nodeIn(api);
    await cordon(api, stale, { taint: 'eks-caretaker/other' });
    await cordon(api, stale, { taint: TAINT });
    expect(api.node('node-0')?.spec?.taints?.map(({ key }) => key)).toEqual(['eks-caretaker/other', TAINT]);
  });

  it('is not ours where somebody else was quicker with the very same', async () => {
    const api = clusterOf({});
    const stale = await nodeIn(api);
    expect((await cordon(api, stale, { taint: TAINT })).kind).toBe('cordoned');
    expect((await cordon(api, stale, { taint: TAINT })).kind).toBe('already-cordoned');
    expect(patches(api)).toHaveLength(2);
  });

  it('finds out by a fresh read whether a patch without an answer was applied', async () => {
    const api = clusterOf({});
    const node = await nodeIn(api);
    const request = api.request;
    let lost = true;
    api.request = async (verb, resource, options) => {
      const answer = await request(verb, resource, options);
      if (verb === 'patch' && lost) {
        lost = false;
        throw new KubernetesConnectionError('reset');
      }
      return answer as never;
    };
    expect((await cordon(api, node, { taint: TAINT })).kind).toBe('cordoned');
    expect(patches(api)).toHaveLength(1);
  });

  it.each([
    [409, 'Conflict', 5],
    [500, 'InternalError', 5],
    [403, 'Forbidden', 1],
    [422, 'Invalid', 1],
  ])('throws when the server goes on answering %i', async (code, reason, attempts) => {
    const api = clusterOf({});
    const node = await nodeIn(api);
    api.fail = (verb) => (verb === 'patch' ? apiError(code, reason) : undefined);
    await expect(cordon(api, node, { taint: TAINT })).rejects.toThrow(String(code));
    expect(patches(api)).toHaveLength(attempts);
  });

  it.each([
    ['a fault of the server, longer each time', apiError(500, 'InternalError'), [100, 200, 400, 800]],
    ['a lost answer as well', new KubernetesConnectionError('reset'), [100, 200, 400, 800]],
    ['a conflict not at all', apiError(409, 'Conflict'), [0, 0, 0, 0]],
  ])('pauses before it looks again after %s', async (_name, failure, pauses) => {
    const api = clusterOf({});
    const node = await nodeIn(api);
    const looksAfter: number[] = [];
    api.fail = (verb, _plural, { afterMs = 0 }) => {
      if (verb === 'get') looksAfter.push(afterMs);
      return verb === 'patch' ? failure : undefined;
    };
    await expect(cordon(api, node, { taint: TAINT })).rejects.toBe(failure);
    expect(looksAfter).toEqual(pauses);
  });

  it('says gone where the node is gone, or is another one by now', async () => {
    const api = clusterOf({});
    const node = await nodeIn(api);
    const former = { ...node, metadata: { ...node.metadata, uid: 'former', resourceVersion: '0' } };
    expect(await cordon(api, former, { taint: TAINT })).toEqual({ kind: 'gone' });
    api.remove('node-0');
    expect(await cordon(api, node, { taint: TAINT })).toEqual({ kind: 'gone' });
  });
});

describe('uncordon', () => {
  it('undoes our cordon and nothing else', async () => {
    const api = clusterOf({ taints: [OTHER] });
    await cordon(api, await nodeIn(api), { taint: TAINT });
    expect((await uncordon(api, await nodeIn(api), { taint: TAINT })).kind).toBe('cordoned');
    expect(api.node('node-0')?.spec).toEqual({ providerID: 'aws:///eu-central-1a/i-0', taints: [OTHER] });
    expect(api.node('node-0')?.metadata?.annotations).toEqual({});
  });

  it('leaves the cordon of somebody else', async () => {
    const api = clusterOf({ unschedulable: true });
    await cordon(api, await nodeIn(api), { taint: TAINT });
    await uncordon(api, await nodeIn(api), { taint: TAINT });
    expect(api.node('node-0')?.spec).toMatchObject({ unschedulable: true, taints: [] });
  });

  it('has nothing to do on a node that is not ours', async () => {
    const api = clusterOf({ unschedulable: true, taints: [OTHER] });
    expect((await uncordon(api, await nodeIn(api), { taint: TAINT })).kind).toBe('already-cordoned');
    expect(patches(api)).toEqual([]);
  });
});

describe('a node whose cordon somebody has made theirs since it was looked at', () => {
  it('is left alone, whatever the look said', async () => {
    const api = clusterOf({});
    await cordon(api, await nodeIn(api), { taint: TAINT });
    const stale = await nodeIn(api);
    await cordon(api, stale, { taint: 'somebody/else' });
    const sent = patches(api).length;
    const isOurs = (node: typeof stale) => node.spec?.taints?.length === 1;
    const result = await uncordonAll(api, stale, { taints: [TAINT], isOurs });
    expect(result).toMatchObject({ kind: 'left', node: { spec: { unschedulable: true } } });
    expect(patches(api)).toHaveLength(sent + 1);
    expect(api.node('node-0')?.spec).toMatchObject({
      unschedulable: true,
      taints: [{ key: TAINT }, { key: 'somebody/else' }],
    });
  });
});

describe('a node that load balancers are to leave out', () => {
  const OPTIONS = { taint: TAINT, excludeFromLoadBalancers: true };
  const labelOf = (api: ReturnType<typeof clusterOf>) =>
    api.node('node-0')?.metadata?.labels?.[EXCLUDE_LABEL];

  it('is labelled in the very patch that cordons it', async () => {
    const api = clusterOf({});
    await cordon(api, await nodeIn(api), OPTIONS);
    expect(patches(api)).toHaveLength(1);
    expect(labelOf(api)).toBe('true');
  });

  it('is labelled afterwards where it was cordoned without', async () => {
    const api = clusterOf({});
    await cordon(api, await nodeIn(api), { taint: TAINT });
    expect(labelOf(api)).toBeUndefined();
    expect(await cordon(api, await nodeIn(api), OPTIONS)).toMatchObject({ kind: 'cordoned' });
    expect(await cordon(api, await nodeIn(api), OPTIONS)).toMatchObject({ kind: 'already-cordoned' });
    expect(patches(api)).toHaveLength(2);
  });

  it('loses the label with the cordon', async () => {
    const api = clusterOf({});
    await cordon(api, await nodeIn(api), OPTIONS);
    await uncordon(api, await nodeIn(api), { taint: TAINT });
    expect(labelOf(api)).toBeUndefined();
    expect(api.node('node-0')?.metadata?.annotations).toEqual({});
  });

  it('keeps a label that somebody else has put there', async () => {
    const api = clusterOf({ labels: { [EXCLUDE_LABEL]: 'true' } });
    await cordon(api, await nodeIn(api), OPTIONS);
    await uncordon(api, await nodeIn(api), { taint: TAINT });
    expect(labelOf(api)).toBe('true');
  });
});

describe('a node whose instance is terminated', () => {
  const taintsOf = (api: ReturnType<typeof clusterOf>) => api.node('node-0')?.spec?.taints;
  const OUT_OF_SERVICE = {
    key: 'node.kubernetes.io/out-of-service',
    value: 'nodeshutdown',
    effect: 'NoExecute',
  };

  it('is tainted out of service once, beside the taints that it has', async () => {
    const api = clusterOf({ taints: [OTHER] });
    await taintOutOfService(api, await nodeIn(api));
    await taintOutOfService(api, await nodeIn(api));
    expect(taintsOf(api)).toEqual([OTHER, OUT_OF_SERVICE]);
    expect(patches(api)).toHaveLength(1);
  });

  it('may be gone by then', async () => {
    const api = clusterOf({});
    const node = await nodeIn(api);
    api.remove('node-0');
    expect(await taintOutOfService(api, node)).toEqual({ kind: 'gone' });
  });
});
