import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  DescribeScalingActivitiesCommand,
  DescribeTagsCommand,
  RecordLifecycleActionHeartbeatCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AwsEvent } from '../../../../../infra/local/world/events.ts';
import type { TestAccount } from '../support/account.ts';
import { startTestAccount } from '../support/account.ts';

let account: TestAccount;
let scaling: AutoScalingClient;
let events: AwsEvent[];

beforeEach(async () => {
  account = await startTestAccount();
  scaling = new AutoScalingClient(account.client);
  events = [];
  account.world.onEvent((event) => {
    events.push(event);
  });
});
afterEach(() => account.close());

const own = async () => {
  const { AutoScalingGroups } = await scaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['own'] }),
  );
  const [group] = AutoScalingGroups ?? [];
  if (group === undefined) throw new Error('no group');
  return group;
};

describe('groups', () => {
  it('pages through all of them, leaving out names that it does not know', async () => {
    const first = await scaling.send(new DescribeAutoScalingGroupsCommand({ MaxRecords: 2 }));
    expect(first.AutoScalingGroups).toHaveLength(2);
    const second = await scaling.send(
      new DescribeAutoScalingGroupsCommand({ MaxRecords: 2, NextToken: first.NextToken }),
    );
    expect(second.AutoScalingGroups?.map(({ AutoScalingGroupName }) => AutoScalingGroupName)).toEqual([
      'own',
    ]);
    expect(second.NextToken).toBeUndefined();
    const none = await scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['x'] }));
    expect(none.AutoScalingGroups).toEqual([]);
  });

  it('finds groups by tags: every filter has to match, each by one of its values', async () => {
    const tag = (Key: string, Value: string) => ({
      ResourceId: 'own',
      ResourceType: 'auto-scaling-group',
      Key,
      Value,
      PropagateAtLaunch: false,
    });
    await scaling.send(new CreateOrUpdateTagsCommand({ Tags: [tag('stage', 'live'), tag('owner', 'shop')] }));
    const found = async (...Filters: { Name: string; Values: string[] }[]) => {
      const { AutoScalingGroups } = await scaling.send(new DescribeAutoScalingGroupsCommand({ Filters }));
      return AutoScalingGroups?.map(({ AutoScalingGroupName }) => AutoScalingGroupName);
    };
    expect(await found({ Name: 'tag-key', Values: ['nobody', 'stage'] })).toEqual(['own']);
    expect(await found({ Name: 'tag-value', Values: ['live'] })).toEqual(['own']);
    expect(await found({ Name: 'tag:stage', Values: ['test', 'live'] })).toEqual(['own']);
    expect(await found({ Name: 'tag:stage', Values: ['shop'] })).toEqual([]);
    expect(
      await found({ Name: 'tag-key', Values: ['stage'] }, { Name: 'tag:owner', Values: ['nobody'] }),
    ).toEqual([]);
    await expect(found({ Name: 'name', Values: ['own'] })).rejects.toMatchObject({ name: 'NotImplemented' });
  });

  it('knows its instances and tags', async () => {
    expect(await own()).toMatchObject({
      MinSize: 1,
      DesiredCapacity: 1,
      Instances: [{ LifecycleState: 'InService', HealthStatus: 'Healthy', ProtectedFromScaleIn: false }],
      Tags: expect.arrayContaining([
        expect.objectContaining({
          Key: 'kubernetes.io/cluster/staging',
          Value: 'owned',
          PropagateAtLaunch: true,
        }),
      ]),
    });
  });

  it('clamps the desired size to bounds given alone', async () => {
    await scaling.send(
      new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'own', MinSize: 2, MaxSize: 3 }),
    );
    expect(await own()).toMatchObject({ MinSize: 2, DesiredCapacity: 2, MaxSize: 3 });
    await expect(
      scaling.send(
        new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'own', MinSize: 4, MaxSize: 3 }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('reports launches that fail, and tries again', async () => {
    const group = account.world.autoScaling.get('own');
    group.failing = { times: 1, message: 'We currently do not have sufficient m6i.large capacity' };
    await scaling.send(
      new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'own', DesiredCapacity: 2 }),
    );
    const activities = async () =>
      (await scaling.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName: 'own' })))
        .Activities ?? [];
    expect((await activities())[0]).toMatchObject({
      StatusCode: 'Failed',
      StatusMessage: expect.stringContaining('sufficient m6i.large capacity'),
    });
    account.pass(120);
    expect((await activities())[0]).toMatchObject({ StatusCode: 'Successful' });
    expect((await own()).Instances).toHaveLength(2);
  });

  it('keeps tags', async () => {
    const tag = { ResourceId: 'own', ResourceType: 'auto-scaling-group', Key: 'a' };
    await scaling.send(
      new CreateOrUpdateTagsCommand({ Tags: [{ ...tag, Value: '1', PropagateAtLaunch: false }] }),
    );
    const find = () =>
      scaling.send(
        new DescribeTagsCommand({
          Filters: [
            { Name: 'auto-scaling-group', Values: ['own'] },
            { Name: 'key', Values: ['a'] },
          ],
        }),
      );
    expect((await find()).Tags).toEqual([{ ...tag, Value: '1', PropagateAtLaunch: false }]);
    await scaling.send(new DeleteTagsCommand({ Tags: [tag] }));
    expect((await find()).Tags).toEqual([]);
  });
});

