import { describe, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import fc from 'fast-check';
import { decideCleanup } from '../../../../../functions/pod-cleanup/decide/decide.ts';
import { failedAt } from '../../../../../functions/pod-cleanup/decide/failure.ts';
import type { FailedPodOptions } from '../../../../fixtures/failed-pod.ts';
import { failedPod } from '../../../../fixtures/failed-pod.ts';

const NOW = Date.parse('2026-11-19T22:00:00Z');
const OLD = '2026-11-19T21:00:00Z';
const terminated: FailedPodOptions = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
  finishedAt: [OLD],
};
const pod = (options: FailedPodOptions): V1Pod => failedPod(options) as V1Pod;
const decide = (pods: readonly V1Pod[], settings: { minimumAgeMinutes?: number; budgetLeft?: number } = {}) =>
  decideCleanup(pods, {
    cluster: 'staging',
    config: { minimumAgeMinutes: settings.minimumAgeMinutes ?? 10 },
    now: NOW,
    budgetLeft: settings.budgetLeft ?? 100,
  }).decisions;
const only = (options: FailedPodOptions, minimumAgeMinutes = 10) => {
  const [decision] = decide([pod(options)], { minimumAgeMinutes });
  return [decision?.action, decision?.reason];
};

describe('a pod that a shutdown left behind is deleted', () => {
  it.each<[string, FailedPodOptions, string]>([
    [
      'reason Shutdown of Kubernetes 1.20',
      { reason: 'Shutdown', message: 'Node is shutting, evicting pods', finishedAt: [OLD] },
      'shutdown',
    ],
    ['reason Terminated', terminated, 'terminated'],
    [
      'reason NodeShutdown, refused before any container ran',
      { reason: 'NodeShutdown', startTime: OLD },
      'node-shutdown',
    ],
    [
      'condition TerminationByKubelet with a shutdown message in the status',
      {
        message: 'Pod was terminated in response to imminent node shutdown.',
        disruption: { reason: 'TerminationByKubelet' },
      },
      'terminated-by-kubelet',
    ],
    [
      'condition TerminationByKubelet with a shutdown message of its own',
      {
        disruption: {
          reason: 'TerminationByKubelet',
          message: 'Pod was terminated in response to imminent node shutdown.',
        },
      },
      'terminated-by-kubelet',
    ],
    [
      'owned by a ReplicaSet',
      { ...terminated, owner: { kind: 'ReplicaSet', name: 'cart-7d9' } },
      'terminated',
    ],
    ['owned by nobody', terminated, 'terminated'],
    ['failed exactly ten minutes ago', { ...terminated, finishedAt: ['2026-11-19T21:50:00Z'] }, 'terminated'],
  ])('%s', (_name, options, reason) => {
    expect(only(options)).toEqual(['delete', reason]);
  });
});

describe('everything else is kept, and says why', () => {
  it.each<[string, FailedPodOptions, string]>([
    [
      'evicted under node pressure',
      {
        reason: 'Evicted',
        disruption: { reason: 'TerminationByKubelet', message: 'The node was low on resource: memory.' },
      },
      'not-a-shutdown',
    ],
    [
      'preempted for a critical pod',
      {
        reason: 'Preempting',
        disruption: { reason: 'TerminationByKubelet', message: 'Preempted in order to admit critical pod' },
      },
      'not-a-shutdown',
    ],
    ['a container that crashed', { finishedAt: [OLD] }, 'not-a-shutdown'],
    [
      'a shutdown message without reason or condition',
      { message: 'imminent node shutdown', finishedAt: [OLD] },
      'not-a-shutdown',
    ],
    ['a pod of a Job', { ...terminated, owner: { kind: 'Job', name: 'nightly-28' } }, 'job-pod'],
    ['on its way out already', { ...terminated, deletionTimestamp: OLD }, 'being-deleted'],
    [
      'failed nine minutes and 59 seconds ago',
      { ...terminated, finishedAt: ['2026-11-19T21:50:01Z'] },
      'too-young',
    ],
    [
      'one container ended just now',
      { ...terminated, finishedAt: [OLD, '2026-11-19T21:59:00Z'] },
      'too-young',
    ],
    [
      'the condition turned just now',
      { ...terminated, disruption: { reason: 'TerminationByKubelet', since: '2026-11-19T21:59:00Z' } },
      'too-young',
    ],
    [
      'created long ago, but nobody knows when it failed',
      { reason: 'Terminated', startTime: OLD },
      'failure-time-unknown',
    ],
    ['without a UID', { ...terminated, uid: '' }, 'incomplete-object'],
    ['without a resourceVersion', { ...terminated, resourceVersion: '' }, 'incomplete-object'],
  ])('%s', (_name, options, reason) => {
    expect(only(options)).toEqual(['none', reason]);
  });

  it('asks for no age, known or not, where the minimum is 0', () => {
    expect(only({ reason: 'Terminated' }, 0)).toEqual(['delete', 'terminated']);
  });
});

describe('the decision carries what apply and people need', () => {
  it('names identity, owner, reason and time of failure', () => {
    expect(decide([pod({ ...terminated, owner: { kind: 'StatefulSet', name: 'cart' } })])).toEqual([
      {
        cluster: 'staging',
        target: 'pod/shop/cart-0',
        action: 'delete',
        reason: 'terminated',
        detail: { podReason: 'Terminated', owner: 'StatefulSet/cart', failedAt: '2026-11-19T21:00:00.000Z' },
        pod: { namespace: 'shop', name: 'cart-0', uid: 'uid-cart-0', resourceVersion: '41' },
      },
    ]);
  });

  it('never takes the creation time for the time of failure', () => {
    expect(failedAt(pod({ reason: 'Terminated' }))).toBeUndefined();
  });
});

describe('the budget of a run', () => {
  it('keeps the pods beyond it with their reason, and counts only deletes', () => {
    const page = [
      pod({ ...terminated, name: 'a' }),
      pod({ ...terminated, name: 'job', owner: { kind: 'Job', name: 'j' } }),
      pod({ ...terminated, name: 'b' }),
      pod({ ...terminated, name: 'c' }),
    ];
    const decisions = decide(page, { budgetLeft: 2 });
    expect(decisions.map(({ target, reason }) => [target, reason])).toEqual([
      ['pod/shop/a', 'terminated'],
      ['pod/shop/job', 'job-pod'],
      ['pod/shop/b', 'terminated'],
      ['pod/shop/c', 'run-budget-used'],
    ]);
    expect(decisions[3]).not.toHaveProperty('pod');
  });

  it('holds for any page and budget: one decision a pod, in order, never more deletes than are left', () => {
    const anyPod = fc.record({
      reason: fc.constantFrom('Terminated', 'NodeShutdown', 'Evicted'),
      owner: fc.constantFrom({ kind: 'Job', name: 'j' }, { kind: 'ReplicaSet', name: 'r' }),
      finishedAt: fc.constantFrom([OLD], ['2026-11-19T21:58:00Z']),
    });
    fc.assert(
      fc.property(fc.array(anyPod, { maxLength: 30 }), fc.nat(30), (options, budgetLeft) => {
        const page = options.map((each, index) => pod({ ...each, name: `p${index}` }));
        const decisions = decide(page, { budgetLeft });
        expect(decisions.map(({ target }) => target)).toEqual(page.map((_, index) => `pod/shop/p${index}`));
        const unlimited = decide(page, { budgetLeft: 1_000 }).filter(
          ({ action }) => action === 'delete',
        ).length;
        expect(decisions.filter(({ action }) => action === 'delete')).toHaveLength(
          Math.min(budgetLeft, unlimited),
        );
      }),
    );
  });
});
