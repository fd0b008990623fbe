import { keyProblems, labelValueProblems, nameProblems } from './names.ts';
import type { KubeEvent, KubeObject, Node, Pod, PodDisruptionBudget, Workload } from './objects.ts';
import type { ResourceDefinition } from './resources.ts';
import { selects } from './selectors.ts';
import type { StatusCause } from './status.ts';
import { invalid } from './status.ts';

/** The rules of the real server's validation that a client of ours can break; each cause in its wording. */

export const invalidValue = (field: string, value: unknown, problem: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${problem}`,
  field,
});

const required = (field: string, detail = ''): StatusCause => ({
  reason: 'FieldValueRequired',
  message: `Required value${detail === '' ? '' : `: ${detail}`}`,
  field,
});

const unsupported = (field: string, value: string, supported: readonly string[]): StatusCause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: "${value}": supported values: ${supported.map((one) => `"${one}"`).join(', ')}`,
  field,
});

const nameCauses = (definition: ResourceDefinition, name: string | undefined): readonly StatusCause[] => {
  const field = 'metadata.name';
  if (name === undefined || name === '') return [required(field, 'name or generateName is required')];
  return nameProblems(definition.names, name).map((problem) => invalidValue(field, name, problem));
};

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

const taintCauses = (node: Node): readonly StatusCause[] => {
  const seen = new Set<string>();
  return (node.spec.taints ?? []).flatMap(({ key, value = '', effect }, index) => {
    const field = `metadata.taints[${index}]`;
    const [wrongKey] = keyProblems(key);
    if (wrongKey !== undefined) return invalidValue(`${field}.key`, key, wrongKey);
    const [wrongValue] = labelValueProblems(value);
    if (wrongValue !== undefined) return invalidValue(`${field}.value`, value, wrongValue);
    // A client may send any text, or none.
    const given: string = effect ?? '';
    if (given === '') return required(`${field}.effect`);
    if (!effects.includes(given)) return unsupported(`${field}.effect`, given, effects);
    const id = `${key}/${effect}`;
    if (seen.has(id)) {
      const shown = JSON.stringify({ Key: key, Value: value, Effect: effect, TimeAdded: null });
      const message = `Duplicate value: ${shown}: taints must be unique by key and effect pair`;
      return { reason: 'FieldValueDuplicate', message, field };
    }
    seen.add(id);
    return [];
  });
};

const amountCauses = (field: string, amount: number | string | undefined): readonly StatusCause[] => {
  const cause = (problem: string) => [invalidValue(field, amount, problem)];
  if (amount === undefined) return [];
  if (typeof amount === 'number') return amount < 0 ? cause('must be greater than or equal to 0') : [];
  if (!/^[0-9]+%$/.test(amount)) {
    return cause(
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    );
  }
  return Number.parseInt(amount, 10) > 100 ? cause('must not be greater than 100%') : [];
};

const evictionPolicies: readonly string[] = ['AlwaysAllow', 'IfHealthyBudget'];

const budgetCauses = ({ spec }: PodDisruptionBudget): readonly StatusCause[] => {
  const { minAvailable, maxUnavailable, selector = null, unhealthyPodEvictionPolicy = null } = spec;
  if (minAvailable === undefined || maxUnavailable === undefined) {
    return [
      ...amountCauses('spec.minAvailable', minAvailable),
      ...amountCauses('spec.maxUnavailable', maxUnavailable),
      ...(unhealthyPodEvictionPolicy === null || evictionPolicies.includes(unhealthyPodEvictionPolicy)
        ? []
        : [unsupported('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, evictionPolicies)]),
    ];
  }
  const shown = JSON.stringify({
    MinAvailable: minAvailable,
    Selector: selector,
    MaxUnavailable: maxUnavailable,
    UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy,
  });
  const message = `Invalid value: ${shown}: minAvailable and maxUnavailable cannot be both set`;
  return [{ reason: 'FieldValueInvalid', message, field: 'spec' }];
};

const isStandardFinalizer = (name: string): boolean =>
  name.includes('/') || ['kubernetes', 'orphan', 'foregroundDeletion'].includes(name);

/** Labels, annotations and finalizers. */
export const metadataCauses = ({ metadata }: KubeObject): readonly StatusCause[] => [
  ...Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => [
    ...keyProblems(key).map((problem) => invalidValue('metadata.labels', key, problem)),
    ...labelValueProblems(value).map((problem) => invalidValue('metadata.labels', value, problem)),
  ]),
  ...Object.keys(metadata.annotations ?? {}).flatMap((key) =>
    keyProblems(key.toLowerCase()).map((problem) => invalidValue('metadata.annotations', key, problem)),
  ),
  ...(metadata.finalizers ?? []).flatMap((name, index) =>
    isStandardFinalizer(name)
      ? []
      : [
          invalidValue(
            `metadata.finalizers[${index}]`,
            name,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ],
  ),
];

/** An event lives in its object's namespace; of a cluster-wide object in `default`. */
const eventCauses = (event: KubeEvent): readonly StatusCause[] => {
  const about = event.involvedObject?.namespace ?? '';
  const { namespace } = event.metadata;
  if (about === namespace || (about === '' && namespace === 'default')) return [];
  return [invalidValue('involvedObject.namespace', about, 'does not match event.namespace')];
};

const restartPolicies = ['Always', 'OnFailure', 'Never'];

const podCauses = ({ spec }: Pod): readonly StatusCause[] => [
  ...(spec.containers.length > 0 ? [] : [required('spec.containers')]),
  ...spec.containers.flatMap(({ name, image }, index) => [
    ...((name ?? '') === '' ? [required(`spec.containers[${index}].name`)] : []),
    ...((image ?? '') === '' ? [required(`spec.containers[${index}].image`)] : []),
  ]),
  ...(restartPolicies.includes(spec.restartPolicy ?? '')
    ? []
    : [unsupported('spec.restartPolicy', spec.restartPolicy ?? '', restartPolicies)]),
];

const workloadCauses = ({ kind, spec }: Workload): readonly StatusCause[] => {
  const { matchLabels = {}, matchExpressions = [] } = spec.selector ?? {};
  const isEmpty = Object.keys(matchLabels).length + matchExpressions.length === 0;
  const labels = spec.template?.metadata?.labels ?? {};
  const replicas = spec.replicas ?? 0;
  return [
    ...(replicas < 0 ? [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')] : []),
    ...(isEmpty
      ? [invalidValue('spec.selector', {}, `empty selector is invalid for ${kind.toLowerCase()}`)]
      : selects(spec.selector, labels)
        ? []
        : [
            invalidValue(
              'spec.template.metadata.labels',
              labels,
              '`selector` does not match template `labels`',
            ),
          ]),
  ];
};

export const kindCauses = (object: KubeObject): readonly StatusCause[] => {
  switch (object.kind) {
    case 'Node':
      return taintCauses(object as Node);
    case 'PodDisruptionBudget':
      return budgetCauses(object as PodDisruptionBudget);
    case 'Event':
      return eventCauses(object as KubeEvent);
    case 'Pod':
      return podCauses(object as Pod);
    case 'Deployment':
    case 'ReplicaSet':
    case 'StatefulSet':
    case 'DaemonSet':
      return workloadCauses(object as Workload);
    default:
      return [];
  }
};

/** Throws Invalid (422) with all causes. */
export const validate = (definition: ResourceDefinition, object: KubeObject): void => {
  const causes = [
    ...nameCauses(definition, object.metadata.name),
    ...metadataCauses(object),
    ...kindCauses(object),
  ];
  if (causes.length > 0) throw invalid(definition, object.metadata.name ?? '', causes);
};
