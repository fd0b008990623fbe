import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createWorldClock } from '../../../../infra/local/clock.ts';
import { createStore } from '../../../../infra/local/kubernetes/store.ts';
import type { NodeBridge } from '../../../counterparts/bundles/support/node-bridge.ts';
import { bridgeNodes } from '../../../counterparts/bundles/support/node-bridge.ts';
import type { ApiRequest } from '../../../counterparts/support/api-request.ts';

const bridges: NodeBridge[] = [];
const bridged = (...args: Parameters<typeof bridgeNodes>): NodeBridge => {
  const bridge = bridgeNodes(...args);
  bridges.push(bridge);
  return bridge;
};

afterEach(() => {
  for (const bridge of bridges.splice(0)) bridge.stop();
});

const start = (
  answer: (method: string) => number = (method) => (method === 'POST' ? 201 : 200),
  items: readonly object[] = [],
) => {
  const clock = createWorldClock(0);
  clock.hold(true);
  const store = createStore(clock, 'bridge');
  const sent: { method: string; path: string; body: unknown }[] = [];
  const request: ApiRequest = async (method, path, { body } = {}) => {
    sent.push({ method, path, body });
    return { status: answer(method), headers: {}, body: { items } };
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
    const bridge = bridged(store, request);
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
    const bridge = bridged(store, request);
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
    const bridge = bridged(store, request);
    store.create('nodes', node('a'));
    await expect(bridge.settled()).rejects.toThrow('POST /api/v1/nodes: 409');
  });

  it('lets nodes that are starting report again, and no others', async () => {
    const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
    const { store, sent, request } = start(undefined, [
      { metadata: { name: 'not-ready' }, spec: {}, status: {} },
      { metadata: { name: 'still-tainted' }, spec: node('x').spec, status: ready },
      { metadata: { name: 'cordoned' }, spec: { taints: [{ key: 'example.com/spot' }] }, status: ready },
      { metadata: { name: 'at-work' }, spec: {}, status: ready },
    ]);
    bridged(store, request, { reportMs: 5 });
    const patched = () => sent.filter(({ method }) => method === 'PATCH').map(({ path }) => path);
    while (patched().length < 4) await sleep(5);
    expect([...new Set(patched())]).toEqual(['/api/v1/nodes/not-ready', '/api/v1/nodes/still-tainted']);
  });
});
