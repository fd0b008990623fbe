import { entriesOf, exampleScope } from '../../../../infra/entries.ts';
import { parseConfig } from '../../../../infra/load-config.ts';
import { kubernetesManifests } from '../../../../infra/rbac.ts';
import type { KubernetesRule } from '../../../../shared/core/automation.ts';
import type { Verdict } from '../../../../shared/core/verdict.ts';
import type { AuditLog } from './audit.ts';
import { patch, read } from './objects.ts';
import type { Side } from './side.ts';

export interface Right {
  readonly entryId: string;
  readonly verb: string;
  /** With its subresource. */
  readonly resource: string;
}

export const nameOf = ({ entryId, verb, resource }: Right): string => `${entryId}: ${verb} ${resource}`;

/** Every right that is shipped for a configuration, one by one. */
export const shippedRights = (config: string): readonly Right[] =>
  kubernetesManifests(
    entriesOf(parseConfig(config, 'caretaker.yaml'), exampleScope).map(({ entry }) => entry),
  ).flatMap((manifest) =>
    manifest.kind === 'ClusterRole'
      ? manifest.rules.flatMap(({ resources, verbs }) =>
          resources.flatMap((resource) =>
            verbs.map((verb) => ({
              entryId: manifest.metadata.name.replace('eks-caretaker:', ''),
              verb,
              resource,
            })),
          ),
        )
      : [],
  );

const pathOf = (entryId: string): string =>
  `/apis/rbac.authorization.k8s.io/v1/clusterroles/eks-caretaker:${entryId}`;

const rulesWithout = (rules: readonly KubernetesRule[], right: Right): readonly KubernetesRule[] =>
  rules.flatMap((rule) => {
    if (!rule.resources.includes(right.resource)) return [rule];
    const others = rule.resources.filter((resource) => resource !== right.resource);
    const verbs = rule.verbs.filter((verb) => verb !== right.verb);
    return [
      ...(others.length === 0 ? [] : [{ ...rule, resources: others }]),
      ...(verbs.length === 0 ? [] : [{ ...rule, resources: [right.resource], verbs }]),
    ];
  });

/** Whether the cluster lets the entry's group do it: the API server learns of a changed role a moment later. */
const isAllowed = async (
  side: Pick<Side, 'request'>,
  { entryId, verb, resource }: Right,
  group: string,
): Promise<boolean> => {
  const [name, subresource] = resource.split('/');
  const { body } = await side.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: 'somebody',
        groups: [`eks-caretaker:${entryId}`],
        resourceAttributes: {
          verb,
          group,
          resource: name,
          ...(subresource === undefined ? {} : { subresource }),
        },
      },
    },
  });
  return (body as { status: { allowed: boolean } }).status.allowed;
};

/** A right that is missing on purpose, in epoch ms of the machine, as the audit log has it. */
interface Absence extends Right {
  readonly from: number;
  until: number;
}
const absences = new WeakMap<object, Absence[]>();

/** While it runs, whatever needs that right may be refused: `unforeseenRefusals` leaves it out. */
export const expectingRefusals = async <T>(
  side: Pick<Side, 'name'>,
  right: Right,
  run: () => Promise<T>,
): Promise<T> => {
  const absence: Absence = { ...right, from: Date.now(), until: Number.POSITIVE_INFINITY };
  absences.set(side, [...(absences.get(side) ?? []), absence]);
  try {
    return await run();
  } finally {
    absence.until = Date.now();
  }
};

/**
 * What the API server refused to the functions (403) although nobody had taken it away: rights that the shipped roles
 * do not give, which functions may do without in silence.
 */
export const unforeseenRefusals = (
  side: Pick<Side, 'name'> & { readonly audit: Pick<AuditLog, 'calls'> },
): readonly string[] => {
  const missing = absences.get(side) ?? [];
  return side.audit
    .calls({ code: 403 })
    .map(({ group, verb, resource, at }) => ({
      name: nameOf({ entryId: group.replace('eks-caretaker:', ''), verb, resource }),
      at,
    }))
    .filter(
      ({ name, at }) =>
        !missing.some((absence) => nameOf(absence) === name && at >= absence.from && at <= absence.until),
    )
    .map(({ name }) => name);
};

const takingAway = async <T>(
  side: Pick<Side, 'name' | 'request' | 'until'>,
  right: Right,
  run: () => Promise<T>,
): Promise<T> => {
  const path = pathOf(right.entryId);
  const { rules } = await read<{ rules: readonly KubernetesRule[] }>(side, path);
  const group = rules.find(({ resources }) => resources.includes(right.resource))?.apiGroups[0] ?? '';
  const settle = (allowed: boolean) =>
    side.until(`${nameOf(right)} is allowed: ${allowed}`, async () =>
      side.name === 'embedded' || (await isAllowed(side, right, group)) === allowed ? true : undefined,
    );
  await patch(side, path, { rules: rulesWithout(rules, right) });
  try {
    await settle(false);
    return await run();
  } finally {
    await patch(side, path, { rules });
    await settle(true);
  }
};

/** Runs with one right less in the shipped role, and gives it back whatever comes of it. */
export const withoutRight = <T>(
  side: Pick<Side, 'name' | 'request' | 'until'>,
  right: Right,
  run: () => Promise<T>,
): Promise<T> => expectingRefusals(side, right, () => takingAway(side, right, run));

/** The API server's words for a right that is missing, within whatever they were put into. */
export const refusalOf = ({ verb, resource }: Right): RegExp =>
  new RegExp(`cannot ${verb} resource \\\\*"${resource}\\\\*"`);

/** Verdicts that hold the words. */
export const verdictsNaming = (verdicts: readonly Verdict[], right: Right): readonly Verdict[] =>
  verdicts.filter(({ detail }) => refusalOf(right).test(JSON.stringify(detail ?? {})));
