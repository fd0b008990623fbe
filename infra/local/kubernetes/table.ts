import { isObject } from './json.ts';
import type { ConfigMap, KubeObject, Node, Pod, PodDisruptionBudget, Workload } from './objects.ts';
import { isFinished, isReady, isTerminating } from './objects.ts';
import type { ResourceDefinition } from './resources.ts';
import { selectorText } from './selectors.ts';

/** `meta.k8s.io/v1` Table: what `kubectl get` asks for and prints. */

interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer';
  /** 1: shown by `-o wide` alone. */
  readonly priority: 0 | 1;
  readonly cell: (object: KubeObject, age: string) => string | number;
}

type Cell = Column['cell'];

const column = (name: string, cell: Cell, type: Column['type'] = 'string'): Column => ({
  name,
  type,
  priority: 0,
  cell,
});
const wide = (name: string, cell: Cell): Column => ({ ...column(name, cell), priority: 1 });
const none: Cell = () => '<none>';

const nameColumn = column('Name', ({ metadata }) => metadata.name);
const ageColumn = column('Age', (_object, age) => age);

const podReason = (pod: Pod): string =>
  isTerminating(pod) && !isFinished(pod)
    ? 'Terminating'
    : (pod.status.reason ?? pod.status.phase ?? 'Unknown');

const readyContainers = ({ spec, status }: Pod): string =>
  `${(status.containerStatuses ?? []).filter(({ ready }) => ready).length}/${spec.containers.length}`;

const podColumns = [
  nameColumn,
  column('Ready', (pod) => readyContainers(pod as Pod)),
  column('Status', (pod) => podReason(pod as Pod)),
  column('Restarts', () => '0'),
  ageColumn,
  wide('IP', (pod) => (pod as Pod).status.podIP ?? '<none>'),
  wide('Node', (pod) => (pod as Pod).spec.nodeName ?? '<none>'),
  wide('Nominated Node', none),
  wide('Readiness Gates', none),
];

const nodeStatus = (node: Node): string =>
  [
    isReady(node) ? 'Ready' : 'NotReady',
    ...(node.spec.unschedulable === true ? ['SchedulingDisabled'] : []),
  ].join(',');

const rolePrefix = 'node-role.kubernetes.io/';

const roles: Cell = ({ metadata }) => {
  const labels = Object.keys(metadata.labels ?? {}).filter((label) => label.startsWith(rolePrefix));
  return (
    labels
      .map((label) => label.slice(rolePrefix.length))
      .sort()
      .join(',') || '<none>'
  );
};

const address = (node: Node, type: string): string =>
  node.status.addresses?.find((one) => one.type === type)?.address ?? '<none>';

const info =
  (field: string, missing: string): Cell =>
  (node) =>
    (node as Node).status.nodeInfo?.[field] || missing;

const nodeColumns = [
  nameColumn,
  column('Status', (node) => nodeStatus(node as Node)),
  column('Roles', roles),
  ageColumn,
  column('Version', info('kubeletVersion', '')),
  wide('Internal-IP', (node) => address(node as Node, 'InternalIP')),
  wide('External-IP', (node) => address(node as Node, 'ExternalIP')),
  wide('OS-Image', info('osImage', '<unknown>')),
  wide('Kernel-Version', info('kernelVersion', '<unknown>')),
  wide('Container-Runtime', info('containerRuntimeVersion', '<unknown>')),
];

const integer = (name: string, cell: Cell): Column => column(name, cell, 'integer');
const count =
  (field: string): Cell =>
  (object) =>
    Number((object as Workload).status[field] ?? 0);
const wanted: Cell = (object) => (object as Workload).spec.replicas ?? 1;
const readyOf: Cell = (object, age) => `${count('readyReplicas')(object, age)}/${wanted(object, age)}`;

const containers =
  (which: 'name' | 'image'): Cell =>
  (object) =>
    (object as Workload).spec.template.spec.containers.map((one) => one[which]).join(',');
const containerColumns = [wide('Containers', containers('name')), wide('Images', containers('image'))];
const selectorColumn = wide('Selector', (object) => selectorText((object as Workload).spec.selector));

const nodeSelector: Cell = (object) =>
  selectorText({ matchLabels: (object as Workload).spec.template.spec.nodeSelector ?? {} }) || '<none>';

const amount =
  (field: 'minAvailable' | 'maxUnavailable'): Cell =>
  (budget) =>
    String((budget as PodDisruptionBudget).spec[field] ?? 'N/A');

const columnsOf: Partial<Record<string, readonly Column[]>> = {
  pods: podColumns,
  nodes: nodeColumns,
  poddisruptionbudgets: [
    nameColumn,
    column('Min Available', amount('minAvailable')),
    column('Max Unavailable', amount('maxUnavailable')),
    integer('Allowed Disruptions', (budget) => (budget as PodDisruptionBudget).status.disruptionsAllowed),
    ageColumn,
  ],
  namespaces: [
    nameColumn,
    column('Status', ({ status }) => String(Reflect.get(status ?? {}, 'phase') ?? '')),
    ageColumn,
  ],
  configmaps: [
    nameColumn,
    column('Data', (map) => Object.keys((map as ConfigMap).data ?? {}).length),
    ageColumn,
  ],
  deployments: [
    nameColumn,
    column('Ready', readyOf),
    column('Up-to-date', count('updatedReplicas')),
    column('Available', count('availableReplicas')),
    ageColumn,
    ...containerColumns,
    selectorColumn,
  ],
  replicasets: [
    nameColumn,
    integer('Desired', wanted),
    integer('Current', count('replicas')),
    integer('Ready', count('readyReplicas')),
    ageColumn,
    ...containerColumns,
    selectorColumn,
  ],
  statefulsets: [nameColumn, column('Ready', readyOf), ageColumn, ...containerColumns],
  daemonsets: [
    nameColumn,
    integer('Desired', count('desiredNumberScheduled')),
    integer('Current', count('currentNumberScheduled')),
    integer('Ready', count('numberReady')),
    integer('Up-to-date', count('updatedNumberScheduled')),
    integer('Available', count('numberAvailable')),
    column('Node Selector', nodeSelector),
    ageColumn,
    ...containerColumns,
    selectorColumn,
  ],
};

/** `45s`, `12m`, `3h`, `2d`. */
const ageOf = ({ metadata }: KubeObject, nowMs: number): string => {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(metadata.creationTimestamp)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
};

export const wantsTable = (accept: string): boolean => accept.includes('as=Table');

/** An object or a list as a table; everything else (a Status) stays what it is. */
export const asTable = (
  definition: ResourceDefinition,
  body: object | string,
  nowMs: number,
): object | string => {
  if (!isObject(body)) return body;
  const objects =
    body.kind === `${definition.kind}List` ? body.items : body.kind === definition.kind ? [body] : undefined;
  if (!Array.isArray(objects)) return body;
  const columns = columnsOf[definition.plural] ?? [
    nameColumn,
    column('Created At', ({ metadata }) => metadata.creationTimestamp),
  ];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: body.kind === definition.kind ? {} : body.metadata,
    columnDefinitions: columns.map(({ name, type, priority }) => ({
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority,
    })),
    rows: objects.map((object: KubeObject) => ({
      cells: columns.map(({ cell }) => cell(object, ageOf(object, nowMs))),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
};
