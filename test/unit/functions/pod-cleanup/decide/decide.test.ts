import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Limits } from '../../../../../functions/pod-cleanup/decide/decide.ts';
import { decideCleanup } from '../../../../../functions/pod-cleanup/decide/decide.ts';
import { createNewestPods } from '../../../../../functions/pod-cleanup/decide/newest.ts';
import { essenceOf } from '../../../../../functions/pod-cleanup/decide/pod.ts';
import type { FailedPodOptions } from '../../../../fixtures/failed-pod.ts';
import { inputOf, limitsOf, NOW, OLD, podOf, terminated } from '../support.ts';

const decide = (
  pods: readonly FailedPodOptions[],
  { keys = {}, limits = {}, input = {} }: { keys?: object; limits?: Partial<Limits>; input?: object } = {},
) => decideCleanup(pods.map(podOf), inputOf(keys, input), limitsOf(limits)).decisions;

const only = (options: FailedPodOptions, keys: object = {}, input: object = {}) => {
  const [decision] = decide([options], { keys, input });
  return `${decision?.action}: ${decision?.reason}`;
};

const tracked = ['batch.kubernetes.io/job-tracking'];
const jobPod: FailedPodOptions = { ...terminated, owner: { kind: 'Job', name: 'nightly-28' } };

describe('each pod has one answer, and the first rule that keeps it names it', () => {
  it.each<[string, FailedPodOptions, string]>([
    ['left behind by a shutdown', terminated, 'delete: terminated'],
    [
      'owned by a ReplicaSet',
      { ...terminated, owner: { kind: 'ReplicaSet', name: 'cart' } },
      'delete: terminated',
    ],
    ['without a UID', { ...terminated, uid: '' }, 'none: incomplete-object'],
    ['without a resourceVersion', { ...terminated, resourceVersion: '' }, 'none: incomplete-object'],
    ['on its way out already', { ...terminated, deletionTimestamp: OLD }, 'none: being-deleted'],
    ['failed of something else', { exitCodes: [1] }, 'none: not-a-shutdown'],
    ['of a Job', jobPod, 'none: job-pod'],
    ['not counted by its Job', { ...jobPod, finalizers: tracked }, 'none: job-not-counted-yet'],
    ['failed just now', { ...terminated, finishedAt: ['2026-11-19T21:50:01Z'] }, 'none: too-young'],
    ['failed nobody knows when', { reason: 'Terminated' }, 'none: failure-time-unknown'],
    [
      'opted out',
      { ...terminated, annotations: { 'eks-caretaker/keep-failed-pods': 'true' } },
      'none: pod-opted-out',
    ],
    ['of a Job that failed of something else', { ...jobPod, reason: 'Evicted' }, 'none: not-a-shutdown'],
  ])('%s', (_name, options, expected) => {
    expect(only(options)).toBe(expected);
  });

  it.each<[string, FailedPodOptions, string]>([
    ['of a Job', jobPod, 'delete: terminated'],
    ['of a Job that has not counted it', { ...jobPod, finalizers: tracked }, 'none: job-not-counted-yet'],
    [
      'that failed this second',
      { ...terminated, finishedAt: ['2026-11-19T22:00:00Z'] },
      'delete: terminated',
    ],
    ['that failed nobody knows when', { reason: 'Terminated' }, 'delete: terminated'],
    ['that is on its way out', { ...terminated, deletionTimestamp: OLD }, 'none: being-deleted'],
    ['evicted', { ...terminated, reason: 'Evicted' }, 'none: not-a-shutdown'],
    [
      'with nothing but the condition',
      { message: 'imminent node shutdown', disruption: { reason: 'TerminationByKubelet' } },
      'none: not-a-shutdown',
    ],
  ])('the shell loop meets a pod %s', (_name, options, expected) => {
    expect(only(options, { preset: 'shell-loop' })).toBe(expected);
  });

  const completed: FailedPodOptions = {
    phase: 'Succeeded',
    reason: 'Terminated',
    exitCodes: [0],
    finishedAt: [OLD],
    owner: { kind: 'ReplicaSet', name: 'cart', uid: 'u' },
  };

  it.each([
    [{ wants: 1 }, completed, 'delete: succeeded-in-shutdown'],
    [{ wants: 0 }, completed, 'none: owner-wants-no-pod'],
    ['gone', completed, 'none: owner-gone'],
    [undefined, completed, 'none: owner-not-asked'],
    [{ wants: 1 }, { ...completed, finishedAt: ['2026-11-19T21:59:00Z'] }, 'none: too-young'],
    [{ wants: 1 }, { ...completed, reason: '' }, 'none: not-a-shutdown'],
  ])('an owner %j of a pod that a shutdown ended well', (state, pod, expected) => {
    expect(only(pod as FailedPodOptions, { deleteSucceededPods: true }, { ownerState: () => state })).toBe(
      expected,
    );
  });
});

