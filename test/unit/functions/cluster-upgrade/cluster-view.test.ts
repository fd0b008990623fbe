import { describe, expect, it } from '@jest/globals';
import { createClusterView } from '../../../../functions/cluster-upgrade/cluster-view.ts';
import type { KubernetesApi, ListOptions, ResourceType } from '../../../../shared/kubernetes/client.ts';

interface FakeObject {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

/** A cluster's lists, two objects a page. */
const viewOf = (lists: Readonly<Record<string, readonly FakeObject[]>>) => {
  const asked: string[] = [];
  const api: KubernetesApi = {
    cluster: 'staging',
    request: () => Promise.reject(new Error('only lists are read')),
    async *listPages<T>({ plural }: ResourceType, { namespace }: ListOptions = {}) {
      asked.push(plural);
      const found = (lists[plural] ?? []).filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      );
      for (let index = 0; index < found.length; index += 2) yield found.slice(index, index + 2) as T[];
    },
  };
  return { view: createClusterView({ connect: async () => api }), asked };
};

const pod = (name: string, nodeName: string, app: string, namespace = 'shop') => ({
  metadata: { namespace, name, uid: `${namespace}/${name}`, labels: { app } },
  spec: { nodeName },
});
const budget = (name: string, app: string, disruptionsAllowed: number, namespace = 'shop') => ({
  metadata: { namespace, name },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed },
});

describe('a cluster’s inside', () => {
  it('lists nodes with kubelet version, readiness and managed node group', async () => {
    const { view } = viewOf({
      nodes: [
        {
          metadata: { name: 'n-1', labels: { 'eks.amazonaws.com/nodegroup': 'web-a' } },
          status: {
            nodeInfo: { kubeletVersion: 'v1.34.2-eks-1' },
            conditions: [{ type: 'Ready', status: 'True' }],
          },
        },
        { metadata: { name: 'n-2' }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } },
        { metadata: { name: 'n-3' } },
      ] as FakeObject[],
    });
    expect(await view.nodes('staging')).toEqual([
      { name: 'n-1', kubeletVersion: 'v1.34.2-eks-1', ready: true, nodeGroup: 'web-a' },
      { name: 'n-2', kubeletVersion: '', ready: false },
      { name: 'n-3', kubeletVersion: '', ready: false },
    ]);
  });

  it('names the budgets that let nothing go, with pods and nodes', async () => {
    const { view } = viewOf({
      pods: [
        pod('cart-1', 'n-2', 'cart'),
        pod('cart-0', 'n-1', 'cart'),
        pod('cart-9', 'elsewhere', 'cart'),
        pod('web-0', 'n-1', 'web'),
        pod('cart-0', 'n-1', 'cart', 'other'),
      ],
      poddisruptionbudgets: [
        budget('cart', 'cart', 0),
        budget('web', 'web', 1),
        budget('cart', 'none', 0, 'other'),
      ],
    });
    expect(await view.holdingBudgets('staging', ['n-1', 'n-2'])).toEqual([
      { budget: 'shop/cart', pods: ['shop/cart-0', 'shop/cart-1'], nodes: ['n-1', 'n-2'] },
    ]);
  });

  it('does not list pods where no budget is exhausted', async () => {
    const { view, asked } = viewOf({ poddisruptionbudgets: [budget('web', 'web', 1)] });
    expect(await view.holdingBudgets('staging', ['n-1'])).toEqual([]);
    expect(asked).toEqual(['poddisruptionbudgets']);
  });
});
