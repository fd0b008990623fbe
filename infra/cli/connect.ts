import { clientSettings, isAwsError } from '../../shared/aws/clients.ts';
import { createStore } from '../../shared/aws/dynamodb.ts';
import type { Clock } from '../../shared/core/clock.ts';
import type { Connection } from './context.ts';
import type { DescribeStack } from './deployment.ts';
import { findDeployment } from './deployment.ts';
import { createFunctionsPort } from './functions-port.ts';

const PLAN_TIMEOUT_MS = 16 * 60_000; // a synchronous function may take 15 minutes

/** Outputs of a stack. Loaded only when a command asks: most get by with the variables, or need no AWS at all. */
export const describeStack: DescribeStack = async (stackName) => {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient(clientSettings());
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    const found = Stacks?.[0]?.Outputs ?? [];
    return Object.fromEntries(
      found.map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? '']),
    );
  } catch (error) {
    // CloudFormation answers a stack that is not there with ValidationError, "... does not exist".
    if (isAwsError(error, 'ValidationError') && error.message.includes('does not exist')) return undefined;
    throw error;
  }
};

export const connect = async (
  stackName: string,
  options: { environment: Readonly<Record<string, string | undefined>>; clock: Clock },
): Promise<Connection> => {
  const [{ DynamoDBClient }, { LambdaClient }] = await Promise.all([
    import('@aws-sdk/client-dynamodb'),
    import('@aws-sdk/client-lambda'),
  ]);
  const deployment = findDeployment({ stackName, environment: options.environment, describeStack });
  return {
    deployment,
    store: createStore(new DynamoDBClient(clientSettings()), {
      table: await deployment.table(),
      clock: options.clock,
    }),
    functions: createFunctionsPort(
      new LambdaClient(clientSettings({ maxAttempts: 2, requestTimeoutMs: PLAN_TIMEOUT_MS })),
    ),
  };
};
