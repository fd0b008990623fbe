import {
  DescribeNodegroupCommand,
  EKSClient,
  ListNodegroupsCommand,
  UpdateNodegroupConfigCommand,
} from '@aws-sdk/client-eks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeGroups, isNodeGroupBusy, isThrottled } from '../../../../../shared/aws/eks/node-groups.ts';
import { mockClient } from '../../../../fixtures/mock-client.ts';

const eks = mockClient(EKSClient);
const nodeGroups = createNodeGroups(new EKSClient({ region: 'eu-central-1' }));
const awsError = (name: string, message = name) => Object.assign(new Error(message), { name });

beforeEach(() => {
  eks.reset();
});

describe('node groups', () => {
  it('are listed page by page', async () => {
    eks
      .on(ListNodegroupsCommand)
      .resolvesOnce({ nodegroups: ['a', 'b'], nextToken: 't' })
      .resolves({ nodegroups: ['c'] });
    expect(await nodeGroups.list('staging')).toEqual(['a', 'b', 'c']);
    expect(eks.commandCalls(ListNodegroupsCommand).map(({ args }) => args[0].input)).toEqual([
      { clusterName: 'staging' },
      { clusterName: 'staging', nextToken: 't' },
    ]);
  });

  it('are described with ARN, sizes, tags and Auto Scaling groups', async () => {
    eks.on(DescribeNodegroupCommand).resolves({
      nodegroup: {
        nodegroupArn: 'arn:web',
        status: 'ACTIVE',
        scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 3 },
        resources: { autoScalingGroups: [{ name: 'asg-1' }, {}] },
        tags: { team: 'shop' },
      },
    });
    expect(await nodeGroups.describe('staging', 'web')).toEqual({
      arn: 'arn:web',
      cluster: 'staging',
      name: 'web',
      status: 'ACTIVE',
      sizes: { min: 1, desired: 2, max: 3 },
      autoScalingGroups: ['asg-1'],
      tags: { team: 'shop' },
    });
  });

  it('that are not there are undefined, other errors go on', async () => {
    eks.on(DescribeNodegroupCommand).rejectsOnce(awsError('ResourceNotFoundException'));
    expect(await nodeGroups.describe('staging', 'web')).toBeUndefined();
    eks.on(DescribeNodegroupCommand).rejects(awsError('AccessDeniedException'));
    await expect(nodeGroups.describe('staging', 'web')).rejects.toThrow('AccessDeniedException');
  });

  it('without sizes are an error, never a group of size 0', async () => {
    eks.on(DescribeNodegroupCommand).resolves({ nodegroup: { nodegroupArn: 'arn:web' } });
    await expect(nodeGroups.describe('staging', 'web')).rejects.toThrow(/without ARN or sizes/);
  });

  it('are resized with all three sizes and a token', async () => {
    eks.on(UpdateNodegroupConfigCommand).resolves({ update: { id: 'u-1' } });
    const sizes = { min: 0, desired: 0, max: 3 };
    expect(await nodeGroups.resize({ cluster: 'staging', nodeGroup: 'web', sizes, token: 't' })).toEqual({
      updateId: 'u-1',
    });
    expect(eks.commandCalls(UpdateNodegroupConfigCommand)[0]?.args[0].input).toEqual({
      clusterName: 'staging',
      nodegroupName: 'web',
      scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 3 },
      clientRequestToken: 't',
    });
  });

  it('whose resize is answered without an update id fail', async () => {
    eks.on(UpdateNodegroupConfigCommand).resolves({});
    const request = {
      cluster: 'staging',
      nodeGroup: 'web',
      sizes: { min: 0, desired: 0, max: 1 },
      token: 't',
    };
    await expect(nodeGroups.resize(request)).rejects.toThrow(/without an update id/);
  });
});

describe('answers to be tried again later', () => {
  it.each([
    ['TooManyRequestsException', '', true],
    ['ThrottlingException', '', true],
    ['InvalidRequestException', 'Request limit exceeded.', true],
    ['InvalidRequestException', 'Cluster is not active', false],
    ['InvalidParameterException', 'Request limit exceeded.', false],
  ])('%s "%s" is throttling: %s', (name, message, throttled) => {
    expect(isThrottled(awsError(name, message))).toBe(throttled);
  });

  it.each([
    ['ResourceInUseException', true],
    ['ResourceNotFoundException', false],
  ])('%s is a busy group: %s', (name, busy) => {
    expect(isNodeGroupBusy(awsError(name))).toBe(busy);
  });
});
