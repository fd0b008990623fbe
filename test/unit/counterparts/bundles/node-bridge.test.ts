import { describe, expect, it } from '@jest/globals';
import { createWorldClock } from '../../../../infra/local/clock.ts';
import { createStore } from '../../../../infra/local/kubernetes/store.ts';
import { bridgeNodes } from '../../../counterparts/bundles/support/node-bridge.ts';
import type { ApiRequest } from '../../../counterparts/support/api-request.ts';

const start = (answer: (method: string) => number = (method) => (method === 'POST' ? 201 : 200)) => {
  const clock = createWorldClock(0);
  clock.hold(true);
  const store = createStore(clock, 'bridge');
  const sent: { method: string; path: string; body: unknown }[] = [];
  const request: ApiRequest = async (method, path, { body } = {}) => {
    sent.push({ method, path, body });
    return { status: answer(method), headers: {}, body: {} };
  };
  return { store, sent, request };
};

const node = (name: string) => ({
  metadata: { name, labels: { role: 'spot' } },
  spec: {
    providerID: `aws:///eu-central-1a/${name}`,
    taints: [
      { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' as const },
      { key: 'example.com/spot', effect: 'NoSchedule' as const },
    ],
  },
  status: {
    nodeInfo: { kubeletVersion: 'v1.35.4' },
    conditions: [{ type: 'Ready', status: 'False' as const }],
  },
});

describe('the bridge of nodes', () => {
  it('registers what is there and what comes, as a kubelet would, and removes what goes', async () => {
    const { store, sent, request } = start();
    store.create('nodes', node('a'));
    const bridge = bridgeNodes(store, request);
    store.create('nodes', node('b'));
    store.remove('nodes', undefined, 'a');
    await bridge.settled();
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/nodes',
      'POST /api/v1/nodes',
      'DELETE /api/v1/nodes/a',
    ]);
    expect(sent[1]?.body).toMatchObject({
      metadata: { name: 'b', labels: { role: 'spot' }, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
      spec: {
        providerID: 'aws:///eu-central-1a/b',
        taints: [{ key: 'example.com/spot', effect: 'NoSchedule' }],
      },
      status: { nodeInfo: { kubeletVersion: 'v1.35.4' } },
    });
    expect(sent[1]?.body).not.toHaveProperty('status.conditions');
  });

  it('leaves alone what is not a node, changes, and everything once it is stopped', async () => {
    const { store, sent, request } = start();
    const bridge = bridgeNodes(store, request);
    const made = store.create('nodes', node('a'));
    store.update('nodes', { ...made, spec: { ...made.spec, unschedulable: true } });
    store.create('namespaces', { metadata: { name: 'shop' }, spec: {} });
    bridge.stop();
    store.create('nodes', node('b'));
    await bridge.settled();
    expect(sent).toHaveLength(1);
  });

  it('says what the real cluster refused', async () => {
    const { store, request } = start(() => 409);
    const bridge = bridgeNodes(store, request);
    store.create('nodes', node('a'));
    await expect(bridge.settled()).rejects.toThrow('POST /api/v1/nodes: 409');
  });
});
