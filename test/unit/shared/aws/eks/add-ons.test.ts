import {
  DescribeAddonCommand,
  DescribeAddonVersionsCommand,
  EKSClient,
  ListAddonsCommand,
  UpdateAddonCommand,
} from '@aws-sdk/client-eks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createAddOnPort } from '../../../../../shared/aws/eks/add-ons.ts';
import { mockClient } from '../../../../fixtures/mock-client.ts';

const eks = mockClient(EKSClient);
const addOns = createAddOnPort(new EKSClient({ region: 'eu-central-1' }));
const awsError = (name: string) => Object.assign(new Error(name), { name });

beforeEach(() => {
  eks.reset();
});

describe('EKS add-ons', () => {
  it('are listed page by page', async () => {
    eks
      .on(ListAddonsCommand)
      .resolvesOnce({ addons: ['coredns'], nextToken: 't' })
      .resolves({ addons: ['vpc-cni'] });
    expect(await addOns.list('staging')).toEqual(['coredns', 'vpc-cni']);
    expect(eks.commandCalls(ListAddonsCommand)[1]?.args[0].input).toEqual({
      clusterName: 'staging',
      nextToken: 't',
    });
  });

  it('are described with what an update has to send again', async () => {
    eks.on(DescribeAddonCommand).resolves({
      addon: {
        addonName: 'vpc-cni',
        addonVersion: 'v1.20.4-eksbuild.2',
        status: 'ACTIVE',
        configurationValues: '{"env":{}}',
        serviceAccountRoleArn: 'arn:aws:iam::111122223333:role/cni',
        podIdentityAssociations: ['arn:a-1'],
        health: { issues: [{ code: 'ConfigurationConflict' }] },
      },
    });
    expect(await addOns.describe('staging', 'vpc-cni')).toEqual({
      name: 'vpc-cni',
      version: 'v1.20.4-eksbuild.2',
      status: 'ACTIVE',
      issues: [{ code: 'ConfigurationConflict', message: '', resourceIds: [] }],
      configurationValues: '{"env":{}}',
      serviceAccountRoleArn: 'arn:aws:iam::111122223333:role/cni',
      podIdentityAssociations: ['arn:a-1'],
    });
  });

  it('that are not installed are undefined', async () => {
    eks.on(DescribeAddonCommand).rejects(awsError('ResourceNotFoundException'));
    expect(await addOns.describe('staging', 'x')).toBeUndefined();
  });

  it('have versions with the cluster and platform versions that they fit', async () => {
    eks
      .on(DescribeAddonVersionsCommand)
      .resolvesOnce({
        addons: [
          {
            addonName: 'coredns',
            addonVersions: [
              {
                addonVersion: 'v1.13.1',
                compatibilities: [
                  { clusterVersion: '1.35', platformVersions: ['eks.3'], defaultVersion: true },
                ],
              },
            ],
          },
          { addonName: 'coredns-enterprise', addonVersions: [{ addonVersion: 'v9' }] },
        ],
        nextToken: 't',
      })
      .resolves({
        addons: [
          {
            addonName: 'coredns',
            addonVersions: [{ addonVersion: 'v1.12.1', compatibilities: [{ clusterVersion: '1.35' }] }],
          },
        ],
      });
    expect(await addOns.versions('coredns', '1.35')).toEqual([
      {
        version: 'v1.13.1',
        compatibilities: [{ clusterVersion: '1.35', platformVersions: ['eks.3'], isDefault: true }],
      },
      {
        version: 'v1.12.1',
        compatibilities: [{ clusterVersion: '1.35', platformVersions: [], isDefault: false }],
      },
    ]);
    expect(eks.commandCalls(DescribeAddonVersionsCommand)[0]?.args[0].input).toEqual({
      addonName: 'coredns',
      kubernetesVersion: '1.35',
    });
  });

  it('are updated with their configuration and without a list of pod identity associations', async () => {
    eks.on(UpdateAddonCommand).resolves({ update: { id: 'u-1' } });
    const updateId = await addOns.update({
      cluster: 'staging',
      name: 'vpc-cni',
      version: 'v1.21.1',
      resolveConflicts: 'PRESERVE',
      configurationValues: '{"env":{}}',
      clientRequestToken: 'token',
    });
    expect(updateId).toBe('u-1');
    expect(eks.commandCalls(UpdateAddonCommand)[0]?.args[0].input).toEqual({
      clusterName: 'staging',
      addonName: 'vpc-cni',
      addonVersion: 'v1.21.1',
      resolveConflicts: 'PRESERVE',
      configurationValues: '{"env":{}}',
      clientRequestToken: 'token',
    });
  });
});
