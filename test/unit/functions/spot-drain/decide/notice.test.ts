import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseNotice } from '../../../../../functions/spot-drain/decide/notice.ts';
import { parseOrder, parseQueued } from '../../../../../functions/spot-drain/messages.ts';
import { MalformedEventError } from '../../../../../shared/core/errors.ts';

type Json = Record<string, unknown>;

const fixture = (name: string): Json =>
  JSON.parse(
    readFileSync(new URL(`../../../../fixtures/events/${name}.json`, import.meta.url), 'utf8'),
  ) as Json;

const SPOT = fixture('ec2-spot-interruption');
const LIFECYCLE = fixture('autoscaling-terminate-lifecycle');
const detailOf = (event: Json): Json => event.detail as Json;

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
    expect(parseNotice(event)).toMatchObject({
      id: event.id,
      account: '111122223333',
      region: 'eu-central-1',
      instanceId: 'i-1234567890abcdef0',
      ...expected,
    });
  });

  it('keeps a source that is not AWS for the verdict that refuses it', () => {
    expect(parseNotice({ ...SPOT, source: 'custom.ec2' }).source).toBe('custom.ec2');
  });
});

describe('a malformed event', () => {
  it.each<[string, unknown, string]>([
    ['no object', 'warning', 'no JSON object'],
    ['null', null, 'no JSON object'],
    ['a list', [SPOT], 'no JSON object'],
    ['an unknown detail type', { ...SPOT, 'detail-type': 'EC2 Fleet Error' }, '"detail-type"'],
    ['a detail type that objects inherit', { ...SPOT, 'detail-type': 'constructor' }, '"detail-type"'],
    ['no detail', { ...SPOT, detail: undefined }, '"detail"'],
    ['an account that is a number', { ...SPOT, account: 111122223333 }, '"account"'],
    ['a short account', { ...SPOT, account: '1111' }, '"account"'],
    ['no region', { ...SPOT, region: '' }, '"region"'],
    ['a time without a zone', { ...SPOT, time: '2026-11-20T03:12:00' }, '"time"'],
    ['a time that is none', { ...SPOT, time: '2026-13-99T03:12:00Z' }, '"time"'],
    ['no id', { ...SPOT, id: undefined }, '"id"'],
    [
      'an instance id of another form',
      { ...SPOT, detail: { ...detailOf(SPOT), 'instance-id': 'i-XYZ' } },
      '"instance-id"',
    ],
    ['no instance id', { ...SPOT, detail: { 'instance-action': 'stop' } }, '"instance-id"'],
    [
      'an unknown action',
      { ...SPOT, detail: { ...detailOf(SPOT), 'instance-action': 'explode' } },
      '"instance-action"',
    ],
    [
      'an unknown state',
      { ...fixture('ec2-state-change'), detail: { 'instance-id': 'i-1234567890abcdef0', state: 'sad' } },
      '"state"',
    ],
    [
      'no token',
      { ...LIFECYCLE, detail: { ...detailOf(LIFECYCLE), LifecycleActionToken: undefined } },
      '"LifecycleActionToken"',
    ],
    [
      'another transition',
      {
        ...LIFECYCLE,
        detail: { ...detailOf(LIFECYCLE), LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' },
      },
      '"LifecycleTransition"',
    ],
  ])('with %s is refused, and the error says where', (_, event, where) => {
    expect(() => parseNotice(event)).toThrow(MalformedEventError);
    expect(() => parseNotice(event)).toThrow(where);
  });

  it('never throws anything but MalformedEventError, whatever the message is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify({ ...SPOT, ...value })),
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

  it('are a check of running drains in the queue', () => {
    const check = { kind: 'check', cluster: 'staging', records: nodes };
    expect(parseQueued(JSON.stringify(check))).toEqual(check);
  });

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
