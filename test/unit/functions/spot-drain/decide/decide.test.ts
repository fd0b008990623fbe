import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../../functions/spot-drain/config.ts';
import { judgeMissingNode, judgeNotice } from '../../../../../functions/spot-drain/decide/decide.ts';
import { judgeOrigin } from '../../../../../functions/spot-drain/decide/judge.ts';
import type { Notice } from '../../../../../functions/spot-drain/decide/notice.ts';
import { clusterOf, groupOf, ownerOf } from '../../../../../functions/spot-drain/decide/owner.ts';

const TIME = Date.parse('2026-11-20T03:12:00Z');
const MINUTE = 60_000;
const HOME = { account: '111122223333', region: 'eu-central-1' };
const CONFIG = { lifecycleHooks: ['drain-before-terminate'] };
const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:lifecycle';
const NO_SENDERS = { topics: [], roles: [] };
const MANAGED = { 'eks:cluster-name': 'staging', 'eks:nodegroup-name': 'spot-a' };
const SELF_MANAGED = { 'kubernetes.io/cluster/staging': 'owned' };
const KARPENTER = { 'eks:eks-cluster-name': 'staging', 'karpenter.sh/nodepool': 'default' };
const AUTO_MODE = { 'eks:eks-cluster-name': 'staging', 'eks:kubernetes-node-pool-name': 'general' };

const noticeOf = (change: Partial<Notice> = {}): Notice => ({
  kind: 'spot-interruption',
  id: 'event-1',
  ...HOME,
  source: 'aws.ec2',
  time: TIME,
  instanceId: 'i-1234567890abcdef0',
  instanceAction: 'terminate',
  ...change,
});
const lifecycleOf = (hook: string): Partial<Notice> => ({
  kind: 'terminate-lifecycle',
  source: 'aws.autoscaling',
  lifecycle: { group: 'asg', hook, token: 'token' },
});
const NAMED_HOOK = lifecycleOf('drain-before-terminate');
const healthOf = (
  kind: 'retirement' | 'maintenance',
  startsInMinutes: number,
  closed = false,
): Partial<Notice> => ({
  kind,
  source: 'aws.health',
  change: {
    arn: 'arn:event',
    code: 'AWS_EC2',
    updatedAt: TIME,
    startsAt: TIME + startsInMinutes * MINUTE,
    closed,
  },
});
const REBALANCE: Partial<Notice> = { kind: 'rebalance' };

const judge = (
  notice: Partial<Notice>,
  options: { tags?: Record<string, string>; state?: string; now?: number; config?: object } = {},
) =>
  judgeNotice(
    noticeOf(notice),
    { state: options.state ?? 'running', tags: options.tags ?? MANAGED },
    {
      clusters: ['staging', 'production'],
      config: spotDrainSchema.parse({ ...CONFIG, ...options.config }),
      now: options.now ?? TIME + 1_000,
    },
  );

describe('what a notice says about where it comes from', () => {
  const reasonOf = (change: Partial<Notice>, senders = NO_SENDERS) =>
    judgeOrigin(noticeOf(change), HOME, senders)?.decision.reason;

  it.each<[string, Partial<Notice>, string | undefined]>([
    ['lets our own pass', {}, undefined],
    ['refuses another account', { account: '444455556666' }, 'foreign-account'],
    ['refuses another region', { region: 'us-east-1' }, 'foreign-region'],
    ['refuses a spot warning from a source of somebody else', { source: 'custom.ec2' }, 'foreign-source'],
    [
      'refuses a lifecycle action that claims to be from EC2',
      { kind: 'terminate-lifecycle' },
      'foreign-source',
    ],
    [
      'refuses a Health event that EC2 claims to send',
      { ...healthOf('retirement', 1), source: 'aws.ec2' },
      'foreign-source',
    ],
    ['leaves an instance alone that starts', { kind: 'state-change', state: 'pending' }, 'not-a-departure'],
    ['lets an instance pass that runs', { kind: 'state-change', state: 'running' }, undefined],
    ['lets an instance pass that shuts down', { kind: 'state-change', state: 'shutting-down' }, undefined],
    ['lets the hook of somebody pass', lifecycleOf('mine'), undefined],
    ["ignores EKS's own hook", lifecycleOf('Terminate-LC-Hook'), 'eks-own-hook'],
    ['refuses what comes past EventBridge', { ...NAMED_HOOK, direct: {} }, 'foreign-source'],
    ['refuses what comes through a topic', { ...NAMED_HOOK, direct: { topicArn: TOPIC } }, 'foreign-source'],
  ])('%s', (_, notice, reason) => {
    expect(reasonOf(notice)).toBe(reason);
  });

  it.each<[string, NonNullable<Notice['direct']>, string | undefined]>([
    ['straight from Auto Scaling where a role is named', {}, undefined],
    ['through a topic that is named', { topicArn: TOPIC }, undefined],
    ['through another topic', { topicArn: `${TOPIC}-2` }, 'foreign-source'],
  ])('and past EventBridge, %s: %s', (_, direct, reason) => {
    const senders = { topics: [TOPIC], roles: ['arn:aws:iam::111122223333:role/asg'] } as never;
    const { region: _region, ...notice } = noticeOf({ ...NAMED_HOOK, direct });
    expect(judgeOrigin(notice, HOME, senders)?.decision.reason).toBe(reason);
  });

  it('refuses a direct message of another account, though it names no region', () => {
    const senders = { topics: [TOPIC], roles: [] } as never;
    const { region: _region, ...notice } = noticeOf({
      ...NAMED_HOOK,
      direct: { topicArn: TOPIC },
      account: '4',
    });
    expect(judgeOrigin(notice, HOME, senders)?.decision.reason).toBe('foreign-account');
  });
});

