import { DescribeUpdateCommand, EKSClient } from '@aws-sdk/client-eks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { UpdateRequest } from '../../../../../shared/aws/eks/updates.ts';
import { describeUpdate } from '../../../../../shared/aws/eks/updates.ts';
import { mockClient } from '../../../../fixtures/mock-client.ts';

const eks = mockClient(EKSClient);
const client = new EKSClient({ region: 'eu-central-1' });

beforeEach(() => {
  eks.reset();
});

describe('an EKS update', () => {
  it.each<[string, Partial<UpdateRequest>, object]>([
    ['the cluster', {}, {}],
    ['a node group', { nodeGroup: 'web' }, { nodegroupName: 'web' }],
    ['an add-on', { addon: 'coredns' }, { addonName: 'coredns' }],
  ])('of %s is asked for by the members that EKS wants for it', async (_what, of, members) => {
    eks
      .on(DescribeUpdateCommand)
      .resolves({ update: { id: 'u-1', status: 'InProgress', type: 'ConfigUpdate' } });
    expect(await describeUpdate(client, { cluster: 'staging', updateId: 'u-1', ...of })).toEqual({
      id: 'u-1',
      status: 'InProgress',
      type: 'ConfigUpdate',
      errors: [],
    });
    expect(eks.commandCalls(DescribeUpdateCommand)[0]?.args[0].input).toEqual({
      name: 'staging',
      updateId: 'u-1',
      ...members,
    });
  });

  it('that failed carries its error codes', async () => {
    eks.on(DescribeUpdateCommand).resolves({
      update: {
        status: 'Failed',
        errors: [
          { errorCode: 'InsufficientFreeAddresses', errorMessage: 'no room', resourceIds: ['subnet-1'] },
          {},
        ],
      },
    });
    expect(await describeUpdate(client, { cluster: 'staging', updateId: 'u-1' })).toEqual({
      id: 'u-1',
      status: 'Failed',
      type: '',
      errors: [
        { code: 'InsufficientFreeAddresses', message: 'no room', resourceIds: ['subnet-1'] },
        { code: 'Unknown', message: '', resourceIds: [] },
      ],
    });
  });
});
