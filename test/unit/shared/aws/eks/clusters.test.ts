import {
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  EKSClient,
  UpdateClusterVersionCommand,
} from '@aws-sdk/client-eks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createClusterPort } from '../../../../../shared/aws/eks/clusters.ts';
import { createVersionPort } from '../../../../../shared/aws/eks/versions.ts';
import { mockClient } from '../../../../fixtures/mock-client.ts';

const eks = mockClient(EKSClient);
const client = new EKSClient({ region: 'eu-central-1' });
const clusters = createClusterPort(client);
const awsError = (name: string) => Object.assign(new Error(name), { name });

beforeEach(() => {
  eks.reset();
});

describe('a cluster', () => {
  it('is described by what an upgrade turns on', async () => {
    eks.on(DescribeClusterCommand, { name: 'staging' }).resolves({
      cluster: {
        name: 'staging',
        arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/staging',
        version: '1.34',
        platformVersion: 'eks.12',
        status: 'ACTIVE',
        resourcesVpcConfig: { subnetIds: ['subnet-1'] },
        health: { issues: [{ code: 'Ec2SubnetNotFound', message: 'gone' }] },
      },
    });
    expect(await clusters.describe('staging')).toEqual({
      name: 'staging',
      arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/staging',
      version: '1.34',
      platformVersion: 'eks.12',
      status: 'ACTIVE',
      subnetIds: ['subnet-1'],
      issues: [{ code: 'Ec2SubnetNotFound', message: 'gone', resourceIds: [] }],
    });
  });

  it('that EKS does not know is undefined, another error goes on', async () => {
    eks
      .on(DescribeClusterCommand)
      .rejectsOnce(awsError('ResourceNotFoundException'))
      .rejects(awsError('ServerException'));
    expect(await clusters.describe('staging')).toBeUndefined();
    await expect(clusters.describe('staging')).rejects.toThrow('ServerException');
  });

  it('is updated by version and token alone, never by force', async () => {
    eks.on(UpdateClusterVersionCommand).resolves({ update: { id: 'u-1' } });
    const request = { cluster: 'staging', version: '1.35', clientRequestToken: 'token' };
    expect(await clusters.updateVersion(request)).toBe('u-1');
    expect(eks.commandCalls(UpdateClusterVersionCommand).map(({ args }) => args[0].input)).toEqual([
      { name: 'staging', version: '1.35', clientRequestToken: 'token' },
    ]);
  });

  it('whose update has no id cannot be followed', async () => {
    eks.on(UpdateClusterVersionCommand).resolves({});
    const request = { cluster: 'staging', version: '1.35', clientRequestToken: 'token' };
    await expect(clusters.updateVersion(request)).rejects.toThrow(
      'UpdateClusterVersion answered without an update id',
    );
  });
});

describe('the versions that EKS offers', () => {
  it('come from every page, unsupported ones included', async () => {
    eks
      .on(DescribeClusterVersionsCommand)
      .resolvesOnce({
        clusterVersions: [
          {
            clusterVersion: '1.35',
            versionStatus: 'STANDARD_SUPPORT',
            defaultPlatformVersion: 'eks.3',
            endOfStandardSupportDate: new Date('2027-03-27T00:00:00Z'),
            endOfExtendedSupportDate: new Date('2028-03-27T00:00:00Z'),
          },
        ],
        nextToken: 't',
      })
      .resolves({ clusterVersions: [{ clusterVersion: '1.29', status: 'extended-support' }] });
    expect(await createVersionPort(client).list()).toEqual([
      {
        version: '1.35',
        support: 'STANDARD_SUPPORT',
        defaultPlatformVersion: 'eks.3',
        endOfStandardSupport: '2027-03-27T00:00:00.000Z',
        endOfExtendedSupport: '2028-03-27T00:00:00.000Z',
      },
      { version: '1.29', support: 'EXTENDED_SUPPORT' },
    ]);
    expect(eks.commandCalls(DescribeClusterVersionsCommand).map(({ args }) => args[0].input)).toEqual([
      { includeAll: true },
      { includeAll: true, nextToken: 't' },
    ]);
  });
});
