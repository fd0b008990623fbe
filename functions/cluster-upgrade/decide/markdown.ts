import type { Check } from './check.ts';
import type { UpgradePlan } from './plan.ts';

const pairs = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

const checkLines = (checks: readonly Check[]): string[] =>
  checks.flatMap(({ check, verdict, summary, objects, moreObjects, remedy }) => [
    `- ${verdict.toUpperCase()} ${check}: ${summary}`,
    ...objects.map((object) => `  - ${object}`),
    ...(moreObjects === undefined ? [] : [`  - and ${moreObjects} more`]),
    ...(remedy === undefined ? [] : [`  - remedy: ${remedy}`]),
  ]);

/** Plan and checks as people read them. */
export const planMarkdown = (document: {
  plan: UpgradePlan;
  planHash: string;
  checks: readonly Check[];
}): string => {
  const { plan, planHash, checks } = document;
  return [
    `# Upgrade of ${plan.cluster} from ${plan.fromVersion} to ${plan.toVersion}`,
    '',
    `Plan ${planHash}`,
    '',
    '## Checks',
    ...checkLines(checks),
    '',
    '## Steps',
    ...plan.steps.map(
      ({ target, before, after, reason, call }, index) =>
        `${index + 1}. ${target}: ${pairs(before)} -> ${pairs(after)} (${reason}; ${call.operation})`,
    ),
    '',
    '## Version skew',
    ...plan.skew.map(
      ({ stage, apiServer, oldestKubelet, oldestAllowed }) =>
        `- ${stage}: API server ${apiServer}, oldest kubelet ${oldestKubelet}, allowed from ${oldestAllowed}`,
    ),
    '',
  ].join('\n');
};
