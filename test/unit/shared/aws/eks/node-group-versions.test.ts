import {
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  EKSClient,
  ListNodegroupsCommand,
  ListUpdatesCommand,
  UpdateNodegroupVersionCommand,
} from '@aws-sdk/client-eks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeGroupVersionPort } from '../../../../../shared/aws/eks/node-group-versions.ts';
import { listRunningUpdates } from '../../../../../shared/aws/eks/running-updates.ts';
import { mockClient } from '../../../../fixtures/mock-client.ts';

const eks = mockClient(EKSClient);
const client = new EKSClient({ region: 'eu-central-1' });
const nodeGroups = createNodeGroupVersionPort(client);

beforeEach(() => {
  eks.reset();
});

describe('node groups and their versions', () => {
  it('are listed page by page', async () => {
    eks
      .on(ListNodegroupsCommand)
      .resolvesOnce({ nodegroups: ['a'], nextToken: 't' })
      .resolves({ nodegroups: ['b'] });
    expect(await nodeGroups.list('staging')).toEqual(['a', 'b']);
  });

  it('are described by version, release, image family and size', async () => {
    eks.on(DescribeNodegroupCommand).resolves({
      nodegroup: {
        nodegroupName: 'web-a',
        version: '1.34',
        releaseVersion: '1.34.2-20261001',
        amiType: 'AL2023_x86_64_STANDARD',
        status: 'ACTIVE',
        scalingConfig: { desiredSize: 0 },
        health: {
          issues: [{ code: 'AsgInstanceLaunchFailures', message: 'no capacity', resourceIds: ['asg-1'] }],
        },
      },
    });
    expect(await nodeGroups.describe('staging', 'web-a')).toEqual({
      name: 'web-a',
      version: '1.34',
      releaseVersion: '1.34.2-20261001',
      amiType: 'AL2023_x86_64_STANDARD',
      status: 'ACTIVE',
      desired: 0,
      issues: [{ code: 'AsgInstanceLaunchFailures', message: 'no capacity', resourceIds: ['asg-1'] }],
    });
  });

  it('that are gone are undefined', async () => {
    eks
      .on(DescribeNodegroupCommand)
      .rejects(Object.assign(new Error('gone'), { name: 'ResourceNotFoundException' }));
    expect(await nodeGroups.describe('staging', 'web-a')).toBeUndefined();
  });

  it('are rolled by version, release and token, never by force', async () => {
    eks.on(UpdateNodegroupVersionCommand).resolves({ update: { id: 'u-1' } });
    const request = { cluster: 'staging', nodeGroup: 'web-a', version: '1.35', clientRequestToken: 'token' };
    expect(await nodeGroups.updateVersion({ ...request, releaseVersion: '1.35.1-1' })).toBe('u-1');
    await nodeGroups.updateVersion(request);
    const wire = {
      clusterName: 'staging',
      nodegroupName: 'web-a',
      version: '1.35',
      clientRequestToken: 'token',
    };
    expect(eks.commandCalls(UpdateNodegroupVersionCommand).map(({ args }) => args[0].input)).toEqual([
      { ...wire, releaseVersion: '1.35.1-1' },
      wire,
    ]);
  });
});

describe('updates under way', () => {
  it.each([
    [{ cluster: 'staging' }, { name: 'staging' }],
    [
      { cluster: 'staging', nodeGroup: 'web-a' },
      { name: 'staging', nodegroupName: 'web-a' },
    ],
    [
      { cluster: 'staging', addon: 'coredns' },
      { name: 'staging', addonName: 'coredns' },
    ],
  ])('of %j are those in progress, with their parameters', async (scope, wire) => {
    eks
      .on(ListUpdatesCommand)
      .resolvesOnce({ updateIds: ['u-1', 'u-2'], nextToken: 't' })
      .resolves({ updateIds: ['u-3'] });
    eks.on(DescribeUpdateCommand).resolves({ update: { status: 'Successful' } });
    eks.on(DescribeUpdateCommand, { ...wire, updateId: 'u-3' }).resolves({
      update: {
        id: 'u-3',
        status: 'InProgress',
        type: 'VersionUpdate',
        params: [{ type: 'Version', value: '1.35' }],
      },
    });
    expect(await listRunningUpdates(client, scope)).toEqual([
      { id: 'u-3', type: 'VersionUpdate', params: { Version: '1.35' } },
    ]);
    expect(eks.commandCalls(ListUpdatesCommand).map(({ args }) => args[0].input)).toEqual([
      wire,
      { ...wire, nextToken: 't' },
    ]);
  });
});