describe('what becomes of an instance', () => {
  it('that EC2 does not confirm: nothing', () => {
    const judged = judgeNotice(noticeOf(), undefined, {
      clusters: ['staging'],
      config: spotDrainSchema.parse({}),
      now: TIME,
    });
    expect(judged).toMatchObject({
      kind: 'dismiss',
      decision: { target: 'instance/i-1234567890abcdef0', action: 'none', reason: 'instance-not-confirmed' },
    });
  });

  it.each<[string, Record<string, string>]>([
    ['without a cluster', {}],
    ['of a cluster that is not configured', { 'eks:cluster-name': 'other' }],
    [
      'whose tags contradict each other',
      { 'kubernetes.io/cluster/staging': 'owned', 'kubernetes.io/cluster/production': 'owned' },
    ],
    ['whose cluster tag has another value', { 'kubernetes.io/cluster/staging': 'maybe' }],
  ])('%s: nothing', (_, tags) => {
    expect(judge({}, { tags })).toMatchObject({
      kind: 'dismiss',
      decision: { action: 'none', reason: 'foreign-instance' },
    });
  });

  it('whose cluster is not configured is told with the cluster that its tags name', () => {
    const detailOf = (tags: Record<string, string>) => {
      const judged = judge({}, { tags });
      return judged.kind === 'dismiss' ? judged.decision : undefined;
    };
    const event = { event: 'spot-interruption', eventId: 'event-1' };
    expect(detailOf({ 'eks:cluster-name': 'other' })).toStrictEqual({
      target: 'instance/i-1234567890abcdef0',
      action: 'none',
      reason: 'foreign-instance',
      detail: { ...event, namedCluster: 'other' },
    });
    expect(detailOf({})?.detail).toStrictEqual(event);
  });

  it('that is warned: drained until two minutes after the event, less the margin', () => {
    expect(judge({})).toEqual({
      kind: 'notice',
      cluster: 'staging',
      owner: 'managed',
      group: 'spot-a',
      reason: 'spot-interruption',
      isLate: false,
      recorded: {
        id: 'event-1',
        kind: 'spot-interruption',
        time: TIME,
        want: 'drain',
        deadlineAt: TIME + 110_000,
        instanceAction: 'terminate',
      },
    });
  });

  it('is not given more time by an event from the future', () => {
    expect(judge({ time: TIME + 600_000 }, { now: TIME })).toMatchObject({
      recorded: { time: TIME, deadlineAt: TIME + 110_000 },
    });
  });

  it('is not drained for a second lifecycle action of a hook that is not named', () => {
    expect(judge(lifecycleOf('somebody-elses'))).toMatchObject({
      recorded: { want: 'record' },
      reason: 'hook-not-configured',
    });
  });

  it.each<[string, Partial<Notice>, Record<string, string>, object, object, string]>([
    ['a spot warning', {}, MANAGED, {}, { want: 'drain', deadlineAt: TIME + 110_000 }, 'spot-interruption'],
    [
      'one that stops it',
      { instanceAction: 'stop' },
      MANAGED,
      {},
      { want: 'drain', instanceAction: 'stop' },
      'spot-interruption',
    ],
    [
      'one that hibernates it',
      { instanceAction: 'hibernate' },
      MANAGED,
      {},
      { want: 'cordon' },
      'hibernation-leaves-no-time',
    ],
    [
      'a named hook',
      NAMED_HOOK,
      MANAGED,
      {},
      { want: 'drain', deadlineAt: TIME + 15 * MINUTE, lifecycle: { hook: 'drain-before-terminate' } },
      'terminate-lifecycle',
    ],
    ['a rebalance', REBALANCE, MANAGED, {}, { want: 'record' }, 'rebalance-recommendation'],
    [
      'a rebalance where it is cordoned for',
      REBALANCE,
      MANAGED,
      { policy: { rebalance: { managed: 'cordon' } } },
      { want: 'cordon', expiresAt: TIME + 60 * MINUTE },
      'rebalance',
    ],
    [
      'a rebalance where it is drained for',
      REBALANCE,
      MANAGED,
      { policy: { rebalance: { managed: 'drain' } } },
      {
        want: 'drain',
        expiresAt: TIME + 60 * MINUTE,
        gates: [{ kind: 'replacement', until: TIME + 15 * MINUTE }],
      },
      'rebalance',
    ],
    [
      'a rebalance where nobody waits for a replacement',
      REBALANCE,
      MANAGED,
      { rebalanceReplacementMinutes: 0, policy: { rebalance: { managed: 'drain' } } },
      { want: 'drain', gates: [{ kind: 'time', at: TIME }] },
      'rebalance',
    ],
    [
      'a retirement in two weeks',
      healthOf('retirement', 20_160),
      MANAGED,
      {},
      {
        want: 'drain',
        deadlineAt: TIME + 20_160 * MINUTE - 10_000,
        gates: [{ kind: 'turn' }, { kind: 'time', at: TIME + 20_040 * MINUTE }],
      },
      'retirement-scheduled',
    ],
    [
      'a reboot in a day',
      healthOf('maintenance', 1_440),
      MANAGED,
      {},
      {
        want: 'drain',
        deadlineAt: TIME + 1_440 * MINUTE - 10_000,
        gates: [{ kind: 'time', at: TIME + 1_320 * MINUTE }],
      },
      'maintenance-scheduled',
    ],
    [
      'a reboot where it is cordoned for',
      healthOf('maintenance', 1_440),
      MANAGED,
      { policy: { maintenance: { managed: 'cordon' } } },
      { want: 'cordon', gates: [{ kind: 'time', at: TIME + 1_320 * MINUTE }] },
      'maintenance-scheduled',
    ],
    [
      'a reboot that is off',
      healthOf('maintenance', 1_440, true),
      MANAGED,
      {},
      { want: 'record', change: { closed: true } },
      'scheduled-change-closed',
    ],
    [
      'a warning that is to be recorded',
      {},
      MANAGED,
      { policy: { spotInterruption: { managed: 'record' } } },
      { want: 'record' },
      'policy-says-record',
    ],
    [
      "a warning for Karpenter's node",
      {},
      KARPENTER,
      {},
      { want: 'observe', deadlineAt: TIME + 110_000 },
      'left-to-karpenter',
    ],
    ["a rebalance for Karpenter's node", REBALANCE, KARPENTER, {}, { want: 'record' }, 'left-to-karpenter'],
    [
      "a reboot of Karpenter's node",
      healthOf('maintenance', 1_440),
      KARPENTER,
      {},
      { want: 'observe' },
      'left-to-karpenter',
    ],
    ["a warning for Auto Mode's node", {}, AUTO_MODE, {}, { want: 'observe' }, 'left-to-auto-mode'],
    [
      'a warning for Karpenter that we act on',
      {},
      KARPENTER,
      { policy: { spotInterruption: { karpenter: 'drain' } } },
      { want: 'drain' },
      'spot-interruption',
    ],
    [
      'a warning that is left to others',
      {},
      MANAGED,
      { policy: { spotInterruption: { managed: 'observe' } } },
      { want: 'record' },
      'left-to-others',
    ],
    [
      'a warning that is left to others, on a self-managed node',
      {},
      SELF_MANAGED,
      { policy: { spotInterruption: { selfManaged: 'observe' } } },
      { want: 'record' },
      'left-to-others',
    ],
    [
      'the policy of its cluster',
      REBALANCE,
      MANAGED,
      { clusters: { staging: { rebalanceCordonMinutes: 5, policy: { rebalance: { managed: 'cordon' } } } } },
      { want: 'cordon', expiresAt: TIME + 5 * MINUTE },
      'rebalance',
    ],
  ])('with %s', (_, notice, tags, config, recorded, reason) => {
    expect(judge(notice, { tags, config })).toMatchObject({
      kind: 'notice',
      cluster: 'staging',
      reason,
      recorded,
      isLate: false,
    });
  });

  it.each<[string, Partial<Notice>, number, object]>([
    ['a spot warning', {}, 110_000, {}],
    ['a hibernation', { instanceAction: 'hibernate' }, 110_000, {}],
    ['a lifecycle action', NAMED_HOOK, 900_000, {}],
    ['a reboot', healthOf('maintenance', 30), 30 * MINUTE - 10_000, {}],
    ['a cordon for a rebalance', REBALANCE, 60 * MINUTE, { policy: { rebalance: { managed: 'cordon' } } }],
  ])('with %s that is older than its end: recorded, not acted on', (_, notice, age, config) => {
    expect(judge(notice, { now: TIME + age - 1, config })).toMatchObject({ isLate: false });
    expect(judge(notice, { now: TIME + age, config })).toMatchObject({
      kind: 'notice',
      cluster: 'staging',
      isLate: true,
    });
  });

  it('with a retirement is never too late, as long as it runs', () => {
    expect(judge(healthOf('retirement', -60))).toMatchObject({ recorded: { want: 'drain' }, isLate: false });
  });

  it.each(['shutting-down', 'terminated'])('that is %s already: nothing', (state) => {
    expect(judge({}, { state })).toMatchObject({
      kind: 'dismiss',
      decision: { reason: `instance-${state}` },
    });
  });

  it.each(['running', 'stopping', 'stopped', 'shutting-down', 'terminated'])(
    'that changes to %s: its record knows',
    (state) => {
      expect(judge({ kind: 'state-change', state })).toEqual({
        kind: 'state',
        cluster: 'staging',
        reason: `instance-${state}`,
        recorded: { id: 'event-1', kind: 'state-change', time: TIME, want: 'record', state },
      });
    },
  );

  it.each([
    ['running', 'wait'],
    ['pending', 'wait'],
    ['shutting-down', 'gone'],
    ['terminated', 'gone'],
  ])('that is %s and has no node: %s', (state, answer) => {
    expect(judgeMissingNode(state)).toBe(answer);
  });
});

