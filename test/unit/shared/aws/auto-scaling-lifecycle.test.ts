import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  RecordLifecycleActionHeartbeatCommand,
} from '@aws-sdk/client-auto-scaling';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createLifecycleActions } from '../../../../shared/aws/auto-scaling-lifecycle.ts';

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
});
