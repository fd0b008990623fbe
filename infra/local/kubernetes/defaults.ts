import type { KubeObject, Metadata } from './objects.ts';
import { timestamp } from './objects.ts';
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

/** Kubernetes adds these two to every pod (admission plugin DefaultTolerationSeconds). */
const defaultTolerations = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map((key) => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

interface SpecInput {
  readonly tolerations?: { readonly key?: string }[];
  readonly containers?: { readonly image?: string }[];
}

const pullPolicyOf = (image = ''): string =>
  image.includes('@') || (/:[^/]+$/.test(image) && !image.endsWith(':latest')) ? 'IfNotPresent' : 'Always';

export const completePodSpec = (spec: SpecInput): object => {
  const tolerations = Array.isArray(spec.tolerations) ? spec.tolerations : [];
  const missing = defaultTolerations.filter(({ key }) => !tolerations.some((one) => one.key === key));
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
    ...spec,
    containers: (Array.isArray(spec.containers) ? spec.containers : []).map((container) => ({
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      imagePullPolicy: pullPolicyOf(container.image),
      ...container,
    })),
    tolerations: [...tolerations, ...missing],
  };
};

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

const rollingUpdate = {
  type: 'RollingUpdate',
  rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
};

/** Defaults of the kinds that are read for them; the others pass as they are. */
const completeKind = (
  kind: string,
  metadata: Metadata,
  { spec, status }: { spec: object; status: object },
): object => {
  switch (kind) {
    case 'Pod':
      return { spec: completePodSpec(spec), status: { phase: 'Pending', qosClass: 'BestEffort', ...status } };
    case 'Node':
      return { spec, status };
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
          strategy: rollingUpdate,
          revisionHistoryLimit: 10,
          progressDeadlineSeconds: 600,
          ...spec,
        },
        status,
      };
    case 'ReplicaSet':
      return { spec: { replicas: 1, ...spec }, status: { replicas: 0, ...status } };
    case 'StatefulSet':
      return {
        spec: { replicas: 1, podManagementPolicy: 'OrderedReady', ...spec },
        status: { replicas: 0, availableReplicas: 0, ...status },
      };
    case 'DaemonSet':
      return {
        spec,
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

interface AnyDraft {
  readonly metadata: Partial<Metadata>;
  readonly spec?: object | undefined;
  readonly status?: object | undefined;
}

/** The object that is stored for what was handed in, as the real server's defaulting leaves it. */
export const complete = (definition: ResourceDefinition, draft: AnyDraft, stamp: Stamp): KubeObject => {
  const { spec, status, ...rest } = draft;
  const metadata = completeMetadata(definition, draft.metadata, stamp);
  return {
    kind: definition.kind,
    apiVersion: apiVersionOf(definition),
    ...(definition.kind === 'Event' ? undatedEvent : {}),
    ...rest,
    metadata,
    ...completeKind(definition.kind, metadata, { spec: spec ?? {}, status: status ?? {} }),
  };
};