describe('the decision carries what apply and people need', () => {
  it('names identity, owner, reason and time of failure', () => {
    expect(decide([{ ...terminated, owner: { kind: 'StatefulSet', name: 'cart' } }])).toEqual([
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

  it('has no identity where nothing may be deleted', () => {
    expect(decide([jobPod])[0]).not.toHaveProperty('pod');
  });
});

describe('the limits of a run', () => {
  const three = ['a', 'b', 'c'].map((name) => ({ ...terminated, name }));
  const saidOf = (limits: Partial<Limits>) =>
    decide(three, { limits }).map(({ target, reason }) => `${target.slice(-1)} ${reason}`);

  it('keep the pods beyond the budget, and say so', () => {
    expect(saidOf({ budget: 2 })).toEqual(['a terminated', 'b terminated', 'c run-budget-used']);
  });

  it('keep what is beyond the share of a namespace', () => {
    expect(saidOf({ allowedIn: () => 1 })).toEqual([
      'a terminated',
      'b namespace-share-exceeded',
      'c namespace-share-exceeded',
    ]);
  });

  it('keep a namespace that nobody counted', () => {
    expect(saidOf({ allowedIn: () => undefined })).toEqual([
      'a namespace-not-counted-yet',
      'b namespace-not-counted-yet',
      'c namespace-not-counted-yet',
    ]);
  });

  it('keep the newest of an owner, which costs no budget', () => {
    const owner = { kind: 'ReplicaSet', name: 'cart' };
    const pods = ['a', 'b', 'c'].map((name, index) => ({
      ...terminated,
      name,
      owner,
      finishedAt: [`2026-11-19T20:0${index}:00Z`],
    }));
    const newest = createNewestPods(1);
    for (const [index, pod] of pods.entries())
      newest.add(podOf(pod), Date.parse(`2026-11-19T20:0${index}:00Z`));
    const said = decide(pods, { limits: { newest, budget: 1 } }).map(({ reason }) => reason);
    expect(said).toEqual(['terminated', 'run-budget-used', 'newest-of-owner']);
  });
});

describe('laws of any page, configuration and limits', () => {
  const anyPod: fc.Arbitrary<FailedPodOptions> = fc.record(
    {
      namespace: fc.constantFrom('shop', 'web', 'kube-system'),
      reason: fc.constantFrom('Terminated', 'NodeShutdown', 'Evicted', 'OutOfcpu', 'Shutdown'),
      owner: fc.constantFrom({ kind: 'Job', name: 'j' }, { kind: 'ReplicaSet', name: 'r' }),
      finishedAt: fc.constantFrom([OLD], ['2026-11-19T21:58:00Z']),
      finalizers: fc.constantFrom(tracked, ['example.com/other']),
      deletionTimestamp: fc.constant(OLD),
      annotations: fc.constantFrom({ 'eks-caretaker/keep-failed-pods': 'true' }, { a: 'b' }),
    },
    { requiredKeys: ['namespace', 'reason'] },
  );
  const anyKeys = fc.record(
    {
      preset: fc.constantFrom('careful', 'shell-loop'),
      minimumAgeMinutes: fc.constantFrom(0, 5, 120),
      deleteJobPods: fc.boolean(),
      reasons: fc.constantFrom(['Terminated'], ['Evicted', 'OutOfcpu']),
      namespaces: fc.constant({ include: [], exclude: ['kube-*'] }),
    },
    { requiredKeys: [] },
  );
  const named = (options: readonly FailedPodOptions[]) =>
    options.map((each, index) => ({ ...each, name: `p${index}` }));

  it('there is one decision a pod, in order, and never more deletes than the limits leave', () => {
    fc.assert(
      fc.property(
        fc.array(anyPod, { maxLength: 30 }),
        anyKeys,
        fc.nat(10),
        fc.nat(5),
        (options, keys, budget, share) => {
          const pods = named(options);
          const decisions = decide(pods, { keys, limits: { budget, allowedIn: () => share } });
          expect(decisions.map(({ target }) => target)).toEqual(
            pods.map(({ namespace, name }) => `pod/${namespace}/${name}`),
          );
          const deletes = decisions.filter(({ action }) => action === 'delete');
          expect(deletes.length).toBeLessThanOrEqual(budget);
          for (const namespace of ['shop', 'web', 'kube-system']) {
            const here = deletes.filter(({ target }) => target.startsWith(`pod/${namespace}/`));
            expect(here.length).toBeLessThanOrEqual(share);
          }
        },
      ),
    );
  });

  it('what is left of a pod in memory is all that matters', () => {
    fc.assert(
      fc.property(fc.array(anyPod, { maxLength: 30 }), anyKeys, (options, keys) => {
        const pods = named(options).map(podOf);
        const input = inputOf({ ...keys, exitCodes: [137] });
        const whole = decideCleanup(pods, input, limitsOf());
        expect(decideCleanup(pods.map(essenceOf), input, limitsOf())).toEqual(whole);
      }),
    );
  });

  it('no guard is ever broken: nothing being deleted, not counted by its Job or opted out goes', () => {
    fc.assert(
      fc.property(fc.array(anyPod, { maxLength: 30 }), anyKeys, (options, keys) => {
        const pods = named(options);
        for (const [index, { action }] of decide(pods, { keys }).entries()) {
          const pod = pods[index];
          if (action !== 'delete') continue;
          expect(pod?.deletionTimestamp).toBeUndefined();
          expect(pod?.finalizers ?? []).not.toContain(tracked[0]);
          expect(pod?.annotations?.['eks-caretaker/keep-failed-pods']).toBeUndefined();
        }
      }),
    );
  });

  it('tighter limits only take deletes away, and the same page gives the same plan', () => {
    fc.assert(
      fc.property(fc.array(anyPod, { maxLength: 30 }), anyKeys, fc.nat(30), (options, keys, budget) => {
        const pods = named(options);
        const deleted = (more: object) =>
          decide(pods, { keys, ...more }).flatMap(({ action, target }) =>
            action === 'delete' ? [target] : [],
          );
        const all = deleted({});
        expect(deleted({ limits: { budget } })).toEqual(all.slice(0, budget));
        expect(deleted({})).toEqual(all);
        // Waiting makes no pod that could go unfit for it.
        expect(deleted({ input: { now: NOW + 3_600_000 } })).toEqual(expect.arrayContaining(all));
      }),
    );
  });
});
