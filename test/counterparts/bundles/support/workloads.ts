import { stopSecondsAnnotation } from '../../../../infra/local/kubernetes/controllers/kubelet.ts';
import { create } from './objects.ts';
import type { Side } from './side.ts';

/** Where pods of a test may run: nodes that carry its own label. */
export interface Place {
  readonly namespace: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
}

export const placeOf = (name: string): Place => ({
  namespace: name,
  nodeSelector: { [`pool-${name}`]: 'yes' },
});

const template = (place: Place, name: string, spec: object = {}) => ({
  metadata: {
    labels: { app: name },
    // What kwok's stage says for the real cluster: pods stop in a second.
    annotations: { [stopSecondsAnnotation]: '1' },
  },
  spec: {
    containers: [{ name: 'main', image: 'registry.example.com/main:1' }],
    nodeSelector: place.nodeSelector,
    terminationGracePeriodSeconds: 30,
    ...spec,
  },
});

const selector = (name: string) => ({ matchLabels: { app: name } });

export const createNamespace = (side: Side, { namespace }: Place): Promise<unknown> =>
  create(side, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });

type Controlled = 'Deployment' | 'StatefulSet' | 'DaemonSet';

/** `pod` goes into the pods' spec. */
export const createWorkload = (
  side: Side,
  place: Place,
  { kind, name, replicas, pod }: { kind: Controlled; name: string; replicas?: number; pod?: object },
): Promise<unknown> =>
  create(side, `/apis/apps/v1/namespaces/${place.namespace}/${kind.toLowerCase()}s`, {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: place.namespace },
    spec: {
      selector: selector(name),
      template: template(place, name, pod),
      ...(replicas === undefined ? {} : { replicas }),
      ...(kind === 'StatefulSet' ? { serviceName: name, podManagementPolicy: 'Parallel' } : {}),
    },
  });

/** A pod that nobody brings back. `metadata` and `spec` go into its own. */
export const createPod = (
  side: Side,
  place: Place,
  { name, ...more }: { name: string; metadata?: object; spec?: object },
): Promise<unknown> => {
  const { metadata, spec } = template(place, name, more.spec);
  return create(side, `/api/v1/namespaces/${place.namespace}/pods`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name, namespace: place.namespace, ...more.metadata },
    spec,
  });
};

/** A PodDisruptionBudget over the pods of one workload, named after it where no other name is given. */
export const createBudget = (
  side: Side,
  place: Place,
  {
    of,
    name = of,
    allows,
  }: { of: string; name?: string; allows: { maxUnavailable?: number; minAvailable?: number } },
): Promise<unknown> =>
  create(side, `/apis/policy/v1/namespaces/${place.namespace}/poddisruptionbudgets`, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: place.namespace },
    spec: { selector: selector(of), ...allows },
  });
