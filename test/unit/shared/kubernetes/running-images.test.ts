import { describe, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import type { KubernetesApi, ListOptions } from '../../../../shared/kubernetes/client.ts';
import { listRunningImages, workloadOf } from '../../../../shared/kubernetes/running-images.ts';
import { digest, REGISTRY_HOST } from '../../../fixtures/images.ts';

interface PodOptions {
  readonly name?: string;
  readonly phase?: string;
  readonly owner?: { readonly kind: string; readonly name: string };
  readonly labels?: Readonly<Record<string, string>>;
  readonly containers?: readonly (readonly [image: string, imageID: string])[];
  readonly init?: readonly (readonly [image: string, imageID: string])[];
  readonly ephemeral?: readonly (readonly [image: string, imageID: string])[];
}

const pod = (options: PodOptions): V1Pod => {
  const statuses = (of: PodOptions['containers'] = []) =>
    of.map(([image, imageID], index) => ({
      name: `c${index}`,
      image,
      imageID,
      ready: true,
      restartCount: 0,
    }));
  return {
    metadata: {
      namespace: 'shop',
      name: options.name ?? 'web-7d9f8b-x1',
      labels: { ...options.labels },
      ...(options.owner === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'apps/v1', uid: 'u', controller: true, ...options.owner }] }),
    },
    status: {
      phase: options.phase ?? 'Running',
      containerStatuses: statuses(options.containers),
      initContainerStatuses: statuses(options.init),
      ephemeralContainerStatuses: statuses(options.ephemeral),
    },
  };
};

const apiWith = (...pages: V1Pod[][]) => {
  const lists: (ListOptions | undefined)[] = [];
  const api: KubernetesApi = {
    cluster: 'staging',
    request: () => Promise.reject(new Error('nothing but lists')),
    async *listPages<T>(_resource: unknown, options?: ListOptions): AsyncIterable<readonly T[]> {
      lists.push(options);
      for (const page of pages as readonly (readonly object[])[]) yield page as readonly T[];
    },
  };
  return { api, lists };
};

const web = `${REGISTRY_HOST}/shop/web@${digest(1)}`;
const replicaSet = { kind: 'ReplicaSet', name: 'web-7d9f8b' };

describe('the workload of a pod', () => {
  it.each<[string, PodOptions, string]>([
    [
      'its Deployment, by the hash label',
      { owner: replicaSet, labels: { 'pod-template-hash': '7d9f8b' } },
      'Deployment/web',
    ],
    ['its ReplicaSet, where no label tells', { owner: replicaSet }, 'ReplicaSet/web-7d9f8b'],
    [
      'its ReplicaSet, where the label is of something else',
      { owner: replicaSet, labels: { 'pod-template-hash': 'zzz' } },
      'ReplicaSet/web-7d9f8b',
    ],
    ['its StatefulSet', { owner: { kind: 'StatefulSet', name: 'db' } }, 'StatefulSet/db'],
    ['its Job', { owner: { kind: 'Job', name: 'nightly-28' } }, 'Job/nightly-28'],
    ['the pod itself, where nobody owns it', { name: 'debug' }, 'Pod/debug'],
  ])('is %s', (_name, options, expected) => {
    const { cluster, namespace, kind, name } = workloadOf('staging', pod(options));
    expect([cluster, namespace, `${kind}/${name}`]).toEqual(['staging', 'shop', expected]);
  });
});

describe('the images that run in a cluster', () => {
  it('come from containers, init containers and ephemeral containers, each image once over all pages', async () => {
    const tagged = `${REGISTRY_HOST}/shop/web:1.4`;
    const labels = { 'pod-template-hash': '7d9f8b' };
    const { api, lists } = apiWith(
      [
        pod({
          name: 'a',
          owner: replicaSet,
          labels,
          containers: [[tagged, web]],
          init: [['busybox:1', 'busybox@x']],
        }),
        pod({ name: 'b', owner: replicaSet, labels, containers: [[tagged, web]] }),
      ],
      [
        pod({
          name: 'debug',
          containers: [[`${REGISTRY_HOST}/shop/web:live`, web]],
          ephemeral: [['alpine:3', 'alpine@x']],
        }),
      ],
    );
    const deployment = { cluster: 'staging', namespace: 'shop', kind: 'Deployment', name: 'web' };
    const debug = { cluster: 'staging', namespace: 'shop', kind: 'Pod', name: 'debug' };
    expect(await listRunningImages(api)).toEqual([
      {
        imageId: web,
        references: [tagged, `${REGISTRY_HOST}/shop/web:live`],
        workloads: [deployment, debug],
      },
      { imageId: 'busybox@x', references: ['busybox:1'], workloads: [deployment] },
      { imageId: 'alpine@x', references: ['alpine:3'], workloads: [debug] },
    ]);
    expect(lists).toEqual([{ fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed', limit: 500 }]);
  });

  it('leave out finished pods and containers that wait for their image', async () => {
    const { api } = apiWith([
      pod({ phase: 'Failed', containers: [['x', web]] }),
      pod({ phase: 'Succeeded', containers: [['x', web]] }),
      pod({ phase: 'Pending', containers: [['x', '']] }),
    ]);
    expect(await listRunningImages(api)).toEqual([]);
  });
});
