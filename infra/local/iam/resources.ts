import type { Input } from '../protocol/service.ts';

/** Names that ARNs are made of. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
}

/** A call in the words of IAM. `resources` is `['*']` for an action that knows no resources. */
export interface Access {
  readonly action: string;
  readonly resources: readonly string[];
}

/**
 * Which right a call asks for. Source: AWS's service authorization reference, for the services and operations that
 * the embedded account has.
 */
export const accessOf = (service: string, operation: string, input: Input, place: Place): Access => ({
  action: `${service}:${renamed[`${service}:${operation}`] ?? operation}`,
  resources: resourcesOf[service]?.(operation, input, place) ?? ['*'],
});

const renamed: Readonly<Record<string, string>> = {
  'lambda:Invoke': 'InvokeFunction',
  'sqs:SendMessageBatch': 'SendMessage',
  'sqs:DeleteMessageBatch': 'DeleteMessage',
  'sqs:ChangeMessageVisibilityBatch': 'ChangeMessageVisibility',
  'sns:PublishBatch': 'Publish',
  's3:HeadObject': 'GetObject',
  's3:HeadBucket': 'ListBucket',
  's3:ListObjectsV2': 'ListBucket',
};

type Resources = (operation: string, input: Input, place: Place) => readonly string[];

const arn = (service: string, { accountId, region }: Place, rest: string): string =>
  `arn:aws:${service}:${region}:${accountId}:${rest}`;

const list = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const eks: Resources = (operation, input, place) => {
  const cluster = string(input.clusterName) ?? string(input.name);
  if (cluster === undefined || operation === 'ListClusters') return ['*'];
  const group = string(input.nodegroupName);
  const addon = string(input.addonName);
  // The last part of these two ARNs is an id that the caller does not know; `*` in a statement stands for it.
  if (group !== undefined) return [arn('eks', place, `nodegroup/${cluster}/${group}/id`)];
  if (addon !== undefined && operation !== 'DescribeAddonVersions')
    return [arn('eks', place, `addon/${cluster}/${addon}/id`)];
  return [arn('eks', place, `cluster/${cluster}`)];
};

const ecr: Resources = (operation, input, place) => {
  if (operation === 'GetRegistryScanningConfiguration' || operation === 'DescribeRegistry') return ['*'];
  const names = [...list(input.repositoryNames), ...list([input.repositoryName])];
  return (names.length === 0 ? ['*'] : names).map((name) => arn('ecr', place, `repository/${name}`));
};

const dynamodb: Resources = (_operation, input, place) => {
  const names =
    typeof input.RequestItems === 'object' ? Object.keys(input.RequestItems ?? {}) : list([input.TableName]);
  return names.map((name) => arn('dynamodb', place, `table/${name}`));
};

const s3: Resources = (_operation, input) => {
  const bucket = `arn:aws:s3:::${String(input.Bucket)}`;
  return [input.Key === undefined ? bucket : `${bucket}/${String(input.Key)}`];
};

const ssm: Resources = (_operation, input, place) =>
  [...list(input.Names), ...list([input.Name])].map((name) =>
    // AWS's public parameters belong to no account.
    name.startsWith('/aws/service/')
      ? `arn:aws:ssm:${place.region}::parameter${name}`
      : arn('ssm', place, `parameter/${name.replace(/^\//, '')}`),
  );

const lambda: Resources = (_operation, input, place) => {
  const execution = string(input.DurableExecutionArn);
  if (execution !== undefined) return [execution];
  const named = string(input.FunctionName);
  if (named === undefined) return ['*'];
  const name = named.replace(/^(arn:[^:]+:lambda:[^:]+:)?(\d{12}:)?(function:)?/, '');
  const qualifier = string(input.Qualifier);
  return [arn('lambda', place, `function:${name}${qualifier === undefined ? '' : `:${qualifier}`}`)];
};

const autoscaling: Resources = (operation, input, place) => {
  const group = string(input.AutoScalingGroupName);
  return group === undefined || operation.startsWith('Describe')
    ? ['*']
    : [arn('autoscaling', place, `autoScalingGroup:id:autoScalingGroupName/${group}`)];
};

const resourcesOf: Readonly<Record<string, Resources>> = {
  eks,
  ecr,
  dynamodb,
  s3,
  ssm,
  lambda,
  autoscaling,
  sqs: (_operation, input, place) => {
    const name = string(input.QueueName) ?? string(input.QueueUrl)?.split('/').at(-1);
    return name === undefined ? ['*'] : [arn('sqs', place, name)];
  },
  sns: (_operation, input) => list([input.TopicArn ?? input.TargetArn]),
  events: (operation, _input, place) =>
    operation === 'PutEvents' ? [arn('events', place, 'event-bus/default')] : ['*'],
};
