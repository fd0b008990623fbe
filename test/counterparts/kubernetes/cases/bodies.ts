import { budgetBody, container, podBody } from '../world.ts';

/** What the cases try to create. */

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [container] },
};
const selector = { matchLabels: { app: 'web' } };

export const workload = (kind: string, spec: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web' },
  spec: { replicas: 0, selector, template, ...spec },
});

/** What is made is shown whole: every default that one side sets, the other has to set too. */
export const kinds: readonly (readonly [string, { plural: string; body: object }])[] = [
  ['a Pod', { plural: 'pods', body: podBody('a', { node: null }) }],
  [
    'a Pod with everything that our code reads',
    {
      plural: 'pods',
      body: podBody('a', {
        node: null,
        metadata: {
          annotations: { 'example.com/why': 'because' },
          finalizers: ['example.com/hold'],
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              name: 'owner',
              uid: '11111111-1111-1111-1111-111111111111',
            },
          ],
        },
        spec: {
          terminationGracePeriodSeconds: 5,
          priorityClassName: 'system-node-critical',
          tolerations: [{ operator: 'Exists' }],
          containers: [
            {
              ...container,
              resources: { requests: { cpu: '100m' }, limits: { cpu: '100m' } },
              ports: [{ containerPort: 80 }],
              env: [{ name: 'A', value: 'b' }],
              volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
            },
          ],
          initContainers: [{ name: 'first', image: 'registry.example/first' }],
          volumes: [
            { name: 'scratch', emptyDir: {} },
            { name: 'host', hostPath: { path: '/tmp' } },
          ],
        },
      }),
    },
  ],
  ['a Deployment', { plural: 'deployments', body: workload('Deployment') }],
  ['a ReplicaSet', { plural: 'replicasets', body: workload('ReplicaSet') }],
  ['a StatefulSet', { plural: 'statefulsets', body: workload('StatefulSet', { serviceName: 'web' }) }],
  [
    'a DaemonSet',
    {
      plural: 'daemonsets',
      body: {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'web' },
        spec: {
          selector,
          template: { ...template, spec: { ...template.spec, nodeSelector: { 'no-such': 'node' } } },
        },
      },
    },
  ],
  ['a PodDisruptionBudget', { plural: 'poddisruptionbudgets', body: budgetBody('web', { minAvailable: 1 }) }],
  [
    'a PodDisruptionBudget by share',
    {
      plural: 'poddisruptionbudgets',
      body: budgetBody('web', { maxUnavailable: '50%', unhealthyPodEvictionPolicy: 'AlwaysAllow' }),
    },
  ],
  [
    'a ConfigMap',
    {
      plural: 'configmaps',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: '1' } },
    },
  ],
  [
    'a ServiceAccount',
    {
      plural: 'serviceaccounts',
      body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } },
    },
  ],
];

export const broken: readonly (readonly [string, object | string])[] = [
  ['nothing', ''],
  ['no JSON', 'what'],
  ['half an object', '{"kind":"Pod",'],
  ['an array', '[]'],
  ['a number', '5'],
  ['null', 'null'],
  ['an empty object', {}],
  ['another kind', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }],
  ['another version', { apiVersion: 'v2', kind: 'Pod', metadata: { name: 'a' } }],
  ['a kind that nobody knows', { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a' } }],
  ['an apiVersion with two slashes', { apiVersion: 'a/b/c', kind: 'Pod', metadata: { name: 'a' } }],
  ['metadata that is a text', { apiVersion: 'v1', kind: 'Pod', metadata: 'a' }],
  ['a name that is a number', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 5 } }],
  ['a spec that is a list', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: [] }],
  ['labels that are numbers', { ...podBody('a'), metadata: { name: 'a', labels: { a: 1 } } }],
];

export const refusedPods: readonly (readonly [string, object])[] = [
  ['without a name', podBody('', { metadata: { name: undefined } })],
  ['whose name has capitals', podBody('Web')],
  ['whose name has an underscore', podBody('a_b')],
  ['whose name is too long', podBody('a'.repeat(254))],
  ['of another namespace', podBody('a', { metadata: { namespace: 'default' } })],
  ['with a resourceVersion', podBody('a', { metadata: { resourceVersion: '5' } })],
  ['without containers', podBody('a', { spec: { containers: [] } })],
  ['whose container has no name', podBody('a', { spec: { containers: [{ image: 'a' }] } })],
  ['whose container has no image', podBody('a', { spec: { containers: [{ name: 'a' }] } })],
  ['with a label value that is none', podBody('a', { labels: { a: '-b' } })],
  ['with a label key that is none', podBody('a', { labels: { 'a/b/c': 'd' } })],
  ['with an annotation key that is none', podBody('a', { metadata: { annotations: { 'a b': 'c' } } })],
  ['with a finalizer that is none', podBody('a', { metadata: { finalizers: ['hold'] } })],
  ['with a negative grace', podBody('a', { spec: { terminationGracePeriodSeconds: -1 } })],
  ['with an unknown restart policy', podBody('a', { spec: { restartPolicy: 'Sometimes' } })],
  ['with a priority class that is not there', podBody('a', { spec: { priorityClassName: 'vip' } })],
];

export const refusedOthers: readonly (readonly [string, { plural: string; body: object }])[] = [
  [
    'a budget with both amounts',
    { plural: 'poddisruptionbudgets', body: budgetBody('web', { minAvailable: 1, maxUnavailable: 1 }) },
  ],
  [
    'a budget of minus one',
    { plural: 'poddisruptionbudgets', body: budgetBody('web', { minAvailable: -1 }) },
  ],
  [
    'a budget of "half"',
    { plural: 'poddisruptionbudgets', body: budgetBody('web', { maxUnavailable: 'half' }) },
  ],
  [
    'a budget of 120%',
    { plural: 'poddisruptionbudgets', body: budgetBody('web', { maxUnavailable: '120%' }) },
  ],
  [
    'a budget with a policy that nobody knows',
    {
      plural: 'poddisruptionbudgets',
      body: budgetBody('web', { minAvailable: 1, unhealthyPodEvictionPolicy: 'Ask' }),
    },
  ],
  [
    'a deployment without a selector',
    { plural: 'deployments', body: workload('Deployment', { selector: {} }) },
  ],
  [
    'a deployment whose selector is of others',
    { plural: 'deployments', body: workload('Deployment', { selector: { matchLabels: { app: 'db' } } }) },
  ],
  ['a deployment of minus one', { plural: 'deployments', body: workload('Deployment', { replicas: -1 }) }],
];
