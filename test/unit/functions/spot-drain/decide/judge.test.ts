import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../../functions/spot-drain/config.ts';
import { dismiss, judgeOrigin } from '../../../../../functions/spot-drain/decide/judge.ts';
import type { Notice } from '../../../../../functions/spot-drain/decide/notice.ts';
import { SOURCES } from '../../../../../functions/spot-drain/decide/notice.ts';
import { clusterOf } from '../../../../../functions/spot-drain/decide/owner.ts';
import { parseMessage } from '../../../../../functions/spot-drain/decide/parse.ts';
import { askingFor } from '../../../../../functions/spot-drain/decide/policy.ts';
import { isDeparture } from '../../../../../functions/spot-drain/decide/recorded-notice.ts';
import { MalformedEventError } from '../../../../../shared/core/errors.ts';

const T0 = Date.parse('2026-11-20T03:12:00Z');
const MINUTE = 60_000;
const HOME = { account: '111122223333', region: 'eu-central-1' };
const NOTICE: Notice = {
  kind: 'spot-interruption',
  id: 'event-1',
  ...HOME,
  source: 'aws.ec2',
  time: T0,
  instanceId: 'i-1234567890abcdef0',
};
const HOOK: Partial<Notice> = {
  kind: 'terminate-lifecycle',
  source: 'aws.autoscaling',
  lifecycle: { group: 'g', hook: 'h', token: 't' },
};

describe('a message that is not acted on', () => {
  it.each<[string, Partial<Notice>, object]>([
    ['names the source', { source: 'custom.ec2' }, { source: 'custom.ec2' }],
    ['names the topic', { ...HOOK, direct: { topicArn: 'arn:t' } }, { source: 'arn:t' }],
    ['says that it came past EventBridge', { ...HOOK, direct: {} }, { source: 'past EventBridge' }],
    ['names the account', { account: '4' }, { account: '4' }],
    ['names the region', { region: 'us-east-1' }, { region: 'us-east-1' }],
    ['names the state', { kind: 'state-change', state: 'pending' }, { state: 'pending' }],
  ])('%s', (_, change, detail) => {
    const notice = { ...NOTICE, ...change };
    expect(judgeOrigin(notice, HOME, { topics: [], roles: [] })?.decision.detail).toStrictEqual({
      event: notice.kind,
      eventId: 'event-1',
      ...detail,
    });
  });

  it('belongs to a cluster where that is known', () => {
    expect(dismiss(NOTICE, 'r', {}, 'staging').decision.cluster).toBe('staging');
    expect(dismiss(NOTICE, 'r', {}).decision).not.toHaveProperty('cluster');
  });
});

describe('what a notice asks for', () => {
  const change = { arn: 'a', code: 'c', updatedAt: T0, startsAt: T0 + 300 * MINUTE, closed: false };
  const policy = {
    rebalance: { managed: 'cordon' },
    retirement: { managed: 'cordon' },
    maintenance: { managed: 'cordon' },
  };
  const asked = (notice: Partial<Notice>, config: object = {}) =>
    askingFor({ ...NOTICE, ...notice }, 'managed', spotDrainSchema.parse(config)).recorded;
  const kept = { id: 'event-1', time: T0 };

  it('is nothing at any time where it is recorded', () => {
    expect(asked({ kind: 'rebalance' })).toStrictEqual({ ...kept, kind: 'rebalance', want: 'record' });
  });

  it.each<[string, Partial<Notice>, object]>([
    ['after a rebalance', { kind: 'rebalance' }, { expiresAt: T0 + 60 * MINUTE }],
    [
      'after a retirement',
      { kind: 'retirement', change },
      { deadlineAt: T0 + 300 * MINUTE - 10_000, change },
    ],
    [
      'after a maintenance, but for its time',
      { kind: 'maintenance', change },
      {
        deadlineAt: T0 + 300 * MINUTE - 10_000,
        gates: [{ kind: 'time', at: T0 + 180 * MINUTE }],
        change,
      },
    ],
  ])('is a cordon that waits for nothing %s', (_, notice, times) => {
    expect(asked(notice, { policy })).toStrictEqual({ ...kept, kind: notice.kind, want: 'cordon', ...times });
  });
});

describe('a member of a message', () => {
  const told = (change: object) =>
    parseMessage({
      ...HOME,
      id: 'event-1',
      source: 'aws.ec2',
      time: '2026-11-20T03:12:00Z',
      'detail-type': 'EC2 Instance Rebalance Recommendation',
      detail: { 'instance-id': 'i-1234567890abcdef0' },
      ...change,
    });

  it.each([
    ['an old instance id', { detail: { 'instance-id': 'i-12345678' } }],
    ['a time with fractions', { time: '2026-11-20T03:12:00.123Z' }],
  ])('is %s', (_, change) => {
    expect(told(change).kind).toBe('notices');
  });

  it.each([
    ['an instance id with something before it', { detail: { 'instance-id': 'x-i-12345678' } }],
    ['an instance id with something after it', { detail: { 'instance-id': 'i-123456789' } }],
    ['an instance id of one digit', { detail: { 'instance-id': 'i-1' } }],
    ['an instance id of other letters', { detail: { 'instance-id': 'i-uvwxyzuv' } }],
    ['an account with something before it', { account: 'x111122223333' }],
    ['an account with something after it', { account: '1111222233334' }],
    ['a time with something before it', { time: 'at 2026-11-20T03:12:00Z' }],
    ['a time with something after it', { time: '2026-11-20T03:12:00Z (UTC)' }],
    ['a time whose year is longer', { time: '+002026-11-20T03:12:00Z' }],
    ['a time with something after it that is not seen', { time: '2026-11-20T03:12:00Z\u0000' }],
  ])('is not %s', (_, change) => {
    expect(() => told(change)).toThrow(MalformedEventError);
  });

  it.each(Object.entries(SOURCES))('of a %s comes from %s', (kind, source) => {
    expect(source).toBe(
      { 'terminate-lifecycle': 'aws.autoscaling', retirement: 'aws.health', maintenance: 'aws.health' }[
        kind
      ] ?? 'aws.ec2',
    );
  });
});

describe('a state', () => {
  it.each([
    ['pending', false],
    ['running', false],
    ['stopping', true],
    ['stopped', true],
    ['shutting-down', true],
    ['terminated', true],
    [undefined, false],
  ])('%s is a departure: %s', (state, expected) => {
    expect(isDeparture(state)).toBe(expected);
  });
});

it('a cluster is named by the tag with the prefix of AWS too', () => {
  expect(clusterOf({ 'aws:eks:cluster-name': 'dev' })).toBe('dev');
});
