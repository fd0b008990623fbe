import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pMap from 'p-map';
import { kubernetesManifests } from '../../../infra/rbac.ts';
import type { ControlPlane } from '../../counterparts/support/control-plane.ts';
import { startControlPlane } from '../../counterparts/support/control-plane.ts';
import { draftOf, hourAgo, statusOf } from './failed-pod.ts';
import type { CleanupFunction } from './run-function.ts';

const REQUESTS_AT_ONCE = 32;
/** As many as pod-cleanup has under way where nothing else is configured. */
const DELETES_AT_ONCE = 20;
const USER = { username: 'eks-caretaker:pod-cleanup:bench', groups: ['eks-caretaker:pod-cleanup'] };

const read = async (request: IncomingMessage): Promise<void> => {
  for await (const chunk of request) void chunk;
};

/** Lets every token in as the function; that tokens are right is not what is measured. */
const startWebhook = async (): Promise<{ url: string; server: Server }> => {
  const server = createServer(async (request, response) => {
    await read(request);
    const status = { authenticated: true, user: USER };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
};

const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `cart-5d8f7c9b6d-${String(index).padStart(5, '0')}`);

export interface BenchCluster {
  readonly controlPlane: ControlPlane;
  createNamespaces(names: readonly string[]): Promise<void>;
  /** So many Failed pods in a namespace, their status patched. */
  createFailedPods(namespace: string, count: number): Promise<void>;
  countFailed(): Promise<number>;
  /** Seconds that the API server takes to delete the first so many of them, asked for nothing but that. */
  deletePods(namespaces: readonly string[], count: number): Promise<number>;
  close(): Promise<void>;
}

/** The real control plane, in which the function has the rights that its manifest asks for and no others. */
export const startBenchCluster = async ({ account }: CleanupFunction): Promise<BenchCluster> => {
  const { url, server } = await startWebhook();
  const endWebhook = () => {
    server.close();
    server.closeAllConnections();
  };
  const controlPlane = await startControlPlane({ tokenWebhookUrl: url }).catch((error: unknown) => {
    endWebhook();
    throw error;
  });
  const { request } = controlPlane;
  const expect = async (status: number, asked: ReturnType<typeof request>): Promise<unknown> => {
    const answer = await asked;
    if (answer.status !== status)
      throw new Error(`${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
    return answer.body;
  };
  const close = async () => {
    await controlPlane.close();
    endWebhook();
  };
  try {
    const plurals = { ClusterRole: 'clusterroles', ClusterRoleBinding: 'clusterrolebindings' };
    for (const body of kubernetesManifests(account.deployment.entries.map(({ entry }) => entry))) {
      await expect(
        201,
        request('POST', `/apis/rbac.authorization.k8s.io/v1/${plurals[body.kind]}`, { body }),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  const create = async (namespace: string, name: string, failedAt: string) => {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    await expect(201, request('POST', path, { body: draftOf(namespace, name) }));
    await expect(
      200,
      request('PATCH', `${path}/${name}/status`, {
        body: { status: statusOf(failedAt) },
        contentType: 'application/merge-patch+json',
      }),
    );
  };
  return {
    controlPlane,
    createNamespaces: async (names) => {
      for (const name of names) {
        const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
        await expect(201, request('POST', '/api/v1/namespaces', { body }));
      }
    },
    createFailedPods: async (namespace, count) => {
      const failedAt = hourAgo();
      await pMap(namesOf(count), (name) => create(namespace, name, failedAt), {
        concurrency: REQUESTS_AT_ONCE,
      });
    },
    deletePods: async (namespaces, count) => {
      const paths = namespaces.flatMap((namespace) =>
        namesOf(count).map((name) => `/api/v1/namespaces/${namespace}/pods/${name}`),
      );
      const startedAt = performance.now();
      await pMap(paths, (path) => expect(200, request('DELETE', path)), { concurrency: DELETES_AT_ONCE });
      return (performance.now() - startedAt) / 1000;
    },
    countFailed: async () => {
      const { items } = (await expect(
        200,
        request('GET', '/api/v1/pods?fieldSelector=status.phase%3DFailed', {
          accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
        }),
      )) as { items: unknown[] | null };
      return items?.length ?? 0;
    },
    close,
  };
};
