import { isDeepStrictEqual } from 'node:util';
import type { KubeEvent, KubeObject, Node, Pod, PodDisruptionBudget } from './objects.ts';
import type { ResourceDefinition } from './resources.ts';
import type { StatusCause } from './status.ts';
import { invalid } from './status.ts';

/** The rules of the real server's validation that a client of ours can break; each cause in its wording. */

const subdomain = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

const nameRules = {
  subdomain: {
    pattern: new RegExp(`^${subdomain}$`),
    maxLength: 253,
    message: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  },
  label: {
    pattern: new RegExp(`^${label}$`),
    maxLength: 63,
    message: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  },
  path: {
    pattern: /^(?!\.\.?$)[^/%]+$/,
    maxLength: 253,
    message: `may not contain '/' or '%', or be '.' or '..'`,
  },
} as const;

const nameCauses = (definition: ResourceDefinition, name: string | undefined): readonly StatusCause[] => {
  const field = 'metadata.name';
  if (name === undefined || name === '') {
    const message = 'Required value: name or generateName is required';
    return [{ reason: 'FieldValueRequired', message, field }];
  }
  const rule = nameRules[definition.names];
  const shown = `Invalid value: ${JSON.stringify(name)}`;
  if (name.length > rule.maxLength) {
    const message = `${shown}: must be no more than ${rule.maxLength} bytes`;
    return [{ reason: 'FieldValueInvalid', message, field }];
  }
  if (rule.pattern.test(name)) return [];
  return [{ reason: 'FieldValueInvalid', message: `${shown}: ${rule.message}`, field }];
};

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

const taintCauses = (node: Node): readonly StatusCause[] => {
  const seen = new Set<string>();
  return (node.spec.taints ?? []).flatMap(({ key, value = '', effect }, index) => {
    const field = `metadata.taints[${index}]`;
    const id = `${key}/${effect}`;
    if (!effects.includes(effect)) {
      const message = `Unsupported value: "${effect}": supported values: ${effects.map((one) => `"${one}"`).join(', ')}`;
      return { reason: 'FieldValueNotSupported', message, field: `${field}.effect` };
    }
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
  const cause = (message: string) => [
    { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(amount)}: ${message}`, field },
  ];
  if (typeof amount === 'number' && amount < 0) return cause('must be greater than or equal to 0');
  if (typeof amount !== 'string' || /^[0-9]+%$/.test(amount)) return [];
  return cause(
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
  );
};

const budgetCauses = ({ spec }: PodDisruptionBudget): readonly StatusCause[] => {
  const { minAvailable, maxUnavailable, selector = null, unhealthyPodEvictionPolicy = null } = spec;
  if (minAvailable === undefined || maxUnavailable === undefined) {
    return [
      ...amountCauses('spec.minAvailable', minAvailable),
      ...amountCauses('spec.maxUnavailable', maxUnavailable),
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

const labelValue = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';
const labelPattern = new RegExp(`^${labelValue}$`);

const labelCauses = ({ metadata }: KubeObject): readonly StatusCause[] =>
  Object.values(metadata.labels ?? {})
    .filter((value) => value.length > 63 || !labelPattern.test(value))
    .map((value) => ({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${labelValue}')`,
      field: 'metadata.labels',
    }));

/** An event lives in its object's namespace; of a cluster-wide object in `default`. */
const eventCauses = (event: KubeEvent): readonly StatusCause[] => {
  const about = event.involvedObject?.namespace ?? '';
  const { namespace } = event.metadata;
  if (about === namespace || (about === '' && namespace === 'default')) return [];
  const message = `Invalid value: "${about}": does not match event.namespace`;
  return [{ reason: 'FieldValueInvalid', message, field: 'involvedObject.namespace' }];
};

const podCauses = (pod: Pod): readonly StatusCause[] =>
  Array.isArray(pod.spec?.containers) && pod.spec.containers.length > 0
    ? []
    : [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' }];

const kindCauses = (object: KubeObject): readonly StatusCause[] => {
  switch (object.kind) {
    case 'Node':
      return taintCauses(object as Node);
    case 'PodDisruptionBudget':
      return budgetCauses(object as PodDisruptionBudget);
    case 'Event':
      return eventCauses(object as KubeEvent);
    case 'Pod':
      return podCauses(object as Pod);
    default:
      return [];
  }
};

/** Throws Invalid (422) with all causes. */
export const validate = (definition: ResourceDefinition, object: KubeObject): void => {
  const causes = [
    ...nameCauses(definition, object.metadata.name),
    ...labelCauses(object),
    ...kindCauses(object),
  ];
  if (causes.length > 0) throw invalid(definition, object.metadata.name ?? '', causes);
};

const fixedPodSpec = (pod: Pod): object => {
  const { tolerations: _t, terminationGracePeriodSeconds: _g, ...spec } = pod.spec;
  const { activeDeadlineSeconds: _a, ...fixed } = spec as typeof spec & { activeDeadlineSeconds?: number };
  return { ...fixed, containers: pod.spec.containers.map(({ image: _i, ...container }) => container) };
};

const podSpecRule =
  'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
  '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing ' +
  'tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/**
 * What may not change. Throws Invalid (422). The real server checks metadata and nodes twice on an update, as a new
 * object and as a change, and tells each cause twice.
 */
export const validateUpdate = (definition: ResourceDefinition, old: KubeObject, object: KubeObject): void => {
  if (object.metadata.uid !== old.metadata.uid) {
    const message = `Invalid value: "${object.metadata.uid}": field is immutable`;
    const cause = { reason: 'FieldValueInvalid', message, field: 'metadata.uid' };
    throw invalid(definition, old.metadata.name, [cause, cause]);
  }
  if (
    definition.plural === 'pods' &&
    !isDeepStrictEqual(fixedPodSpec(object as Pod), fixedPodSpec(old as Pod))
  ) {
    throw invalid(definition, old.metadata.name, [
      { reason: 'FieldValueForbidden', message: podSpecRule, field: 'spec' },
    ]);
  }
  const causes = definition.plural === 'nodes' ? taintCauses(object as Node) : [];
  if (causes.length > 0) throw invalid(definition, old.metadata.name, [...causes, ...causes]);
  validate(definition, object);
};