describe('tags', () => {
  it.each<[Record<string, string>, string | undefined, string, string | undefined]>([
    [MANAGED, 'staging', 'managed', 'spot-a'],
    [{ 'kubernetes.io/cluster/dev': 'owned', 'aws:autoscaling:groupName': 'g' }, 'dev', 'self-managed', 'g'],
    [{ 'kubernetes.io/cluster/dev': 'shared' }, 'dev', 'self-managed', undefined],
    [
      { 'eks:eks-cluster-name': 'dev', 'kubernetes.io/cluster/dev': 'owned', 'karpenter.sh/nodepool': 'x' },
      'dev',
      'karpenter',
      'x',
    ],
    [
      { 'kubernetes.io/cluster/dev': 'owned', 'karpenter.sh/provisioner-name': 'x' },
      'dev',
      'karpenter',
      undefined,
    ],
    [AUTO_MODE, 'staging', 'auto-mode', 'general'],
    [
      { 'eks:eks-cluster-name': 'dev', 'eks:kubernetes-node-class-name': 'default' },
      'dev',
      'auto-mode',
      undefined,
    ],
    [{ ...MANAGED, 'aws:autoscaling:groupName': 'eks-spot-a-1' }, 'staging', 'managed', 'spot-a'],
    [{ ...MANAGED, 'aws:eks:cluster-name': 'staging' }, 'staging', 'managed', 'spot-a'],
    [{ ...MANAGED, 'aws:eks:cluster-name': 'another' }, undefined, 'managed', 'spot-a'],
    [{ ...KARPENTER, 'eks:cluster-name': 'another' }, undefined, 'karpenter', 'default'],
    [{}, undefined, 'self-managed', undefined],
  ])('%j name cluster %s, owner %s and group %s', (tags, cluster, owner, group) => {
    expect([clusterOf(tags), ownerOf(tags), groupOf(tags)]).toEqual([cluster, owner, group]);
  });
});
