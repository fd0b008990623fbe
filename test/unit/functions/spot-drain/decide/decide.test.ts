import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../../functions/spot-drain/config.ts';
import {
  judgeMissingNode,
  judgeNotice,
  judgeOrigin,
} from '../../../../../functions/spot-drain/decide/decide.ts';
import type { Notice } from '../../../../../functions/spot-drain/decide/notice.ts';
import { clusterOf, ownerOf } from '../../../../../functions/spot-drain/decide/owner.ts';

const TIME = Date.parse('2026-11-20T03:12:00Z');
const HOME = { account: '111122223333', region: 'eu-central-1' };
const CONFIG = spotDrainSchema.parse({ lifecycleHooks: ['drain-before-terminate'] });
const MANAGED = { 'eks:cluster-name': 'staging', 'eks:nodegroup-name': 'spot-a' };

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

const judge = (
  notice: Partial<Notice>,
  options: { tags?: Record<string, string>; state?: string; now?: number } = {},
) =>
  judgeNotice(
    noticeOf(notice),
    { state: options.state ?? 'running', tags: options.tags ?? MANAGED },
    { clusters: ['staging', 'production'], config: CONFIG, now: options.now ?? TIME + 1_000 },
  );

describe('what a notice says about where it comes from', () => {
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
    ['leaves an instance alone that starts', { kind: 'state-change', state: 'pending' }, 'not-a-departure'],
    ['leaves an instance alone that runs', { kind: 'state-change', state: 'running' }, 'not-a-departure'],
    ['lets an instance pass that shuts down', { kind: 'state-change', state: 'shutting-down' }, undefined],
  ])('%s', (_, notice, reason) => {
    const judged = judgeOrigin(noticeOf(notice), HOME);
    expect(judged?.kind === 'dismiss' ? judged.decision.reason : judged?.kind).toBe(reason);
  });
});

describe('what becomes of an instance', () => {
  it('that EC2 does not confirm: nothing', () => {
    const judged = judgeNotice(noticeOf(), undefined, { clusters: ['staging'], config: CONFIG, now: TIME });
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

  it('that is warned: drained until two minutes after the event, less the margin', () => {
    expect(judge({})).toEqual({
      kind: 'drain',
      cluster: 'staging',
      owner: 'managed',
      noticedAt: TIME,
      deadlineAt: TIME + 110_000,
    });
  });

  it('is not given more time by an event from the future', () => {
    expect(judge({ time: TIME + 600_000 }, { now: TIME })).toMatchObject({
      noticedAt: TIME,
      deadlineAt: TIME + 110_000,
    });
  });

  it('that a named hook holds: drained for 15 minutes at most', () => {
    expect(judge(lifecycleOf('drain-before-terminate'))).toMatchObject({
      kind: 'drain',
      deadlineAt: TIME + 900_000,
      lifecycle: { hook: 'drain-before-terminate' },
    });
  });

  it.each<[string, Partial<Notice>, Record<string, string>, string]>([
    ['a rebalance recommendation', { kind: 'rebalance' }, MANAGED, 'rebalance-recommendation'],
    ['a hibernation', { instanceAction: 'hibernate' }, MANAGED, 'hibernation-leaves-no-time'],
    ['a hook that is not named', lifecycleOf('Terminate-LC-Hook'), MANAGED, 'hook-not-configured'],
    [
      "Karpenter's instance",
      {},
      { 'eks:eks-cluster-name': 'staging', 'karpenter.sh/nodepool': 'default' },
      'left-to-karpenter',
    ],
    [
      "Auto Mode's instance",
      {},
      { 'eks:eks-cluster-name': 'staging', 'eks:kubernetes-node-pool-name': 'general' },
      'left-to-auto-mode',
    ],
  ])('with %s: only recorded', (_, notice, tags, reason) => {
    expect(judge(notice, { tags })).toMatchObject({ kind: 'record', cluster: 'staging', reason });
  });

  it.each<[string, Partial<Notice>, number]>([
    ['a spot warning', {}, 110_000],
    ['a lifecycle action', lifecycleOf('drain-before-terminate'), 900_000],
  ])('with %s that is older than its deadline: nothing', (_, notice, age) => {
    expect(judge(notice, { now: TIME + age - 1 })).toMatchObject({ kind: 'drain' });
    expect(judge(notice, { now: TIME + age })).toMatchObject({
      kind: 'dismiss',
      decision: { cluster: 'staging', action: 'none', reason: 'late-event' },
    });
  });

  it.each(['shutting-down', 'terminated'])('that is %s already: nothing', (state) => {
    expect(judge({}, { state })).toMatchObject({
      kind: 'dismiss',
      decision: { reason: `instance-${state}` },
    });
  });

  it.each(['stopping', 'stopped', 'shutting-down', 'terminated'])(
    'that changes to %s: its record is closed',
    (state) => {
      expect(judge({ kind: 'state-change', state })).toEqual({
        kind: 'close',
        cluster: 'staging',
        reason: `instance-${state}`,
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
  it.each<[Record<string, string>, string | undefined, string]>([
    [MANAGED, 'staging', 'managed'],
    [{ 'kubernetes.io/cluster/dev': 'owned', 'aws:autoscaling:groupName': 'g' }, 'dev', 'self-managed'],
    [{ 'kubernetes.io/cluster/dev': 'shared' }, 'dev', 'self-managed'],
    [
      { 'eks:eks-cluster-name': 'dev', 'kubernetes.io/cluster/dev': 'owned', 'karpenter.sh/nodepool': 'x' },
      'dev',
      'karpenter',
    ],
    [{ 'eks:eks-cluster-name': 'dev', 'eks:kubernetes-node-class-name': 'default' }, 'dev', 'auto-mode'],
    [{}, undefined, 'self-managed'],
  ])('%j name cluster %s and owner %s', (tags, cluster, owner) => {
    expect([clusterOf(tags), ownerOf(tags)]).toEqual([cluster, owner]);
  });
});
