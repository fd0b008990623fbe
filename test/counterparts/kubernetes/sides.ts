import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorldClock } from '../../../infra/local/clock.ts';
import { startKubernetes } from '../../../infra/local/kubernetes/server.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { temporaryFolder } from '../support/folders.ts';
import { createClient } from './client.ts';
import type { Sides } from './lanes.ts';
import type { Side } from './port.ts';

const TOKEN = 'administrator-of-the-test';
const COMPACTION_SECONDS = 10;
/** More than the embedded API keeps the state behind a continue token. */
const LONG_MS = 10 * 60_000;

/** The embedded API on its own, its clock beginning now and running like the machine's. */
export const startEmbedded = async (): Promise<Side> => {
  const clock = createWorldClock(Date.now());
  const kubernetes = await startKubernetes({
    clusterName: 'contract',
    clock,
    version: '1.35',
    authenticate: (token) =>
      token === TOKEN ? { user: 'admin', groups: ['system:masters'] } : { error: 'unknown token' },
  });
  const client = createClient({
    url: kubernetes.endpoint,
    caPem: Buffer.from(kubernetes.certificateAuthority, 'base64').toString(),
    token: TOKEN,
  });
  return {
    ...client,
    name: 'embedded',
    forget: async () => clock.jumpTo(clock.now() + LONG_MS),
    makesNodesReady: false,
    isSettled: () => true,
    addNode: async (name, labels = {}) => {
      kubernetes.objects.create('nodes', {
        metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
        spec: {},
        status: { conditions: [{ type: 'Ready', status: 'True' }], allocatable: { pods: '110' } },
      });
    },
    end: async () => {
      client.close();
      await kubernetes.close();
      clock.stop();
    },
  };
};

/** EKS answers nobody without a token but health checks, from 1.32 on; so does this one. */
const authentication = {
  apiVersion: 'apiserver.config.k8s.io/v1beta1',
  kind: 'AuthenticationConfiguration',
  anonymous: { enabled: true, conditions: ['/healthz', '/livez', '/readyz'].map((path) => ({ path })) },
};

/** kube-apiserver with etcd, its controllers and kwok. etcd forgets old revisions after 10 to 20 seconds. */
export const startCounterpart = async (): Promise<Side> => {
  const folder = temporaryFolder('contract');
  const file = join(folder, 'authentication.json');
  writeFileSync(file, JSON.stringify(authentication));
  const plane = await startControlPlane({
    apiServerArgs: [`--etcd-compaction-interval=${COMPACTION_SECONDS}s`, `--authentication-config=${file}`],
  });
  const client = createClient({ url: plane.url, caPem: plane.caPem, token: plane.adminToken });
  return {
    ...client,
    name: 'counterpart',
    forget: async () => {},
    makesNodesReady: true,
    isSettled: ({ metadata, status }) =>
      metadata?.annotations?.['node.alpha.kubernetes.io/ttl'] !== undefined &&
      (status as { phase?: string } | undefined)?.phase === 'Running',
    addNode: (name, labels = {}) => plane.addNode({ name, labels }),
    end: async () => {
      client.close();
      await plane.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Both, or neither. */
export const startSides = async (): Promise<Sides> => {
  const embedded = await startEmbedded();
  try {
    const counterpart = await startCounterpart();
    const end = async () => {
      await Promise.all([embedded.end(), counterpart.end()]);
    };
    return { embedded, counterpart, end };
  } catch (error) {
    await embedded.end();
    throw error;
  }
};
