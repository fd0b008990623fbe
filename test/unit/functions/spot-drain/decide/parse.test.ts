import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Notice } from '../../../../../functions/spot-drain/decide/notice.ts';
import { parseMessage } from '../../../../../functions/spot-drain/decide/parse.ts';
import { parseOrder, parseQueued } from '../../../../../functions/spot-drain/messages.ts';
import { MalformedEventError } from '../../../../../shared/core/errors.ts';

type Json = Record<string, unknown>;

const fixture = (name: string): Json =>
  JSON.parse(
    readFileSync(new URL(`../../../../fixtures/events/${name}.json`, import.meta.url), 'utf8'),
  ) as Json;

const SPOT = fixture('ec2-spot-interruption');
const LIFECYCLE = fixture('autoscaling-terminate-lifecycle');
const DIRECT = fixture('autoscaling-direct-lifecycle');
const TEST = fixture('autoscaling-test-notification');
const RETIREMENT = fixture('health-retirement');
const REBOOT = fixture('health-reboot');
const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:lifecycle';
const detailOf = (event: Json): Json => event.detail as Json;
const withDetail = (event: Json, change: Json): Json => ({
  ...event,
  detail: { ...detailOf(event), ...change },
});
/** As SNS wraps what it delivers to a queue. */
const inSns = (message: unknown): Json => ({
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: TOPIC,
  Subject: 'Auto Scaling: Lifecycle action TERMINATING for instance i-1234567890abcdef0 in progress.',
  Message: typeof message === 'string' ? message : JSON.stringify(message),
  Timestamp: '2026-11-20T03:12:01.000Z',
});

const noticesOf = (message: unknown): readonly Notice[] => {
  const parsed = parseMessage(message);
  return parsed.kind === 'notices' ? parsed.notices : [];
};
const droppedAs = (message: unknown) => {
  const parsed = parseMessage(message);
  return parsed.kind === 'dropped' ? [parsed.decision.target, parsed.decision.reason] : parsed.kind;
};

describe('an event as AWS publishes it', () => {
  it.each([
    [
      'ec2-spot-interruption',
      {
        kind: 'spot-interruption',
        source: 'aws.ec2',
        time: Date.parse('2026-11-20T03:12:00Z'),
        instanceAction: 'terminate',
      },
    ],
    ['ec2-rebalance-recommendation', { kind: 'rebalance', source: 'aws.ec2' }],
    ['ec2-state-change', { kind: 'state-change', source: 'aws.ec2', state: 'shutting-down' }],
    [
      'autoscaling-terminate-lifecycle',
      {
        kind: 'terminate-lifecycle',
        source: 'aws.autoscaling',
        lifecycle: {
          group: 'my-asg',
          hook: 'drain-before-terminate',
          token: '630aa23f-48eb-45e7-aba6-799ea6093a0f',
        },
      },
    ],
  ])('is read from %s.json', (name, expected) => {
    const event = fixture(name);
    expect(noticesOf(event)).toMatchObject([
      {
        id: event.id,
        account: '111122223333',
        region: 'eu-central-1',
        instanceId: 'i-1234567890abcdef0',
        ...expected,
      },
    ]);
  });

  it('keeps a source that is not AWS for the verdict that refuses it', () => {
    expect(noticesOf({ ...SPOT, source: 'custom.ec2' })[0]?.source).toBe('custom.ec2');
  });

  it('names the instance by its detail, whatever the ARNs say', () => {
    const resources = ['arn:aws:ec2:eu-central-1a:instance/i-00000000000000000'];
    expect(noticesOf({ ...SPOT, resources })[0]?.instanceId).toBe('i-1234567890abcdef0');
  });
});

