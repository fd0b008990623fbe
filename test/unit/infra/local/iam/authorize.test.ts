import { describe, expect, it } from '@jest/globals';
import { authorized, isAllowed } from '../../../../../infra/local/iam/authorize.ts';
import { accessOf } from '../../../../../infra/local/iam/resources.ts';
import type { Input, Service, ServiceRequest } from '../../../../../infra/local/protocol/service.ts';
import { ServiceError } from '../../../../../infra/local/protocol/service.ts';

const place = { accountId: '123456789012', region: 'eu-central-1' };
const arn = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:123456789012:${rest}`;

describe('the right that a call asks for', () => {
  it.each<[string, string, Input, string, readonly string[]]>([
    ['eks', 'DescribeCluster', { name: 'staging' }, 'eks:DescribeCluster', [arn('eks', 'cluster/staging')]],
    ['eks', 'ListClusters', {}, 'eks:ListClusters', ['*']],
    [
      'eks',
      'UpdateNodegroupConfig',
      { clusterName: 'staging', nodegroupName: 'web' },
      'eks:UpdateNodegroupConfig',
      [arn('eks', 'nodegroup/staging/web/id')],
    ],
    [
      'eks',
      'DescribeUpdate',
      { name: 'staging', updateId: 'u', addonName: 'vpc-cni' },
      'eks:DescribeUpdate',
      [arn('eks', 'addon/staging/vpc-cni/id')],
    ],
    ['eks', 'DescribeAddonVersions', { addonName: 'vpc-cni' }, 'eks:DescribeAddonVersions', ['*']],
    ['ec2', 'DescribeInstances', { InstanceIds: ['i-1'] }, 'ec2:DescribeInstances', ['*']],
    ['ecr', 'DescribeRepositories', {}, 'ecr:DescribeRepositories', [arn('ecr', 'repository/*')]],
    [
      'ecr',
      'StartImageScan',
      { repositoryName: 'shop/cart' },
      'ecr:StartImageScan',
      [arn('ecr', 'repository/shop/cart')],
    ],
    [
      'dynamodb',
      'BatchWriteItem',
      { RequestItems: { left: [], right: [] } },
      'dynamodb:BatchWriteItem',
      [arn('dynamodb', 'table/left'), arn('dynamodb', 'table/right')],
    ],
    ['s3', 'HeadObject', { Bucket: 'b', Key: 'plans/1' }, 's3:GetObject', ['arn:aws:s3:::b/plans/1']],
    ['s3', 'ListObjectsV2', { Bucket: 'b' }, 's3:ListBucket', ['arn:aws:s3:::b']],
    [
      'sqs',
      'SendMessageBatch',
      { QueueUrl: 'http://127.0.0.1:1/123456789012/eks-caretaker' },
      'sqs:SendMessage',
      [arn('sqs', 'eks-caretaker')],
    ],
    [
      'lambda',
      'Invoke',
      { FunctionName: arn('lambda', 'function:worker'), Qualifier: 'live' },
      'lambda:InvokeFunction',
      [arn('lambda', 'function:worker:live')],
    ],
    [
      'lambda',
      'Invoke',
      { FunctionName: 'worker' },
      'lambda:InvokeFunction',
      [arn('lambda', 'function:worker')],
    ],
    [
      'ssm',
      'GetParameter',
      { Name: '/aws/service/eks/x' },
      'ssm:GetParameter',
      ['arn:aws:ssm:eu-central-1::parameter/aws/service/eks/x'],
    ],
    [
      'ssm',
      'GetParameter',
      { Name: '/team/slack' },
      'ssm:GetParameter',
      [arn('ssm', 'parameter/team/slack')],
    ],
    [
      'autoscaling',
      'CompleteLifecycleAction',
      { AutoScalingGroupName: 'own' },
      'autoscaling:CompleteLifecycleAction',
      [arn('autoscaling', 'autoScalingGroup:id:autoScalingGroupName/own')],
    ],
    ['events', 'PutEvents', {}, 'events:PutEvents', [arn('events', 'event-bus/default')]],
  ])('%s %s %j', (service, operation, input, action, resources) => {
    expect(accessOf(service, operation, input, place)).toEqual({ action, resources });
  });
});

describe('statements', () => {
  const access = {
    action: 'dynamodb:PutItem',
    resources: [arn('dynamodb', 'table/a'), arn('dynamodb', 'table/b')],
  };
  const table = (name: string) => ({
    actions: ['dynamodb:PutItem'],
    resources: [arn('dynamodb', `table/${name}`)],
  });

  it.each([
    ['each resource is covered', [table('a'), table('b')], true],
    ['one resource is not', [table('a')], false],
    ['a wildcard covers them', [table('*')], true],
    [
      'the action is covered by a wildcard, in any case',
      [{ ...table('*'), actions: ['DynamoDB:Put*'] }],
      true,
    ],
    ['the action is another', [{ ...table('*'), actions: ['dynamodb:GetItem'] }], false],
    ['a name only begins like theirs', [{ ...table('*'), resources: ['arn:aws:dynamodb'] }], false],
    ['there are none', [], false],
  ])('decide: %s', (_what, statements, allowed) => {
    expect(isAllowed(statements, access)).toBe(allowed);
  });

  it('for a call without resources need the resource *', () => {
    const call = { action: 'ec2:DescribeInstances', resources: ['*'] };
    const statement = { actions: ['ec2:DescribeInstances'], resources: [arn('ec2', 'instance/*')] };
    expect(isAllowed([statement], call)).toBe(false);
    expect(isAllowed([{ ...statement, resources: ['*'] }], call)).toBe(true);
  });
});

const request: ServiceRequest = {
  method: 'GET',
  path: '/keep/plans/1',
  query: new URLSearchParams(),
  headers: {},
  body: Buffer.alloc(0),
  accessKeyId: 'AKIA',
  region: 'eu-central-1',
  requestId: 'request-1',
};

describe('an object that is not there', () => {
  const bucket: Service = {
    name: 's3',
    decode: () => ({
      operation: 'GetObject',
      input: { Bucket: 'keep', Key: 'plans/1' },
      perform: async () => {
        throw new ServiceError('NoSuchKey', 'The specified key does not exist.', 404);
      },
    }),
    encodeError: ({ status }) => ({ status, headers: {}, body: '' }),
    unknownKey: { code: 'InvalidAccessKeyId', status: 403 },
  };
  const read = { actions: ['s3:GetObject'], resources: ['arn:aws:s3:::keep/plans/*'] };
  const enumerate = { actions: ['s3:ListBucket'], resources: ['arn:aws:s3:::keep'] };

  it.each([
    ['missing for who may list the bucket', [read, enumerate], { code: 'NoSuchKey', status: 404 }],
    ['denied to who may not, as S3 does it', [read], { code: 'AccessDenied', status: 403 }],
  ])('is %s', async (_what, statements, error) => {
    const service = authorized(bucket, {
      place,
      callerOf: () => ({ arn: 'arn:aws:iam::1:role/a', statements }),
    });
    await expect(service.decode(request).perform()).rejects.toMatchObject(error);
  });
});

describe('a call without the right', () => {
  it.each([
    ['ec2', 'DescribeInstances', 'UnauthorizedOperation', 403],
    ['autoscaling', 'DescribeTags', 'AccessDenied', 403],
    ['cloudformation', 'DescribeStacks', 'AccessDenied', 403],
    ['sns', 'Publish', 'AuthorizationError', 403],
    ['eks', 'ListClusters', 'AccessDeniedException', 403],
    ['lambda', 'ListFunctions', 'AccessDeniedException', 403],
    ['ecr', 'DescribeRepositories', 'AccessDeniedException', 400],
  ])('of %s %s is refused with %s, %d', async (name, operation, code, status) => {
    const service: Service = {
      name,
      decode: () => ({
        operation,
        input: { TopicArn: arn('sns', 'a') },
        perform: () => Promise.reject(new Error('carried out')),
      }),
      encodeError: (error) => ({ status: error.status, headers: {}, body: '' }),
      unknownKey: { code: 'InvalidAccessKeyId', status: 403 },
    };
    const caller = { arn: 'arn:aws:sts::123456789012:assumed-role/a/b', statements: [] };
    const guarded = authorized(service, { place, callerOf: () => caller });
    await expect(guarded.decode(request).perform()).rejects.toMatchObject({ code, status });
  });
});
