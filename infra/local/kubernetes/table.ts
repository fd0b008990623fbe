import type { KubeObject, Node, Pod, PodDisruptionBudget, Workload } from './objects.ts';
import { isFinished, isReady, isTerminating } from './objects.ts';
import { isObject } from './request.ts';
import type { ResourceDefinition } from './resources.ts';

/** `meta.k8s.io/v1` Table: what `kubectl get` asks for and prints. */

interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer';
  /** 1: shown by `-o wide` alone. */
  readonly priority: 0 | 1;
  readonly cell: (object: KubeObject, age: string) => string | number;
}

const column = (
  name: string,
  cell: (object: KubeObject, age: string) => string | number,
  priority: 0 | 1 = 0,
): Column => ({ name, type: 'string', priority, cell });

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
  column('IP', (pod) => (pod as Pod).status.podIP ?? '<none>', 1),
  column('Node', (pod) => (pod as Pod).spec.nodeName ?? '<none>', 1),
];

const nodeStatus = (node: Node): string =>
  [
    isReady(node) ? 'Ready' : 'NotReady',
    ...(node.spec.unschedulable === true ? ['SchedulingDisabled'] : []),
  ].join(',');

const address = (node: Node, type: string): string =>
  node.status.addresses?.find((one) => one.type === type)?.address ?? '<none>';

const nodeColumns = [
  nameColumn,
  column('Status', (node) => nodeStatus(node as Node)),
  column('Roles', () => '<none>'),
  ageColumn,
  column('Version', (node) => (node as Node).status.nodeInfo?.kubeletVersion ?? ''),
  column('Internal-IP', (node) => address(node as Node, 'InternalIP'), 1),
  column('External-IP', (node) => address(node as Node, 'ExternalIP'), 1),
];

const count = (object: KubeObject, field: string): number => Number((object as Workload).status[field] ?? 0);
const wanted = (object: KubeObject): number => (object as Workload).spec.replicas ?? 1;

const budgetColumns = [
  nameColumn,
  column('Min Available', (budget) => (budget as PodDisruptionBudget).spec.minAvailable ?? 'N/A'),
  column('Max Unavailable', (budget) => (budget as PodDisruptionBudget).spec.maxUnavailable ?? 'N/A'),
  column('Allowed Disruptions', (budget) => (budget as PodDisruptionBudget).status.disruptionsAllowed),
  ageColumn,
];

const columnsOf: Partial<Record<string, readonly Column[]>> = {
  pods: podColumns,
  nodes: nodeColumns,
  poddisruptionbudgets: budgetColumns,
  namespaces: [
    nameColumn,
    column('Status', ({ status }) => String(Reflect.get(status ?? {}, 'phase') ?? '')),
    ageColumn,
  ],
  deployments: [
    nameColumn,
    column('Ready', (one) => `${count(one, 'readyReplicas')}/${wanted(one)}`),
    column('Up-to-date', (one) => count(one, 'updatedReplicas')),
    column('Available', (one) => count(one, 'availableReplicas')),
    ageColumn,
  ],
  replicasets: [
    nameColumn,
    column('Desired', wanted),
    column('Current', (one) => count(one, 'replicas')),
    column('Ready', (one) => count(one, 'readyReplicas')),
    ageColumn,
  ],
  statefulsets: [
    nameColumn,
    column('Ready', (one) => `${count(one, 'readyReplicas')}/${wanted(one)}`),
    ageColumn,
  ],
  daemonsets: [
    nameColumn,
    column('Desired', (one) => count(one, 'desiredNumberScheduled')),
    column('Current', (one) => count(one, 'currentNumberScheduled')),
    column('Ready', (one) => count(one, 'numberReady')),
    ageColumn,
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