describe('what Auto Scaling sends past EventBridge', () => {
  const expected = {
    kind: 'terminate-lifecycle',
    id: '75f6e4a9-9c1c-6f2f-2d44-5d1f4f5a7c11',
    account: '111122223333',
    source: 'aws.autoscaling',
    time: Date.parse('2026-11-20T03:12:00.414Z'),
    instanceId: 'i-1234567890abcdef0',
    lifecycle: {
      group: 'my-asg',
      hook: 'drain-before-terminate',
      token: '630aa23f-48eb-45e7-aba6-799ea6093a0f',
    },
  };

  it('straight into the queue is read without an envelope', () => {
    expect(noticesOf(DIRECT)).toEqual([{ ...expected, direct: {} }]);
  });

  it('through SNS is read from the message inside, and remembers the topic', () => {
    expect(noticesOf(inSns(DIRECT))).toEqual([{ ...expected, direct: { topicArn: TOPIC } }]);
  });

  it('and what EventBridge sends through SNS too', () => {
    expect(noticesOf(inSns(LIFECYCLE))).toMatchObject([
      { id: LIFECYCLE.id, region: 'eu-central-1', direct: { topicArn: TOPIC } },
    ]);
  });

  it.each<[string, Json, string]>([
    ['the test notification', TEST, 'test-notification'],
    ['the test notification inside SNS', inSns(TEST), 'test-notification'],
    [
      'a hook for launches',
      { ...DIRECT, LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' },
      'not-a-departure',
    ],
    [
      "the group's other notifications",
      inSns({ AutoScalingGroupName: 'my-asg', Event: 'autoscaling:EC2_INSTANCE_LAUNCH' }),
      'not-a-departure',
    ],
  ])('%s is dropped with a verdict', (_, message, reason) => {
    expect(droppedAs(message)).toEqual(['auto-scaling-group/my-asg', reason]);
  });

  it('keeps another service than Auto Scaling for the verdict that refuses it', () => {
    expect(noticesOf({ ...DIRECT, Service: 'My Scaler' })[0]?.source).toBe('My Scaler');
  });
});

describe('an event of AWS Health', () => {
  it('is a notice with the times of the change', () => {
    expect(noticesOf(RETIREMENT)).toEqual([
      {
        kind: 'retirement',
        id: '01b0993207d81a09dcd552ebd1e633e36cf1f09a-1',
        account: '111122223333',
        region: 'eu-central-1',
        source: 'aws.health',
        time: Date.parse('2026-11-20T03:10:00Z'),
        instanceId: 'i-1234567890abcdef0',
        change: {
          arn: detailOf(RETIREMENT).eventArn,
          code: 'AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED',
          updatedAt: Date.parse('2026-11-20T03:09:58Z'),
          startsAt: Date.parse('2026-12-04T15:00:00Z'),
          endsAt: Date.parse('2026-12-04T15:00:00Z'),
          closed: false,
        },
      },
    ]);
  });

  it('is a notice for every entity of the page, and each page is another one', () => {
    const page = (number: number, ...ids: string[]) =>
      withDetail(RETIREMENT, {
        communicationId: `abc-${number}`,
        page: String(number),
        totalPages: '2',
        affectedEntities: ids.map((entityValue) => ({ entityValue })),
      });
    const [first, second] = [
      page(1, 'i-00000000000000001', 'i-00000000000000002'),
      page(2, 'i-00000000000000003'),
    ].map((event) => noticesOf(event).map(({ id, instanceId }) => [id, instanceId]));
    expect([...(first ?? []), ...(second ?? [])]).toEqual([
      ['abc-1', 'i-00000000000000001'],
      ['abc-1', 'i-00000000000000002'],
      ['abc-2', 'i-00000000000000003'],
    ]);
  });

  it.each([
    ['AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED', 'retirement'],
    ['AWS_EC2_INSTANCE_RETIREMENT_EXPEDITED', 'retirement'],
    ['AWS_EC2_INSTANCE_STOP_SCHEDULED', 'retirement'],
    ['AWS_EC2_INSTANCE_TERMINATION_SCHEDULED', 'retirement'],
    ['AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED', 'retirement'],
    ['AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED', 'maintenance'],
    ['AWS_EC2_INSTANCE_REBOOT_FLEXIBLE_MAINTENANCE_SCHEDULED', 'maintenance'],
    ['AWS_EC2_SYSTEM_REBOOT_MAINTENANCE_SCHEDULED', 'maintenance'],
    ['AWS_EC2_INSTANCE_NETWORK_MAINTENANCE_SCHEDULED', 'maintenance'],
    ['AWS_EC2_INSTANCE_POWER_MAINTENANCE_SCHEDULED', 'maintenance'],
    ['AWS_EC2_SOMETHING_NEW_SCHEDULED', 'maintenance'],
  ])('with the code %s is a %s', (eventTypeCode, kind) => {
    expect(noticesOf(withDetail(RETIREMENT, { eventTypeCode }))[0]?.kind).toBe(kind);
  });

  it.each<[string, boolean, Json]>([
    ['an upcoming event', false, {}],
    ['an open one', false, { statusCode: 'open' }],
    ['a closed one', true, { statusCode: 'closed' }],
    [
      'one that has nothing to do with the instance any more',
      true,
      { affectedEntities: [{ entityValue: 'i-1234567890abcdef0', status: 'RESOLVED' }] },
    ],
  ])('%s: closed is %s', (_, closed, change) => {
    expect(noticesOf(withDetail(RETIREMENT, change))[0]?.change?.closed).toBe(closed);
  });

  it('of the form before 2023 has neither pages nor an update, and an id by its event', () => {
    const {
      communicationId: _c,
      page: _p,
      lastUpdatedTime: _l,
      eventRegion: _r,
      affectedAccount: _a,
      ...old
    } = detailOf(REBOOT);
    expect(noticesOf({ ...REBOOT, detail: old })).toMatchObject([
      {
        id: `${REBOOT.id}#1`,
        account: '111122223333',
        region: 'eu-central-1',
        change: { updatedAt: Date.parse('2026-11-20T03:10:00Z') },
      },
    ]);
  });

  it('says where and to whom it happens, not where it was delivered', () => {
    const change = { eventRegion: 'us-east-1', affectedAccount: '444455556666' };
    expect(noticesOf(withDetail(REBOOT, change))).toMatchObject([
      { region: 'us-east-1', account: '444455556666' },
    ]);
  });

  it.each<[string, Json]>([
    ['of another service', { service: 'RDS' }],
    ['that is an issue', { eventTypeCategory: 'issue' }],
    ['about a host', { affectedEntities: [{ entityValue: 'h-0123456789abcdef0' }] }],
    ['about nothing', { affectedEntities: [] }],
  ])('%s is dropped with a verdict', (_, change) => {
    expect(droppedAs(withDetail(RETIREMENT, change))).toEqual([
      'health-event/AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED',
      'no-instance-affected',
    ]);
  });

  it('leaves out entities that are no instances', () => {
    const affectedEntities = [{ entityValue: 'h-0123456789abcdef0' }, { entityValue: 'i-1234567890abcdef0' }];
    expect(noticesOf(withDetail(RETIREMENT, { affectedEntities }))).toHaveLength(1);
  });

  it.each(['Sat, 11 Jun 2016 05:01:10 GMT', 'Sat, 11 Jun 2016 05:01:10 UTC', '2016-06-11T05:01:10Z'])(
    'has its start in %s',
    (startTime) => {
      expect(noticesOf(withDetail(RETIREMENT, { startTime }))[0]?.change?.startsAt).toBe(
        Date.parse('2016-06-11T05:01:10Z'),
      );
    },
  );
});

describe('a malformed event', () => {
  it.each<[string, unknown, string]>([
    ['no object', 'warning', 'no JSON object'],
    ['null', null, 'no JSON object'],
    ['a list', [SPOT], 'no JSON object'],
    ['nothing in it', {}, '"detail-type"'],
    ['an unknown detail type', { ...SPOT, 'detail-type': 'EC2 Fleet Error' }, '"detail-type"'],
    ['a detail type that objects inherit', { ...SPOT, 'detail-type': 'constructor' }, '"detail-type"'],
    ['no detail', { ...SPOT, detail: undefined }, '"detail"'],
    ['an account that is a number', { ...SPOT, account: 111122223333 }, '"account"'],
    ['a short account', { ...SPOT, account: '1111' }, '"account"'],
    ['no region', { ...SPOT, region: '' }, '"region"'],
    ['a time without a zone', { ...SPOT, time: '2026-11-20T03:12:00' }, '"time"'],
    ['a time that is none', { ...SPOT, time: '2026-13-99T03:12:00Z' }, '"time"'],
    ['no id', { ...SPOT, id: undefined }, '"id"'],
    ['an instance id of another form', withDetail(SPOT, { 'instance-id': 'i-XYZ' }), '"instance-id"'],
    ['no instance id', { ...SPOT, detail: { 'instance-action': 'stop' } }, '"instance-id"'],
    ['an unknown action', withDetail(SPOT, { 'instance-action': 'explode' }), '"instance-action"'],
    [
      'an unknown state',
      { ...fixture('ec2-state-change'), detail: { 'instance-id': 'i-1234567890abcdef0', state: 'sad' } },
      '"state"',
    ],
    ['no token', withDetail(LIFECYCLE, { LifecycleActionToken: undefined }), '"LifecycleActionToken"'],
    [
      'another transition',
      withDetail(LIFECYCLE, { LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' }),
      '"LifecycleTransition"',
    ],
    ['no JSON inside SNS', inSns('Service: AWS Auto Scaling'), '"Message"'],
    ['a list inside SNS', inSns([DIRECT]), '"Message"'],
    ['an SNS topic that is none', { ...inSns(DIRECT), TopicArn: 7 }, '"TopicArn"'],
    ['a direct message without an account', { ...DIRECT, AccountId: 'me' }, '"AccountId"'],
    ['a direct message without a time', { ...DIRECT, Time: 'now' }, '"Time"'],
    ['a Health event without a start', withDetail(RETIREMENT, { startTime: undefined }), '"startTime"'],
    ['a Health event that starts some day', withDetail(RETIREMENT, { startTime: 'soon' }), '"startTime"'],
    [
      'a Health event on the 41st',
      withDetail(RETIREMENT, { startTime: 'Sat, 41 Jun 2016 05:01:10 GMT' }),
      '"startTime"',
    ],
    ['a Health event without a code', withDetail(RETIREMENT, { eventTypeCode: 5 }), '"eventTypeCode"'],
    [
      'a Health event with other entities',
      withDetail(RETIREMENT, { affectedEntities: 'i-1' }),
      '"affectedEntities"',
    ],
    [
      'a Health event with an entity without a name',
      withDetail(RETIREMENT, { affectedEntities: [{}] }),
      '"entityValue"',
    ],
  ])('with %s is refused, and the error says where', (_, event, where) => {
    expect(() => parseMessage(event)).toThrow(MalformedEventError);
    expect(() => parseMessage(event)).toThrow(where);
  });

  it('never throws anything but MalformedEventError, whatever the message is', () => {
    const changed = (event: Json) => fc.object().map((value) => JSON.stringify({ ...event, ...value }));
    const inDetail = (event: Json) =>
      fc.object().map((value) => JSON.stringify(withDetail(event, value as Json)));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          changed(SPOT),
          changed(DIRECT),
          inDetail(RETIREMENT),
          fc.json().map((json) => JSON.stringify(inSns(json))),
        ),
        (body) => {
          try {
            parseQueued(body);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedEventError);
          }
        },
      ),
    );
  });
});

