import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from '@jest/globals';
import { createInstanceReader } from '../../../../shared/aws/ec2.ts';
import { mockClient } from '../../../fixtures/mock-client.ts';

describe('the instance reader', () => {
  it('asks once for all ids, by filter, and follows pages', async () => {
    const mock = mockClient(EC2Client);
    mock
      .on(DescribeInstancesCommand)
      .resolvesOnce({
        NextToken: 'more',
        Reservations: [
          {
            Instances: [
              {
                InstanceId: 'i-1',
                State: { Name: 'running' },
                PrivateDnsName: 'ip-10-0-0-1.ec2.internal',
                Tags: [{ Key: 'eks:cluster-name', Value: 'staging' }],
              },
            ],
          },
        ],
      })
      .resolvesOnce({
        Reservations: [{ Instances: [{ InstanceId: 'i-2', State: { Name: 'terminated' } }] }],
      });
    const found = await createInstanceReader(new EC2Client({})).describe(['i-1', 'i-2', 'i-2', 'i-3']);
    expect([...found.values()]).toEqual([
      {
        id: 'i-1',
        state: 'running',
        privateDnsName: 'ip-10-0-0-1.ec2.internal',
        tags: { 'eks:cluster-name': 'staging' },
      },
      { id: 'i-2', state: 'terminated', privateDnsName: '', tags: {} },
    ]);
    expect(mock.commandCalls(DescribeInstancesCommand).map(({ args: [{ input }] }) => input)).toEqual([
      { Filters: [{ Name: 'instance-id', Values: ['i-1', 'i-2', 'i-3'] }] },
      { Filters: [{ Name: 'instance-id', Values: ['i-1', 'i-2', 'i-3'] }], NextToken: 'more' },
    ]);
  });

  it('asks for as many as a filter takes, for what a Health event may name', async () => {
    const mock = mockClient(EC2Client);
    mock.on(DescribeInstancesCommand).callsFake(({ Filters: [filter] }) => ({
      Reservations: [{ Instances: filter.Values.map((InstanceId: string) => ({ InstanceId })) }],
    }));
    const ids = Array.from({ length: 450 }, (_, index) => `i-${index}`);
    const found = await createInstanceReader(new EC2Client({})).describe(ids);
    expect([...found.keys()]).toEqual(ids);
    expect(
      mock
        .commandCalls(DescribeInstancesCommand)
        .map(({ args: [{ input }] }) => input.Filters?.[0]?.Values?.length),
    ).toEqual([200, 200, 50]);
  });

  it('asks nothing for nothing', async () => {
    const mock = mockClient(EC2Client);
    expect((await createInstanceReader(new EC2Client({})).describe([])).size).toBe(0);
    expect(mock.calls()).toHaveLength(0);
  });
});
