import { functionNameOf, outputs, roleOutputOf } from '../names.ts';
import { UsageError } from './errors.ts';

/** Where a deployment's things are: from the CARETAKER_* variables where set, otherwise from the stack's outputs. */
export interface Deployment {
  readonly stackName: string;
  functionName(entryId: string): string;
  table(): Promise<string>;
  roleArn(entryId: string): Promise<string>;
}

/** Answers a stack's outputs by key, or undefined when there is no such stack. */
export type DescribeStack = (stackName: string) => Promise<Readonly<Record<string, string>> | undefined>;

export const findDeployment = (options: {
  stackName: string;
  environment: Readonly<Record<string, string | undefined>>;
  describeStack: DescribeStack;
}): Deployment => {
  const { stackName, environment, describeStack } = options;
  let described: ReturnType<DescribeStack> | undefined;

  const output = async (key: string): Promise<string> => {
    described ??= describeStack(stackName);
    const found = await described;
    if (found === undefined) {
      throw new UsageError(
        `there is no CloudFormation stack ${stackName} in this account and region: deploy it, name another with --stack, or set the CARETAKER_* variables`,
      );
    }
    const value = found[key];
    if (value === undefined) {
      throw new UsageError(
        `the stack ${stackName} has no output ${key}: what it stands for is off in its configuration, or the stack is of an older version`,
      );
    }
    return value;
  };

  return {
    stackName,
    functionName: (entryId) => functionNameOf(stackName, entryId),
    table: async () => environment.CARETAKER_TABLE || output(outputs.table),
    roleArn: (entryId) => output(roleOutputOf(entryId)),
  };
};
