import { DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { describeSubnets } from '../../../../shared/aws/ec2-subnets.ts';
import { mockClient } from '../../../fixtures/mock-client.ts';

const ec2 = mockClient(EC2Client);
const client = new EC2Client({ region: 'eu-central-1' });

beforeEach(() => {
  ec2.reset();
});

describe('subnets', () => {
  it('come from every page with their zone and free addresses', async () => {
    ec2
      .on(DescribeSubnetsCommand)
      .resolvesOnce({
        Subnets: [{ SubnetId: 'subnet-1', AvailabilityZone: 'eu-central-1a', AvailableIpAddressCount: 7 }],
        NextToken: 't',
      })
      .resolves({ Subnets: [{ SubnetId: 'subnet-2', AvailabilityZone: 'eu-central-1b' }], NextToken: '' });
    expect(await describeSubnets(client, ['subnet-1', 'subnet-2', 'subnet-gone'])).toEqual([
      { id: 'subnet-1', zone: 'eu-central-1a', freeAddresses: 7 },
      { id: 'subnet-2', zone: 'eu-central-1b', freeAddresses: 0 },
    ]);
    expect(ec2.commandCalls(DescribeSubnetsCommand)[0]?.args[0].input).toEqual({
      Filters: [{ Name: 'subnet-id', Values: ['subnet-1', 'subnet-2', 'subnet-gone'] }],
    });
  });

  it('are not asked for where there are none', async () => {
    expect(await describeSubnets(client, [])).toEqual([]);
    expect(ec2.calls()).toHaveLength(0);
  });
});
