import { goKindOf, isObject, JsonError } from './json.ts';

/**
 * The types of the fields that this API server and its clients read, by k8s.io/api's types.go. A field that is not
 * named here may hold anything.
 */
type Type =
  | 'string'
  | 'types.UID'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'v1.Time'
  | { readonly struct: string; readonly fields: Fields }
  | { readonly list: Type; readonly of: string }
  | { readonly map: 'string' };

interface Fields {
  readonly [name: string]: Type;
}

const strings = <K extends string>(...names: readonly K[]): Fields =>
  Object.fromEntries(names.map((name) => [name, 'string']));

const struct = (name: string, fields: Fields): Type => ({ struct: name, fields });
const listOf = (name: string, fields: Fields): Type => ({ list: struct(name, fields), of: `v1.${name}` });
const texts: Type = { list: 'string', of: 'string' };
const labels: Type = { map: 'string' };

const objectMeta = struct('ObjectMeta', {
  ...strings('name', 'generateName', 'namespace', 'resourceVersion'),
  uid: 'types.UID',
  labels,
  annotations: labels,
  finalizers: texts,
  generation: 'int64',
  creationTimestamp: 'v1.Time',
  deletionTimestamp: 'v1.Time',
  deletionGracePeriodSeconds: 'int64',
  ownerReferences: listOf('OwnerReference', {
    ...strings('apiVersion', 'kind', 'name'),
    uid: 'types.UID',
    controller: 'bool',
  }),
});
const container: Fields = strings('name', 'image');
const podSpec = struct('PodSpec', {
  ...strings('nodeName', 'schedulerName', 'restartPolicy', 'priorityClassName'),
  terminationGracePeriodSeconds: 'int64',
  nodeSelector: labels,
  containers: listOf('Container', container),
  initContainers: listOf('Container', container),
  tolerations: listOf('Toleration', {
    ...strings('key', 'operator', 'value', 'effect'),
    tolerationSeconds: 'int64',
  }),
});
const conditions = (name: string): Type => listOf(name, strings('type', 'status', 'reason', 'message'));
const selector = struct('LabelSelector', {
  matchLabels: labels,
  matchExpressions: listOf('LabelSelectorRequirement', { ...strings('key', 'operator'), values: texts }),
});
const workload = (kind: string): Fields => ({
  spec: struct(`${kind}Spec`, {
    replicas: 'int32',
    selector,
    template: struct('PodTemplateSpec', { metadata: objectMeta, spec: podSpec }),
  }),
  status: struct(`${kind}Status`, {}),
});
export const deleteOptionsType = struct('DeleteOptions', {
  gracePeriodSeconds: 'int64',
  preconditions: struct('Preconditions', { uid: 'types.UID', resourceVersion: 'string' }),
  orphanDependents: 'bool',
  propagationPolicy: 'string',
  dryRun: texts,
});

const kinds: Readonly<Record<string, Fields>> = {
  Pod: {
    spec: podSpec,
    status: struct('PodStatus', {
      ...strings('phase', 'reason', 'message', 'podIP'),
      conditions: conditions('PodCondition'),
    }),
  },
  Node: {
    spec: struct('NodeSpec', {
      providerID: 'string',
      unschedulable: 'bool',
      taints: listOf('Taint', { ...strings('key', 'value', 'effect'), timeAdded: 'v1.Time' }),
    }),
    status: struct('NodeStatus', { conditions: conditions('NodeCondition') }),
  },
  Namespace: { spec: struct('NamespaceSpec', {}), status: struct('NamespaceStatus', { phase: 'string' }) },
  PodDisruptionBudget: {
    spec: struct('PodDisruptionBudgetSpec', { selector, unhealthyPodEvictionPolicy: 'string' }),
    status: struct('PodDisruptionBudgetStatus', {}),
  },
  Deployment: workload('Deployment'),
  ReplicaSet: workload('ReplicaSet'),
  StatefulSet: workload('StatefulSet'),
  DaemonSet: workload('DaemonSet'),
  Event: {
    ...strings('reason', 'message', 'type', 'action', 'reportingComponent', 'reportingInstance'),
    count: 'int32',
    firstTimestamp: 'v1.Time',
    lastTimestamp: 'v1.Time',
    involvedObject: struct(
      'ObjectReference',
      strings('kind', 'namespace', 'name', 'apiVersion', 'fieldPath'),
    ),
  },
  ConfigMap: { data: labels },
  Eviction: { deleteOptions: deleteOptionsType },
  Scale: { spec: struct('ScaleSpec', { replicas: 'int32' }) },
};

const goName = (type: Type): string => {
  if (typeof type === 'string') return type;
  if ('struct' in type) return `v1.${type.struct}`;
  return 'list' in type ? `[]${type.of}` : `map[string]${type.map}`;
};

interface Place {
  /** The struct that the field is of. */
  readonly of: string;
  readonly path: readonly string[];
}

const mismatch = (value: unknown, type: Type, { of, path }: Place): JsonError => {
  const shown = typeof value === 'number' && !Number.isInteger(value) ? `number ${value}` : goKindOf(value);
  const field = path.length === 0 ? 'value' : `struct field ${of}.${path.join('.')}`;
  return new JsonError(`json: cannot unmarshal ${shown} into Go ${field} of type ${goName(type)}`);
};

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const checkTime = (value: unknown, place: Place): void => {
  if (typeof value !== 'string') throw mismatch(value, 'v1.Time', place);
  if (moment.test(value)) return;
  const layout = '2006-01-02T15:04:05Z07:00';
  throw new JsonError(`parsing time "${value}" as "${layout}": cannot parse "${value}" as "2006"`);
};

const check = (value: unknown, type: Type, place: Place): void => {
  // null is Go's zero value of whatever type.
  if (value === null || value === undefined) return;
  if (typeof type === 'string') {
    if (type === 'v1.Time') checkTime(value, place);
    else if (type === 'bool' || type === 'string' || type === 'types.UID') {
      if (typeof value !== (type === 'bool' ? 'boolean' : 'string')) throw mismatch(value, type, place);
    } else if (!Number.isInteger(value)) throw mismatch(value, type, place);
    return;
  }
  if ('list' in type) {
    if (!Array.isArray(value)) throw mismatch(value, type, place);
    for (const item of value) check(item, type.list, place);
    return;
  }
  if (!isObject(value)) throw mismatch(value, type, place);
  const names = 'map' in type ? Object.keys(value) : Object.keys(type.fields);
  for (const name of names) {
    if ('map' in type) check(value[name], type.map, place);
    else check(value[name], type.fields[name] ?? 'string', { of: type.struct, path: [...place.path, name] });
  }
};

/** Throws JsonError, in encoding/json's words, where a field of the object is not of its type. */
export const checkTypes = (kind: string, value: unknown): void => {
  const fields = { ...kinds[kind], metadata: objectMeta };
  check(value, struct(kind, fields), { of: kind, path: [] });
};

export const checkDeleteOptions = (value: unknown): void =>
  check(value, deleteOptionsType, { of: 'DeleteOptions', path: [] });
