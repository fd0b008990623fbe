import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';

/** What the API server adds to a pod that does not say it: k8s.io/kubernetes, pkg/apis/core/v1/defaults.go and admission. */

/** Kubernetes adds these two to every pod (admission plugin DefaultTolerationSeconds). */
const defaultTolerations = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map((key) => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

/** The two that every cluster has. */
export const priorityClasses: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

const pullPolicyOf = (image: unknown): string =>
  typeof image === 'string' && (image.includes('@') || (/:[^/]+$/.test(image) && !image.endsWith(':latest')))
    ? 'IfNotPresent'
    : 'Always';

const listOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

const completeContainer = (container: JsonObject): object => ({
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: pullPolicyOf(container.image),
  ...container,
  ...(container.ports === undefined
    ? {}
    : { ports: listOf(container.ports).map((port) => ({ protocol: 'TCP', ...port })) }),
});

const completeVolume = (volume: JsonObject): object =>
  isObject(volume.hostPath) ? { ...volume, hostPath: { type: '', ...volume.hostPath } } : volume;

/** A negative grace means one second. */
const graceOf = (seconds: number): number => (seconds < 0 ? 1 : seconds);

/** Of a template: no admission plugin has looked at it. */
const completeBareSpec = (spec: JsonObject): object => ({
  restartPolicy: 'Always',
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
  ...spec,
  terminationGracePeriodSeconds: graceOf(Number(spec.terminationGracePeriodSeconds ?? 30)),
  ...(spec.initContainers === undefined
    ? {}
    : { initContainers: listOf(spec.initContainers).map(completeContainer) }),
  ...(spec.volumes === undefined ? {} : { volumes: listOf(spec.volumes).map(completeVolume) }),
  containers: listOf(spec.containers).map(completeContainer),
});

export const completeTemplate = (template: JsonObject): object => ({
  ...template,
  spec: completeBareSpec(isObject(template.spec) ? template.spec : {}),
});

const toleratesAll = (toleration: JsonObject, key: string): boolean =>
  (toleration.key === undefined || toleration.key === '' || toleration.key === key) &&
  (toleration.effect === undefined || toleration.effect === '' || toleration.effect === 'NoExecute');

export const completePodSpec = (given: object): object => {
  const spec = { ...given } as JsonObject;
  const tolerations = listOf(spec.tolerations);
  const missing = defaultTolerations.filter(({ key }) => !tolerations.some((one) => toleratesAll(one, key)));
  return {
    ...completeBareSpec(spec),
    priority: spec.priority ?? priorityClasses[String(spec.priorityClassName)] ?? 0,
    enableServiceLinks: spec.enableServiceLinks ?? true,
    preemptionPolicy: spec.preemptionPolicy ?? 'PreemptLowerPriority',
    tolerations: [...tolerations, ...missing],
  };
};

/** A condition's times are shown without having been set. */
export const completeConditions = (status: object, seen: 'lastProbeTime' | 'lastHeartbeatTime'): object => {
  const { conditions } = status as JsonObject;
  if (!Array.isArray(conditions)) return status;
  const undated = { [seen]: null, lastTransitionTime: null };
  return { ...status, conditions: listOf(conditions).map((condition) => ({ ...undated, ...condition })) };
};

const amounts = (container: JsonObject, which: 'limits' | 'requests'): JsonObject => {
  const amounts = isObject(container.resources) ? container.resources[which] : undefined;
  return isObject(amounts) ? amounts : {};
};

/** Guaranteed, Burstable or BestEffort (pkg/apis/core/v1/helper/qos). */
export const qualityOf = (spec: object): string => {
  const { containers, initContainers } = spec as JsonObject;
  const all = [...listOf(containers), ...listOf(initContainers)];
  const asks = (container: JsonObject, which: 'limits' | 'requests') =>
    ['cpu', 'memory'].filter((resource) => amounts(container, which)[resource] !== undefined);
  if (all.every((one) => asks(one, 'limits').length + asks(one, 'requests').length === 0))
    return 'BestEffort';
  const guaranteed = all.every((one) => {
    const { cpu, memory } = amounts(one, 'limits');
    const requests = amounts(one, 'requests');
    return (
      cpu !== undefined &&
      memory !== undefined &&
      (requests.cpu ?? cpu) === cpu &&
      (requests.memory ?? memory) === memory
    );
  });
  return guaranteed ? 'Guaranteed' : 'Burstable';
};
