import { describe, expect, it } from '@jest/globals';
import { parseHealth } from '../../../../../functions/spot-drain/decide/health.ts';
import { parseMessage } from '../../../../../functions/spot-drain/decide/parse.ts';
import { MalformedEventError } from '../../../../../shared/core/errors.ts';

const ENVELOPE = {
  id: 'event-1',
  account: '111122223333',
  region: 'eu-central-1',
  source: 'aws.ec2',
  time: '2026-11-20T03:12:00Z',
};
const INSTANCE = 'i-1234567890abcdef0';
const spot = (action: string, more = {}) => ({
  ...ENVELOPE,
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  detail: { 'instance-id': INSTANCE, 'instance-action': action },
  ...more,
});
const state = (name: string) => ({
  ...ENVELOPE,
  'detail-type': 'EC2 Instance State-change Notification',
  detail: { 'instance-id': INSTANCE, state: name },
});
const DIRECT = {
  Service: 'AWS Auto Scaling',
  Time: '2026-11-20T03:12:00.000Z',
  AccountId: '111122223333',
  RequestId: 'request-1',
  AutoScalingGroupName: 'spot-a',
  LifecycleHookName: 'drain',
  LifecycleActionToken: 'token-1',
  LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
  EC2InstanceId: INSTANCE,
};
const only = (message: unknown) => {
  const parsed = parseMessage(message);
  if (parsed.kind !== 'notices' || parsed.notices.length !== 1) throw new Error('not one notice');
  return parsed.notices[0];
};

describe('a word of AWS', () => {
  it.each<[string, unknown]>([
    ['an action with something before it', spot('not-terminate')],
    ['an action with something after it', spot('stopped')],
    ['a state with something before it', state('not-running')],
    ['a state with something after it', state('running-late')],
    ['a region with something before it', spot('stop', { region: 'EU eu-central-1' })],
    ['a region with something after it', spot('stop', { region: 'eu-central-1 EU' })],
  ])('is no %s', (_, message) => {
    expect(() => parseMessage(message)).toThrow(MalformedEventError);
  });

  it.each(['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'])(
    'is the state %s',
    (name) => {
      expect(only(state(name))?.state).toBe(name);
    },
  );

  it.each(['terminate', 'stop', 'hibernate'])('is the action %s', (action) => {
    expect(only(spot(action))).toStrictEqual({
      id: 'event-1',
      account: '111122223333',
      region: 'eu-central-1',
      source: 'aws.ec2',
      time: Date.parse('2026-11-20T03:12:00Z'),
      kind: 'spot-interruption',
      instanceId: INSTANCE,
      instanceAction: action,
    });
  });
});

describe('a message of Auto Scaling itself', () => {
  it('has the id of its request, or its token where there is none', () => {
    expect(only(DIRECT)?.id).toBe('request-1');
    expect(only({ ...DIRECT, RequestId: 5 })?.id).toBe('token-1');
  });

  it.each<[string, object, object]>([
    ['a test', { Event: 'autoscaling:TEST_NOTIFICATION' }, { reason: 'test-notification', detail: {} }],
    [
      'a launch',
      { LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' },
      {
        reason: 'not-a-departure',
        detail: { event: undefined, transition: 'autoscaling:EC2_INSTANCE_LAUNCHING' },
      },
    ],
    [
      'another event',
      { Event: 'autoscaling:EC2_INSTANCE_TERMINATE', LifecycleTransition: undefined },
      {
        reason: 'not-a-departure',
        detail: { event: 'autoscaling:EC2_INSTANCE_TERMINATE', transition: undefined },
      },
    ],
  ])('that is %s is dropped, and says what it was', (_, change, decision) => {
    expect(parseMessage({ ...DIRECT, ...change })).toStrictEqual({
      kind: 'dropped',
      decision: { target: 'auto-scaling-group/spot-a', action: 'none', ...decision },
    });
  });
});

describe('what is no notification of SNS', () => {
  it.each<[string, object]>([
    ['another type', { Type: 'SubscriptionConfirmation', Message: JSON.stringify(DIRECT), TopicArn: 'arn' }],
    ['a message that is no text', { Type: 'Notification', Message: DIRECT, TopicArn: 'arn' }],
  ])('is an event without a type: %s', (_, message) => {
    expect(() => parseMessage(message)).toThrow('"detail-type" is missing');
  });

  it.each([
    ['{', 'is no JSON'],
    ['[]', 'is no object'],
  ])('and a message %j of one %s', (text, problem) => {
    expect(() => parseMessage({ Type: 'Notification', TopicArn: 'arn', Message: text })).toThrow(problem);
  });
});

describe('an event of AWS Health', () => {
  const DETAIL = {
    eventArn: 'arn:event',
    service: 'EC2',
    eventTypeCode: 'AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED',
    eventTypeCategory: 'scheduledChange',
    startTime: 'Sat, 21 Nov 2026 05:00:00 GMT',
    affectedEntities: [{ entityValue: INSTANCE }],
  };
  const TIME = Date.parse('2026-11-20T03:12:00Z');

  it.each([undefined, null, ''])('has nothing where a member is %j', (nothing) => {
    const left = {
      endTime: nothing,
      lastUpdatedTime: nothing,
      communicationId: nothing,
      eventRegion: nothing,
      affectedAccount: nothing,
    };
    expect(parseHealth({ ...DETAIL, ...left }, TIME)).toStrictEqual({
      kind: 'maintenance',
      page: '1',
      entities: [
        {
          instanceId: INSTANCE,
          change: {
            arn: 'arn:event',
            code: DETAIL.eventTypeCode,
            updatedAt: TIME,
            startsAt: Date.parse('2026-11-21T05:00:00Z'),
            closed: false,
          },
        },
      ],
    });
  });

  it('that is about no instance is dropped, and says what it was', () => {
    const detail = { ...DETAIL, service: 'RDS' };
    const message = { ...ENVELOPE, source: 'aws.health', 'detail-type': 'AWS Health Event', detail };
    expect(parseMessage(message)).toStrictEqual({
      kind: 'dropped',
      decision: {
        target: `health-event/${DETAIL.eventTypeCode}`,
        action: 'none',
        reason: 'no-instance-affected',
        detail: {
          eventId: 'event-1',
          eventTypeCode: DETAIL.eventTypeCode,
          service: 'RDS',
          eventTypeCategory: 'scheduledChange',
        },
      },
    });
  });
});
