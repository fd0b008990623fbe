import type { ResourceName } from './objects.ts';

/** One kind of object: where it lives in the API and which rules of the real server it follows. */
export interface ResourceDefinition {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: ResourceName;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly subresources: readonly string[];
  /** `metadata.generation` counts changes of the spec. */
  readonly counted: boolean;
  /** What field selectors may name besides metadata.name and metadata.namespace. */
  readonly fields: readonly string[];
  /** DELETE answers the object that went, not a Status. */
  readonly answersDeleted: boolean;
  /** `path`: a name may hold anything a URL segment can, as RBAC's names do. */
  readonly names: 'subdomain' | 'label' | 'path';
}

type Given = Pick<ResourceDefinition, 'plural' | 'singular' | 'kind'> & Partial<ResourceDefinition>;

const defaults = {
  group: '',
  version: 'v1',
  namespaced: true,
  shortNames: [],
  subresources: [],
  counted: false,
  fields: [],
  answersDeleted: false,
  names: 'subdomain',
} as const;

const workload = { group: 'apps', counted: true };
const rbac = { group: 'rbac.authorization.k8s.io', namespaced: false, names: 'path' } as const;

const given: readonly Given[] = [
  {
    plural: 'pods',
    singular: 'pod',
    kind: 'Pod',
    shortNames: ['po'],
    subresources: ['eviction', 'status'],
    counted: true,
    fields: [
      'spec.hostNetwork',
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.phase',
      'status.podIP',
      'status.nominatedNodeName',
    ],
    answersDeleted: true,
  },
  {
    plural: 'nodes',
    singular: 'node',
    kind: 'Node',
    namespaced: false,
    shortNames: ['no'],
    subresources: ['status'],
    fields: ['spec.unschedulable'],
  },
  {
    plural: 'namespaces',
    singular: 'namespace',
    kind: 'Namespace',
    namespaced: false,
    shortNames: ['ns'],
    subresources: ['status'],
    fields: ['status.phase'],
    names: 'label',
  },
  {
    plural: 'events',
    singular: 'event',
    kind: 'Event',
    shortNames: ['ev'],
    fields: [
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'reportingComponent',
      'source',
      'type',
    ],
  },
  { plural: 'configmaps', singular: 'configmap', kind: 'ConfigMap', shortNames: ['cm'] },
  {
    plural: 'serviceaccounts',
    singular: 'serviceaccount',
    kind: 'ServiceAccount',
    shortNames: ['sa'],
    answersDeleted: true,
  },
  {
    ...workload,
    plural: 'deployments',
    singular: 'deployment',
    kind: 'Deployment',
    shortNames: ['deploy'],
    subresources: ['scale', 'status'],
  },
  {
    ...workload,
    plural: 'replicasets',
    singular: 'replicaset',
    kind: 'ReplicaSet',
    shortNames: ['rs'],
    subresources: ['scale', 'status'],
  },
  {
    ...workload,
    plural: 'statefulsets',
    singular: 'statefulset',
    kind: 'StatefulSet',
    shortNames: ['sts'],
    subresources: ['scale', 'status'],
  },
  {
    ...workload,
    plural: 'daemonsets',
    singular: 'daemonset',
    kind: 'DaemonSet',
    shortNames: ['ds'],
    subresources: ['status'],
  },
  {
    plural: 'jobs',
    singular: 'job',
    kind: 'Job',
    group: 'batch',
    counted: true,
    subresources: ['status'],
  },
  {
    plural: 'poddisruptionbudgets',
    singular: 'poddisruptionbudget',
    kind: 'PodDisruptionBudget',
    group: 'policy',
    counted: true,
    shortNames: ['pdb'],
    subresources: ['status'],
  },
  { ...rbac, plural: 'clusterroles', singular: 'clusterrole', kind: 'ClusterRole' },
  { ...rbac, plural: 'clusterrolebindings', singular: 'clusterrolebinding', kind: 'ClusterRoleBinding' },
];

export const resourceDefinitions: readonly ResourceDefinition[] = given.map((one) => ({
  ...defaults,
  ...one,
}));

const byPlural = new Map(resourceDefinitions.map((definition) => [definition.plural, definition]));

export const definitionOf = (plural: ResourceName): ResourceDefinition => {
  const definition = byPlural.get(plural);
  if (definition === undefined) throw new Error(`${plural} is no resource of the embedded Kubernetes API`);
  return definition;
};

export const findDefinition = (
  group: string,
  version: string,
  plural: string,
): ResourceDefinition | undefined =>
  resourceDefinitions.find((one) => one.group === group && one.version === version && one.plural === plural);

/** `apps/v1`, or `v1` in the core group. */
export const apiVersionOf = ({ group, version }: { group: string; version: string }): string =>
  group === '' ? version : `${group}/${version}`;

/** `deployments.apps`, as messages name a resource. */
export const qualified = ({ group, plural }: { group: string; plural: string }): string =>
  group === '' ? plural : `${plural}.${group}`;
