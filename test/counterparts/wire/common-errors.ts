import type { CommonErrors } from './error-answer.ts';

/** An error that operations answer although their model does not declare it. */
export interface CommonError {
  readonly code: string;
  readonly statuses: readonly number[];
  /** Names of services; left out: every one. */
  readonly services?: readonly string[];
  /** Who says so. */
  readonly source: string;
}

const everywhere = 'API reference of each service, "Common Error Types"';
const ec2 =
  'EC2 developer guide, "Error codes for the Amazon EC2 API" (EC2’s model declares no errors at all)';
const s3 = 'S3 API reference, "Error responses", list of error codes';
const query = 'IAM user guide, "Troubleshoot access denied error messages": the query protocol’s code';
const dynamodb = 'DynamoDB developer guide, "Error handling with DynamoDB"';
const eks = 'EKS’s model: ThrottlingException, 429, declared by other operations of it';

const queryServices = ['autoscaling', 'cloudformation', 'sns', 'sts'];

/** Only what the embedded account answers, or a test makes it answer. */
export const commonErrors: readonly CommonError[] = [
  { code: 'InternalFailure', statuses: [500], source: everywhere },
  { code: 'ServiceUnavailable', statuses: [503], source: everywhere },
  { code: 'ValidationError', statuses: [400], services: queryServices, source: everywhere },
  { code: 'AccessDeniedException', statuses: [400, 403], source: everywhere },
  { code: 'AccessDenied', statuses: [403], services: queryServices, source: query },
  { code: 'Throttling', statuses: [400], services: queryServices, source: everywhere },
  { code: 'ThrottlingException', statuses: [429], services: ['eks'], source: eks },
  { code: 'ThrottlingException', statuses: [400], source: everywhere },
  { code: 'ValidationException', statuses: [400], services: ['dynamodb'], source: dynamodb },
  { code: 'ValidationException', statuses: [400], services: ['events', 'ssm'], source: everywhere },
  { code: 'InvalidParameterValue', statuses: [400], services: ['sqs'], source: everywhere },
  { code: 'AccessDenied', statuses: [403], services: ['s3'], source: s3 },
  { code: 'NoSuchBucket', statuses: [404], services: ['s3'], source: s3 },
  { code: 'PreconditionFailed', statuses: [412], services: ['s3'], source: s3 },
  { code: 'UnauthorizedOperation', statuses: [403], services: ['ec2'], source: ec2 },
  { code: 'DryRunOperation', statuses: [412], services: ['ec2'], source: ec2 },
  { code: 'InvalidParameterValue', statuses: [400], services: ['ec2'], source: ec2 },
  { code: 'InvalidInstanceID.NotFound', statuses: [400], services: ['ec2'], source: ec2 },
  { code: 'InvalidInstanceID.Malformed', statuses: [400], services: ['ec2'], source: ec2 },
  { code: 'InvalidSubnetID.NotFound', statuses: [400], services: ['ec2'], source: ec2 },
  { code: 'InvalidGroup.NotFound', statuses: [400], services: ['ec2'], source: ec2 },
];

/** The first that fits: the more particular ones stand first. */
export const commonError = (service: string, code: string): CommonError | undefined =>
  commonErrors.find((known) => known.code === code && (known.services?.includes(service) ?? true));

export const commonErrorsOf =
  (service: string): CommonErrors =>
  (code) =>
    commonError(service, code);
