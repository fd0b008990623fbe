import { entriesOf, exampleScope } from '../../../../infra/entries.ts';
import { parseConfig } from '../../../../infra/load-config.ts';
import { kubernetesManifests } from '../../../../infra/rbac.ts';
import type { KubernetesRule } from '../../../../shared/core/automation.ts';
import type { Verdict } from '../../../../shared/core/verdict.ts';
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
const isAllowed = async (side: Side, { entryId, verb, resource }: Right, group: string): Promise<boolean> => {
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

/** Runs with one right less in the shipped role, and gives it back whatever comes of it. */
export const withoutRight = async <T>(side: Side, right: Right, run: () => Promise<T>): Promise<T> => {
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

/** The API server's words for a right that is missing, within whatever they were put into. */
export const refusalOf = ({ verb, resource }: Right): RegExp =>
  new RegExp(`cannot ${verb} resource \\\\*"${resource}\\\\*"`);

/** Verdicts that hold the words. */
export const verdictsNaming = (verdicts: readonly Verdict[], right: Right): readonly Verdict[] =>
  verdicts.filter(({ detail }) => refusalOf(right).test(JSON.stringify(detail ?? {})));
