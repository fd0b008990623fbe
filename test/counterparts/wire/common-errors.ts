import type { CommonErrors } from './error-answer.ts';

/** An error that operations answer although their model does not declare it. */
export interface CommonError {
  readonly code: string;
  readonly status: number;
  /** Names of the services that answer it so. */
  readonly services: readonly string[];
  /** Who says so. */
  readonly source: string;
}

const common = (guide: string): string => `${guide} API reference, "Common Errors"`;
const ec2 =
  'EC2 developer guide, "Error codes for the Amazon EC2 API" (EC2’s model declares no errors at all)';
const s3 = 'S3 API reference, "Error responses", list of error codes';
const query = 'IAM user guide, "Troubleshoot access denied error messages": the query protocol’s code';
const json =
  'AWS JSON 1.0 and 1.1 protocols on smithy.io: a client’s error is 400 unless its model says otherwise, and those of this name (SSM’s, EventBridge’s) do not; DynamoDB developer guide, "Error handling with DynamoDB": HTTP 400';
const dynamodb = 'DynamoDB developer guide, "Error handling with DynamoDB"';
const eksModel = (code: string, status: number): string =>
  `EKS’s model: ${code}, ${status}, declared by other operations of it`;
const ssm = 'SSM’s model: ValidationException, declared by other operations of it';

/** Only what the embedded account answers, or a test makes it answer; a code has one status at a service. */
export const commonErrors: readonly CommonError[] = [
  { code: 'InternalFailure', status: 500, services: ['ec2'], source: ec2 },
  { code: 'InternalFailure', status: 500, services: ['dynamodb'], source: common('DynamoDB') },
  { code: 'InternalFailure', status: 500, services: ['lambda'], source: common('Lambda') },
  { code: 'ServiceUnavailable', status: 503, services: ['autoscaling'], source: common('Auto Scaling') },
  { code: 'ValidationError', status: 400, services: ['autoscaling'], source: common('Auto Scaling') },
  { code: 'ValidationError', status: 400, services: ['cloudformation'], source: common('CloudFormation') },
  {
    code: 'AccessDeniedException',
    status: 400,
    services: ['dynamodb', 'ecr', 'events', 'sqs', 'ssm'],
    source: json,
  },
  {
    code: 'AccessDeniedException',
    status: 403,
    services: ['eks'],
    source: eksModel('AccessDeniedException', 403),
  },
  { code: 'AccessDeniedException', status: 403, services: ['lambda'], source: common('Lambda') },
  { code: 'AccessDenied', status: 403, services: ['autoscaling', 'cloudformation'], source: query },
  {
    code: 'ThrottlingException',
    status: 429,
    services: ['eks'],
    source: eksModel('ThrottlingException', 429),
  },
  { code: 'ValidationException', status: 400, services: ['dynamodb'], source: dynamodb },
  { code: 'ValidationException', status: 400, services: ['events'], source: common('EventBridge') },
  { code: 'ValidationException', status: 400, services: ['ssm'], source: ssm },
  { code: 'InvalidParameterValue', status: 400, services: ['sqs'], source: common('SQS') },
  { code: 'AccessDenied', status: 403, services: ['s3'], source: s3 },
  { code: 'NoSuchBucket', status: 404, services: ['s3'], source: s3 },
  { code: 'PreconditionFailed', status: 412, services: ['s3'], source: s3 },
  { code: 'UnauthorizedOperation', status: 403, services: ['ec2'], source: ec2 },
  { code: 'DryRunOperation', status: 412, services: ['ec2'], source: ec2 },
  { code: 'InvalidParameterValue', status: 400, services: ['ec2'], source: ec2 },
  { code: 'InvalidInstanceID.NotFound', status: 400, services: ['ec2'], source: ec2 },
  { code: 'InvalidInstanceID.Malformed', status: 400, services: ['ec2'], source: ec2 },
  { code: 'InvalidSubnetID.NotFound', status: 400, services: ['ec2'], source: ec2 },
  { code: 'InvalidGroup.NotFound', status: 400, services: ['ec2'], source: ec2 },
];

export const commonError = (service: string, code: string): CommonError | undefined =>
  commonErrors.find((known) => known.code === code && known.services.includes(service));

export const commonErrorsOf =
  (service: string): CommonErrors =>
  (code) =>
    commonError(service, code);
