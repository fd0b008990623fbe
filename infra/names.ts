/** Names that stack, command line and clusters agree on. */

export const DEFAULT_STACK_NAME = 'eks-caretaker';

/** The alias on which the durable function is started, so that a running execution keeps its version. */
export const LIVE_ALIAS = 'live';

export const functionNameOf = (stackName: string, entryId: string): string => `${stackName}-${entryId}`;

/** The Kubernetes group, ClusterRole and ClusterRoleBinding of an entry. */
export const kubernetesGroupOf = (entryId: string): string => `eks-caretaker:${entryId}`;

/** Keys of the stack's outputs (CloudFormation allows letters and digits alone). */
export const outputs = {
  table: 'TableName',
  queue: 'QueueUrl',
  topic: 'TopicArn',
  bucket: 'BucketName',
  worker: 'WorkerArn',
  deadLetters: 'DeadLetterQueueUrl',
  failures: 'FailureQueueUrl',
  securityGroups: 'FunctionSecurityGroupIds',
  upgradeFunction: 'UpgradeFunctionName',
  upgradePlanFunction: 'UpgradePlanFunctionName',
} as const;

const pascalCase = (id: string): string =>
  id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

/** Output key of an entry's role ARN, for example `SpotDrainWorkerRoleArn`. */
export const roleOutputOf = (entryId: string): string => `${pascalCase(entryId)}RoleArn`;

/** Construct id of an entry, for example `SpotDrainWorker`. */
export const constructIdOf = pascalCase;
