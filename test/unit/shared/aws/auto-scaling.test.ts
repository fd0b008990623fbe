import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createAutoScalingGroups } from '../../../../shared/aws/auto-scaling.ts';
import { mockClient } from '../../../fixtures/mock-client.ts';

const autoScaling = mockClient(AutoScalingClient);
const groups = createAutoScalingGroups(new AutoScalingClient({ region: 'eu-central-1' }));

const page = (id: string, nextToken?: string) => ({
  AutoScalingGroups: [
    {
      AutoScalingGroupName: 'asg',
      MinSize: 0,
      MaxSize: 1,
      DesiredCapacity: 0,
      DefaultCooldown: 300,
      AvailabilityZones: ['eu-central-1a'],
      HealthCheckType: 'EC2',
      CreatedTime: undefined,
      Instances: [
        {
          InstanceId: id,
          AvailabilityZone: 'eu-central-1a',
          LifecycleState: 'Terminating:Wait' as const,
          HealthStatus: 'Healthy',
          ProtectedFromScaleIn: true,
        },
      ],
    },
  ],
  ...(nextToken === undefined ? {} : { NextToken: nextToken }),
});

beforeEach(() => {
  autoScaling.reset();
});

describe('instances of Auto Scaling groups', () => {
  it('come from every page', async () => {
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolvesOnce(page('i-1', 'next')).resolves(page('i-2'));
    expect(await groups.instances(['asg'])).toEqual([
      { id: 'i-1', zone: 'eu-central-1a', lifecycleState: 'Terminating:Wait', protectedFromScaleIn: true },
      { id: 'i-2', zone: 'eu-central-1a', lifecycleState: 'Terminating:Wait', protectedFromScaleIn: true },
    ]);
  });

  it('are never asked for without names, which would answer the whole account', async () => {
    expect(await groups.instances([])).toEqual([]);
    expect(autoScaling.calls()).toHaveLength(0);
  });

  it('are asked for a hundred names at a time', async () => {
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
    await groups.instances(Array.from({ length: 150 }, (_, index) => `asg-${index}`));
    expect(
      autoScaling
        .commandCalls(DescribeAutoScalingGroupsCommand)
        .map(({ args }) => args[0].input.AutoScalingGroupNames?.length),
    ).toEqual([100, 50]);
  });
});