describe('terminate lifecycle actions', () => {
  const start = async () => {
    const [instance] = (await own()).Instances ?? [];
    const InstanceId = instance?.InstanceId ?? '';
    account.world.terminateByAsg(InstanceId);
    return { AutoScalingGroupName: 'own', LifecycleHookName: 'drain-first', InstanceId };
  };
  const stateOf = (id: string) => account.world.instances.get(id);

  it('describes the hook', async () => {
    const { LifecycleHooks } = await scaling.send(
      new DescribeLifecycleHooksCommand({ AutoScalingGroupName: 'own' }),
    );
    expect(LifecycleHooks).toMatchObject([
      {
        LifecycleHookName: 'drain-first',
        HeartbeatTimeout: 300,
        GlobalTimeout: 30_000,
        DefaultResult: 'CONTINUE',
      },
    ]);
  });

  it('tells EventBridge, waits, and goes on when it is completed', async () => {
    const action = await start();
    expect(events[0]).toMatchObject({
      source: 'aws.autoscaling',
      'detail-type': 'EC2 Instance-terminate Lifecycle Action',
      account: '111122223333',
      detail: {
        EC2InstanceId: action.InstanceId,
        LifecycleHookName: 'drain-first',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        LifecycleActionToken: expect.any(String),
      },
    });
    account.pass(200);
    expect(stateOf(action.InstanceId).lifecycle).toBe('Terminating:Wait');
    await scaling.send(new CompleteLifecycleActionCommand({ ...action, LifecycleActionResult: 'CONTINUE' }));
    expect(stateOf(action.InstanceId)).toMatchObject({
      lifecycle: 'Terminating:Proceed',
      state: 'shutting-down',
    });
    account.pass(60);
    expect(stateOf(action.InstanceId).state).toBe('terminated');
    expect((await own()).Instances).toMatchObject([{ LifecycleState: 'InService' }]);
  });

  it('a heartbeat begins the time-out anew; without one the default result ends it', async () => {
    const action = await start();
    account.pass(290);
    await scaling.send(new RecordLifecycleActionHeartbeatCommand(action));
    account.pass(290);
    expect(stateOf(action.InstanceId).lifecycle).toBe('Terminating:Wait');
    account.pass(20);
    expect(stateOf(action.InstanceId).state).toBe('shutting-down');
  });

  it('says that there is no active action, before and after', async () => {
    const action = await start();
    await scaling.send(new CompleteLifecycleActionCommand({ ...action, LifecycleActionResult: 'CONTINUE' }));
    const again = scaling.send(
      new CompleteLifecycleActionCommand({ ...action, LifecycleActionResult: 'CONTINUE' }),
    );
    await expect(again).rejects.toMatchObject({
      name: 'ValidationError',
      message: `No active Lifecycle Action found with instance ID ${action.InstanceId}`,
    });
  });
});
