import { Stack, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { IamStatement } from '../../shared/core/automation.ts';

/**
 * Actions that IAM grants on `*` alone, because they list things or ask about none in particular. Source:
 * Service Authorization Reference, column "Resource types" empty. What is not here must name its resources.
 */
export const ACTIONS_WITHOUT_RESOURCES: ReadonlySet<string> = new Set([
  'autoscaling:DescribeAutoScalingGroups',
  'autoscaling:DescribeAutoScalingInstances',
  'autoscaling:DescribeLifecycleHooks',
  'ec2:DescribeInstances',
  'ec2:DescribeSubnets',
  'ecr:GetRegistryScanningConfiguration',
  'eks:DescribeAddonVersions',
  'eks:DescribeClusterVersions',
]);

/** ARNs whose last part cannot be known when the stack is written. */
const OPEN_ENDED: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  {
    pattern: /:(nodegroup|addon)\/[^/*]+\/[^/]+(\/\*)?$/,
    reason: "The last part of a node group's or add-on's ARN is an id that EKS makes up when it is created.",
  },
  {
    pattern: /\.Arn>\/[a-z-]+\/\*$/,
    reason: "Objects under the automation's own prefix of the product's bucket.",
  },
  {
    pattern: /:repository\//,
    reason: 'Repositories are configured as patterns, or found by what runs in the clusters.',
  },
  {
    pattern: /:autoScalingGroup:\*:/,
    reason:
      "A group's ARN holds an id that Auto Scaling makes up, and any group may carry a configured hook.",
  },
  {
    pattern: /:ssm:.*:parameter\/aws\/service\//,
    reason: 'Public parameters of AWS with the recommended node images.',
  },
  {
    pattern: /:function:.*(:\*|\/\*)$/,
    reason: 'Versions, aliases and executions of one function of this stack.',
  },
];

/** A resource as cdk-nag writes it into a finding's id: references in angle brackets. */
const findingText = (scope: IConstruct, resource: string): string => {
  const flatten = (value: unknown): string => {
    if (typeof value === 'string') return value;
    if (typeof value !== 'object' || value === null) return String(value);
    const [[key, argument] = ['', undefined]] = Object.entries(value);
    if (key === 'Ref') return `<${argument}>`;
    if (key === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
    if (key === 'Fn::Join')
      return (argument as [string, unknown[]])[1].map(flatten).join((argument as [string])[0]);
    return JSON.stringify(value);
  };
  return flatten(Stack.of(scope).resolve(resource));
};

const reasonFor = (text: string, statements: readonly IamStatement[]): string | undefined => {
  if (text !== '*') return OPEN_ENDED.find(({ pattern }) => pattern.test(text))?.reason;
  const actions = statements
    .filter(({ resources }) => resources.includes('*'))
    .flatMap(({ actions }) => actions);
  return actions.every((action) => ACTIONS_WITHOUT_RESOURCES.has(action))
    ? `IAM knows no resources for ${actions.join(', ')}.`
    : undefined;
};

/**
 * Acknowledges an entry's wildcards one by one, each with its reason. A wildcard for which there is none is
 * left as a finding, and so fails the synthesis.
 */
export const acknowledgeWildcards = (role: Role, statements: readonly IamStatement[]): void => {
  const open = new Set(
    statements
      .flatMap(({ resources }) => resources.map((resource) => findingText(role, resource)))
      .filter((text) => text.includes('*')),
  );
  for (const text of open) {
    const reason = reasonFor(text, statements);
    if (reason === undefined) continue;
    Validations.of(role.node.findChild('Resource')).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${text}]`,
      reason,
    });
  }
};
