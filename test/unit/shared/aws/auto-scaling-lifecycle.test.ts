import type { AutoScalingInstanceDetails } from '@aws-sdk/client-auto-scaling';
import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createLifecycleActions } from '../../../../shared/aws/auto-scaling-lifecycle.ts';
import { mockClient } from '../../../fixtures/mock-client.ts';

const mock = mockClient(AutoScalingClient);
const actions = createLifecycleActions(new AutoScalingClient({}));
const ACTION = { group: 'my-asg', hook: 'drain', token: 'token-1', instanceId: 'i-1' };
const INPUT = {
  AutoScalingGroupName: 'my-asg',
  LifecycleHookName: 'drain',
  LifecycleActionToken: 'token-1',
  InstanceId: 'i-1',
};
const named = (name: string, message: string) => Object.assign(new Error(message), { name });

beforeEach(() => {
  mock.reset();
});

describe('lifecycle actions', () => {
  it('are completed with CONTINUE', async () => {
    mock.on(CompleteLifecycleActionCommand).resolves({});
    expect(await actions.complete(ACTION)).toBe('done');
    expect(mock.commandCalls(CompleteLifecycleActionCommand)[0]?.args[0].input).toEqual({
      ...INPUT,
      LifecycleActionResult: 'CONTINUE',
    });
  });

  it('are kept waiting by a heartbeat', async () => {
    mock.on(RecordLifecycleActionHeartbeatCommand).resolves({});
    expect(await actions.heartbeat(ACTION)).toBe('done');
    expect(mock.commandCalls(RecordLifecycleActionHeartbeatCommand)[0]?.args[0].input).toEqual(INPUT);
  });

  it('are over where Auto Scaling no longer waits', async () => {
    mock
      .onAnyCommand()
      .rejects(named('ValidationError', 'No active Lifecycle Action found with token token-1'));
    expect([await actions.complete(ACTION), await actions.heartbeat(ACTION)]).toEqual(['over', 'over']);
  });

  it.each([
    named('ValidationError', 'AutoScalingGroup name not found'),
    named('Throttling', 'Rate exceeded'),
  ])('pass on %s', async (error) => {
    mock.onAnyCommand().rejects(error);
    await expect(actions.complete(ACTION)).rejects.toThrow(error.message);
  });

  it('are completed by hook and instance where there is no token', async () => {
    mock.on(CompleteLifecycleActionCommand).resolves({});
    const { token: _token, ...byInstance } = ACTION;
    await actions.complete(byInstance);
    const { LifecycleActionToken: _none, ...input } = INPUT;
    expect(mock.commandCalls(CompleteLifecycleActionCommand)[0]?.args[0].input).toEqual({
      ...input,
      LifecycleActionResult: 'CONTINUE',
    });
  });
});

describe('an instance', () => {
  it.each([
    [true, 'Terminating:Wait'],
    [false, 'Terminating:Proceed'],
    [false, 'InService'],
  ])('is held: %s, in the state %s', async (held, LifecycleState) => {
    const instance = { InstanceId: 'i-1', LifecycleState } as AutoScalingInstanceDetails;
    mock
      .on(DescribeAutoScalingInstancesCommand, { InstanceIds: ['i-1'] })
      .resolves({ AutoScalingInstances: [instance] });
    expect(await actions.isHeld('i-1')).toBe(held);
  });

  it('that its group does not know any more is not held', async () => {
    mock.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances: [] });
    expect(await actions.isHeld('i-1')).toBe(false);
  });
});

describe('the times of a hook', () => {
  it('are what Auto Scaling says', async () => {
    mock
      .on(DescribeLifecycleHooksCommand, { AutoScalingGroupName: 'my-asg', LifecycleHookNames: ['drain'] })
      .resolves({
        LifecycleHooks: [{ LifecycleHookName: 'drain', HeartbeatTimeout: 300, GlobalTimeout: 30_000 }],
      });
    expect(await actions.hookTimes(ACTION)).toEqual({ heartbeatSeconds: 300, globalSeconds: 30_000 });
  });

  it('are unknown where there is no such hook', async () => {
    mock.on(DescribeLifecycleHooksCommand).resolves({ LifecycleHooks: [] });
    expect(await actions.hookTimes(ACTION)).toBeUndefined();
  });
});
