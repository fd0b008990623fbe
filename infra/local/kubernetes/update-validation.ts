import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, Node, Pod } from './objects.ts';
import type { ResourceDefinition } from './resources.ts';
import type { StatusCause } from './status.ts';
import { invalid } from './status.ts';
import { invalidValue, kindCauses, metadataCauses } from './validation.ts';

const fixedPodSpec = ({ spec }: Pod): object => {
  const { tolerations: _t, ...rest } = spec;
  const { activeDeadlineSeconds: _a, ...fixed } = rest as typeof rest & { activeDeadlineSeconds?: number };
  return { ...fixed, containers: spec.containers.map(({ image: _i, ...container }) => container) };
};

const podSpecRule =
  'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,' +
  '`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing ' +
  'tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

const fixedMetadata = ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

const forbiddenChange = (field: string, message: string): StatusCause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${message}`,
  field,
});

const kindChanges = (old: KubeObject, object: KubeObject): readonly StatusCause[] => {
  if (object.kind === 'Pod') {
    const same = isDeepStrictEqual(fixedPodSpec(object as Pod), fixedPodSpec(old as Pod));
    return same ? [] : [{ reason: 'FieldValueForbidden', message: podSpecRule, field: 'spec' }];
  }
  if (object.kind !== 'Node') return [];
  const [before = '', after = ''] = [(old as Node).spec.providerID, (object as Node).spec.providerID];
  return before === '' || before === after
    ? []
    : [forbiddenChange('spec.providerID', 'node updates may not change providerID except from "" to valid')];
};

/** How often the real server looks at the labels of an update. */
const metadataChecks: Readonly<Record<string, number>> = { Pod: 4, Node: 4 };

const times = (count: number, causes: readonly StatusCause[]): readonly StatusCause[] =>
  Array.from({ length: count }, () => causes).flat();

/**
 * What may not change: `given` is what the client wants, `object` what would be stored. Throws Invalid (422). The real server checks some things more
 * than once on an update, as a new object and as a change, and tells each cause as often.
 */
export const validateUpdate = (
  definition: ResourceDefinition,
  old: KubeObject,
  { given, object }: { readonly given: KubeObject; readonly object: KubeObject },
): void => {
  const changed = fixedMetadata.flatMap((name) => {
    const value = given.metadata[name];
    return value === undefined || value === old.metadata[name]
      ? []
      : [invalidValue(`metadata.${name}`, value, 'field is immutable')];
  });
  const causes = [
    ...times(2, changed),
    ...times(metadataChecks[definition.kind] ?? 3, metadataCauses(object)),
    ...kindChanges(old, object),
    ...times(definition.plural === 'nodes' ? 2 : 1, kindCauses(object)),
  ];
  if (causes.length > 0) throw invalid(definition, old.metadata.name, causes);
};
