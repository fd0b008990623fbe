import { createHash } from 'node:crypto';
import type { KubeObject, LabelSelector, Workload } from '../kubernetes/objects.ts';
import { controllerOf } from '../kubernetes/objects.ts';
import type { ObjectStore } from '../kubernetes/store.ts';
import type { FailedPodSpec } from './spec.ts';
import { createFailedPod, ensureNamespace } from './workloads.ts';

/** Leaves the failed pods of a specification on the nodes that are there, each under an owner that exists. */
export const createFailedPods = (
  objects: ObjectStore,
  specs: readonly FailedPodSpec[],
  startAt: number,
): void => {
  const nodes = objects.list('nodes');
  for (const [index, spec] of specs.entries()) {
    ensureNamespace(objects, spec.namespace);
    const owner = findOwner(objects, spec) ?? createOwner(objects, spec);
    createFailedPod(objects, spec, {
      nodeName: nodes[index % Math.max(1, nodes.length)]?.metadata.name ?? 'ip-10-0-0-1.internal',
      startAt,
      owner: { name: owner.metadata.name, uid: owner.metadata.uid, labels: labelsOf(owner) },
    });
  }
};

/** A ReplicaSet may be named by its Deployment, whose ReplicaSets carry a hash. */
const findOwner = (objects: ObjectStore, { namespace, owner }: FailedPodSpec): KubeObject | undefined => {
  const { kind, name } = owner;
  if (kind !== 'ReplicaSet') return objects.get(resources[kind], namespace, name);
  return (
    objects.get('replicasets', namespace, name) ??
    objects.get('replicasets', namespace, replicaSetName(name)) ??
    objects.list('replicasets', { namespace, filter: (set) => controllerOf(set)?.name === name })[0]
  );
};

const resources = {
  ReplicaSet: 'replicasets',
  StatefulSet: 'statefulsets',
  Job: 'jobs',
  DaemonSet: 'daemonsets',
} as const;

/** An owner that wants no pods now: scaled to nothing, finished, or without a node to run on. */
const createOwner = (objects: ObjectStore, { namespace, owner }: FailedPodSpec): KubeObject => {
  const metadata = { namespace, name: owner.name };
  const matchLabels = { 'app.kubernetes.io/name': owner.name };
  const template = {
    metadata: { labels: matchLabels },
    spec: {
      containers: [{ name: 'main', image: 'public.ecr.aws/docker/library/busybox:1.37' }],
      ...(owner.kind === 'DaemonSet' ? { nodeSelector: { 'example.com/none': 'true' } } : {}),
    },
  };
  const selector = { matchLabels };
  switch (owner.kind) {
    case 'Job':
      return objects.create('jobs', {
        metadata,
        spec: { template, completions: 1, parallelism: 1, suspend: true },
      });
    case 'DaemonSet':
      return objects.create('daemonsets', { metadata, spec: { selector, template } });
    case 'StatefulSet':
      return objects.create('statefulsets', { metadata, spec: { replicas: 0, selector, template } });
    default:
      return objects.create('replicasets', {
        metadata: { ...metadata, name: replicaSetName(owner.name) },
        spec: { replicas: 0, selector, template },
      });
  }
};

/** With a hash, as its Deployment would have made it. */
const replicaSetName = (name: string): string =>
  name.match(/-[a-z0-9]{8,10}$/)
    ? name
    : `${name}-${createHash('sha256').update(name).digest('hex').slice(0, 9)}`;

const labelsOf = (owner: KubeObject): Readonly<Record<string, string>> => {
  const { selector } = (owner as Workload).spec as { selector?: LabelSelector };
  return selector?.matchLabels ?? { 'job-name': owner.metadata.name };
};
