import {
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { createInstanceReader } from '../../../../../shared/aws/ec2.ts';
import type { Case } from '../../comparison.ts';
import { attempt } from '../../comparison.ts';
import type { Side } from '../../side.ts';
import { group } from './group.ts';

const UNKNOWN = 'nobody';

const sizes = async (side: Side, name: string) => {
  const found = await group(side, name);
  return [found?.MinSize, found?.DesiredCapacity, found?.MaxSize];
};

export const sizeCases: readonly Case[] = [
  {
    behaviour: 'SetDesiredCapacity of an unknown group',
    differs: {
      documented: { error: 'ValidationError', status: 400 },
      because: 'moto fails (500); API reference, Common Errors: ValidationError',
    },
    run: ({ clients }) =>
      clients.autoScaling.send(
        new SetDesiredCapacityCommand({ AutoScalingGroupName: UNKNOWN, DesiredCapacity: 1 }),
      ),
  },
  {
    behaviour: 'SetDesiredCapacity above the maximum, or below the minimum',
    differs: {
      documented: [
        { error: 'ValidationError', status: 400 },
        [1, 1, 2],
        { error: 'ValidationError', status: 400 },
        [1, 1, 2],
      ],
      because:
        'moto sets any number; API reference, CreateAutoScalingGroup: the desired capacity lies between minimum and maximum',
    },
    run: async (side) => {
      const set = (AutoScalingGroupName: string, DesiredCapacity: number) =>
        attempt(() =>
          side.clients.autoScaling.send(
            new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }),
          ),
        );
      return [
        await set('bounds', 3),
        await sizes(side, 'bounds'),
        await set('bounds', 0),
        await sizes(side, 'bounds'),
      ];
    },
  },
  {
    behaviour: 'UpdateAutoScalingGroup of an unknown group',
    run: ({ clients }) =>
      clients.autoScaling.send(
        new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: UNKNOWN, MinSize: 1 }),
      ),
  },
  {
    behaviour: 'UpdateAutoScalingGroup with minimum above maximum',
    differs: {
      documented: [{ error: 'ValidationError', status: 400 }, [1, 1, 2]],
      because: 'moto takes it; API reference, UpdateAutoScalingGroup: MinSize is at most MaxSize',
    },
    run: async (side) => [
      await attempt(() =>
        side.clients.autoScaling.send(
          new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'bounds', MinSize: 5, MaxSize: 2 }),
        ),
      ),
      await sizes(side, 'bounds'),
    ],
  },
  {
    behaviour: 'UpdateAutoScalingGroup raising the minimum takes the desired size along',
    run: async (side) => {
      const update = (MinSize: number, MaxSize: number) =>
        side.clients.autoScaling.send(
          new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'idle', MinSize, MaxSize }),
        );
      await update(1, 2);
      await side.settle();
      const raised = await sizes(side, 'idle');
      const launched = (await group(side, 'idle'))?.Instances?.map(({ LifecycleState }) => LifecycleState);
      await side.clients.autoScaling.send(
        new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'idle', MinSize: 0, DesiredCapacity: 0 }),
      );
      await side.settle();
      return [raised, launched, await sizes(side, 'idle'), (await group(side, 'idle'))?.Instances];
    },
  },
  {
    behaviour: 'SetDesiredCapacity down to none: the instance is terminated and leaves its group',
    differs: {
      documented: ['InService', 'terminated', '', []],
      because:
        'moto keeps the name; a terminated instance has none (EC2 user guide, "Amazon EC2 instance hostname types": the name lives with the network interface)',
    },
    run: async (side) => {
      const set = (DesiredCapacity: number) =>
        side.clients.autoScaling.send(
          new SetDesiredCapacityCommand({ AutoScalingGroupName: 'idle', DesiredCapacity }),
        );
      await set(1);
      await side.settle();
      const [instance] = (await group(side, 'idle'))?.Instances ?? [];
      const id = instance?.InstanceId ?? '';
      await set(0);
      await side.settle();
      const facts = (await createInstanceReader(side.clients.ec2).describe([id])).get(id);
      return [
        instance?.LifecycleState,
        facts?.state,
        facts?.privateDnsName,
        (await group(side, 'idle'))?.Instances,
      ];
    },
  },
  {
    behaviour: 'TerminateInstanceInAutoScalingGroup of an unknown instance',
    differs: {
      documented: { error: 'ValidationError', status: 400 },
      because: 'moto fails (500); API reference, Common Errors: ValidationError',
    },
    run: ({ clients }) =>
      clients.autoScaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({
          InstanceId: 'i-0123456789abcdef0',
          ShouldDecrementDesiredCapacity: true,
        }),
      ),
  },
];