describe('messages between our own functions', () => {
  const nodes = [{ instanceId: 'i-1234567890abcdef0', nodeUid: 'uid', cordonedAt: 5 }];

  it.each<[object]>([[{}], [{ promisedAt: 1_800_000_000_000 }]])(
    'are a look at records in the queue %j',
    (more) => {
      const check = { kind: 'check', cluster: 'staging', records: nodes, ...more };
      expect(parseQueued(JSON.stringify(check))).toEqual(check);
    },
  );

  it('are a drain order for the worker', () => {
    expect(parseOrder({ kind: 'drain', cluster: 'staging', nodes })).toEqual({
      kind: 'drain',
      cluster: 'staging',
      nodes,
    });
  });

  it.each([
    ['another kind', { kind: 'tick', cluster: 'staging', nodes }],
    ['nothing', null],
    ['no cluster', { kind: 'drain', nodes }],
    ['no nodes', { kind: 'drain', cluster: 'staging' }],
    ['a node without a UID', { kind: 'drain', cluster: 'staging', nodes: [{ instanceId: 'i-1' }] }],
  ])('are refused with %s', (_, order) => {
    expect(() => parseOrder(order)).toThrow(MalformedEventError);
  });

  it('are refused as a check without records', () => {
    expect(() => parseQueued('{"kind":"check","cluster":"staging"}')).toThrow(MalformedEventError);
  });
});
