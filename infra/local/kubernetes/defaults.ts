import { isObject } from './json.ts';
import type { KubeObject, Metadata, Node } from './objects.ts';
import { timestamp } from './objects.ts';
import { completeConditions, completePodSpec, completeTemplate, qualityOf } from './pod-defaults.ts';
import type { ResourceDefinition } from './resources.ts';
import { apiVersionOf } from './resources.ts';

export interface Stamp {
  /** 64 hex digits, other ones at each call. */
  readonly unique: () => string;
  readonly nowMs: number;
}

/** apiserver's names.go: letters and digits that spell no words. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

export const safeSuffix = (hex: string, length: number): string =>
  Array.from(
    { length },
    (_, index) =>
      suffixAlphabet[Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16) % suffixAlphabet.length],
  ).join('');

const asUid = (hex: string): string =>
  [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');

const completeMetadata = (
  definition: ResourceDefinition,
  given: Partial<Metadata>,
  stamp: Stamp,
): Metadata => {
  const { generateName } = given;
  const name =
    given.name ?? (generateName === undefined ? '' : `${generateName}${safeSuffix(stamp.unique(), 5)}`);
  return {
    ...given,
    name,
    ...(definition.namespaced ? { namespace: given.namespace ?? 'default' } : {}),
    uid: given.uid ?? asUid(stamp.unique()),
    resourceVersion: '',
    creationTimestamp: given.creationTimestamp ?? timestamp(stamp.nowMs),
    ...(definition.counted ? { generation: given.generation ?? 1 } : {}),
  };
};

const withTemplate = (spec: object): object => {
  const template: unknown = Reflect.get(spec, 'template');
  return isObject(template) ? { ...spec, template: completeTemplate(template) } : spec;
};

const firstTemplate = { 'deprecated.daemonset.template.generation': '1' };

const noBudget = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };

/** What an event of one's own making leaves out. */
const undatedEvent = {
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: null,
  reportingComponent: '',
  reportingInstance: '',
};

const rollingUpdate = (rollingUpdate: object) => ({ type: 'RollingUpdate', rollingUpdate });

const withoutEmptyTaints = (given: object): object => {
  const { taints, ...spec } = given as Node['spec'];
  return taints === undefined || taints.length === 0 ? spec : { ...spec, taints };
};

/** Before a kubelet has written anything. */
const emptyNodeStatus = {
  daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
  nodeInfo: Object.fromEntries(
    [
      ...['machineID', 'systemUUID', 'bootID', 'kernelVersion', 'osImage', 'containerRuntimeVersion'],
      ...['kubeletVersion', 'kubeProxyVersion', 'operatingSystem', 'architecture'],
    ].map((field) => [field, '']),
  ),
};

/** Defaults of the kinds that are read for them; the others pass as they are. */
const completeKind = (
  kind: string,
  metadata: Metadata,
  { spec, status }: { spec: object; status: object },
): object => {
  switch (kind) {
    case 'Pod':
      return {
        spec: completePodSpec(spec),
        status: {
          phase: 'Pending',
          qosClass: qualityOf(spec),
          ...completeConditions(status, 'lastProbeTime'),
        },
      };
    case 'Node':
      return {
        spec: withoutEmptyTaints(spec),
        status: { ...emptyNodeStatus, ...completeConditions(status, 'lastHeartbeatTime') },
      };
    case 'Namespace':
      return {
        metadata: {
          ...metadata,
          labels: { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name },
        },
        spec: { finalizers: ['kubernetes'], ...spec },
        status: { phase: 'Active', ...status },
      };
    case 'PodDisruptionBudget':
      return { spec, status: { ...noBudget, ...status } };
    case 'Deployment':
      return {
        spec: {
          replicas: 1,
          strategy: rollingUpdate({ maxUnavailable: '25%', maxSurge: '25%' }),
          revisionHistoryLimit: 10,
          progressDeadlineSeconds: 600,
          ...withTemplate(spec),
        },
        status,
      };
    case 'ReplicaSet':
      return { spec: { replicas: 1, ...withTemplate(spec) }, status: { replicas: 0, ...status } };
    case 'StatefulSet':
      return {
        spec: {
          replicas: 1,
          podManagementPolicy: 'OrderedReady',
          updateStrategy: rollingUpdate({ partition: 0 }),
          revisionHistoryLimit: 10,
          persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
          ...withTemplate(spec),
        },
        status: { replicas: 0, availableReplicas: 0, ...status },
      };
    case 'DaemonSet':
      return {
        metadata: { ...metadata, annotations: { ...firstTemplate, ...metadata.annotations } },
        spec: {
          updateStrategy: rollingUpdate({ maxUnavailable: 1, maxSurge: 0 }),
          revisionHistoryLimit: 10,
          ...withTemplate(spec),
        },
        status: {
          currentNumberScheduled: 0,
          numberMisscheduled: 0,
          desiredNumberScheduled: 0,
          numberReady: 0,
          ...status,
        },
      };
    case 'Job':
      return { spec, status };
    default:
      return {};
  }
};

/** An empty map or list is left out on the wire. */
const withoutEmpty = (metadata: Metadata): Metadata => {
  const { labels, annotations, finalizers, ownerReferences, ...rest } = metadata;
  // A client may have sent null.
  const has = (value: object | null | undefined) => Object.keys(value ?? {}).length > 0;
  return {
    ...rest,
    ...(labels !== undefined && has(labels) ? { labels } : {}),
    ...(annotations !== undefined && has(annotations) ? { annotations } : {}),
    ...(finalizers !== undefined && has(finalizers) ? { finalizers } : {}),
    ...(ownerReferences !== undefined && has(ownerReferences) ? { ownerReferences } : {}),
  };
};

/** An object that a client has changed, with whatever default it took away. */
export const recomplete = (object: KubeObject): KubeObject => {
  const { spec, status, ...rest } = object;
  const filled = {
    ...rest,
    ...completeKind(object.kind, object.metadata, { spec: spec ?? {}, status: status ?? {} }),
  };
  return { ...filled, metadata: withoutEmpty(filled.metadata) };
};

interface AnyDraft {
  readonly metadata: Partial<Metadata>;
  readonly spec?: object | undefined;
  readonly status?: object | undefined;
}

/** The object that is stored for what was handed in, as the real server's defaulting leaves it. */
export const complete = (definition: ResourceDefinition, draft: AnyDraft, stamp: Stamp): KubeObject => {
  const { spec, status, ...rest } = draft;
  return recomplete({
    kind: definition.kind,
    apiVersion: apiVersionOf(definition),
    ...(definition.kind === 'Event' ? undatedEvent : {}),
    ...rest,
    metadata: completeMetadata(definition, draft.metadata, stamp),
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  });
};
