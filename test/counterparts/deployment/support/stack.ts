import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import type { Aws } from './aws.ts';

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
}

/** The deployed stack as CloudFormation describes it. */
export interface DeployedStack {
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly resources: readonly StackResource[];
  /** Physical id of the one resource whose logical id begins so. */
  physicalIdOf(logicalPrefix: string, type: string): string;
}

/** Asks for a stack, and answers its id. */
export const createStack = async (
  aws: Aws,
  input: { readonly StackName: string; readonly TemplateBody: string },
): Promise<string> => {
  const client = new CloudFormationClient(aws.settings);
  try {
    return (await client.send(new CreateStackCommand(input))).StackId ?? '';
  } finally {
    client.destroy();
  }
};

/** Undefined where there is none of that name. */
export const describeStack = async (aws: Aws, stackName: string): Promise<DeployedStack | undefined> => {
  const client = new CloudFormationClient(aws.settings);
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    const resources: StackResource[] = [];
    let next: string | undefined;
    do {
      const page = await client.send(
        new ListStackResourcesCommand({
          StackName: stackName,
          ...(next === undefined ? {} : { NextToken: next }),
        }),
      );
      for (const {
        LogicalResourceId,
        PhysicalResourceId,
        ResourceType,
        ResourceStatus,
      } of page.StackResourceSummaries ?? [])
        resources.push({
          logicalId: LogicalResourceId ?? '',
          physicalId: PhysicalResourceId ?? '',
          type: ResourceType ?? '',
          status: ResourceStatus ?? '',
        });
      next = page.NextToken;
    } while (next !== undefined);
    return {
      status: Stacks?.[0]?.StackStatus ?? '',
      outputs: Object.fromEntries(
        (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [
          OutputKey ?? '',
          OutputValue ?? '',
        ]),
      ),
      resources,
      physicalIdOf: (prefix, type) => {
        const found = resources.filter((one) => one.type === type && one.logicalId.startsWith(prefix));
        const [only] = found;
        if (only === undefined || found.length > 1)
          throw new Error(`${found.length} resources ${type} begin with ${prefix}`);
        return only.physicalId;
      },
    };
  } catch (error) {
    if (error instanceof Error && error.message.includes('does not exist')) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
};
