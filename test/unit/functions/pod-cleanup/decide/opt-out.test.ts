import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jobReason } from '../../../../../functions/pod-cleanup/decide/job.ts';
import { labelSelectorProblem } from '../../../../../functions/pod-cleanup/decide/label-selector.ts';
import { optOutOf } from '../../../../../functions/pod-cleanup/decide/opt-out.ts';
import { KEEP_ANNOTATION } from '../../../../../functions/pod-cleanup/decide/pod.ts';
import type { FailedPodOptions } from '../../../../fixtures/failed-pod.ts';
import { podOf, sectionOf } from '../support.ts';

const optOut = (pod: FailedPodOptions, keys: object = {}, optedOut: readonly string[] = []) =>
  optOutOf(podOf(pod), sectionOf(keys), new Set(optedOut));

describe('people who want a pod to be left alone', () => {
  it.each<[string, object, string | undefined]>([
    ['shop', {}, undefined],
    ['shop', { include: ['shop'] }, undefined],
    ['shop', { include: ['web', 'sh*'] }, undefined],
    ['shop', { include: ['web'] }, 'namespace-excluded'],
    ['shop', { include: ['sho'] }, 'namespace-excluded'],
    ['shop', { exclude: ['shop'] }, 'namespace-excluded'],
    ['kube-system', { exclude: ['kube-*'] }, 'namespace-excluded'],
    ['my-kube-x', { exclude: ['kube-*'] }, undefined],
    ['team-a', { include: ['team-*'], exclude: ['team-a'] }, 'namespace-excluded'],
    ['team-b', { include: ['team-*'], exclude: ['team-a'] }, undefined],
    ['anything', { include: ['*'] }, undefined],
    ['team-a-dev-1', { include: ['team-*-dev-*'] }, undefined],
    ['team-a-prod-1', { include: ['team-*-dev-*'] }, 'namespace-excluded'],
    ['ab', { include: ['ab*ba'] }, 'namespace-excluded'],
    ['aba', { include: ['ab*ba'] }, 'namespace-excluded'],
    ['abba', { include: ['ab*ba'] }, undefined],
    ['shop', { include: ['**s**p**'] }, undefined],
    ['a-a', { include: ['a*a*a'] }, 'namespace-excluded'],
  ])('namespace %s with %j: %s', (namespace, namespaces, expected) => {
    expect(optOut({ namespace }, { namespaces })).toBe(expected);
  });

  it('a pattern without * is a name, and nothing but a name', () => {
    const rules = {
      namespaces: { include: [], exclude: ['sho.', '[a-z]+'] },
      ownerKinds: { include: [], exclude: [] },
    };
    expect(optOutOf(podOf({ namespace: 'shop' }), rules, new Set())).toBeUndefined();
  });

  it('patterns mean what they would as regular expressions, however many stars they have', () => {
    const text = (stars: boolean) =>
      fc.string({ unit: fc.constantFrom('a', 'b', ...(stars ? ['*'] : [])), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(text(true), text(false), (pattern, namespace) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(namespace);
        const answer = optOut({ namespace }, { namespaces: { include: [pattern] } });
        expect(answer === undefined).toBe(expected);
      }),
    );
    const worst = { include: [`${'*a'.repeat(31)}b`] };
    expect(optOut({ namespace: 'a'.repeat(63) }, { namespaces: worst })).toBe('namespace-excluded');
  });

  it.each<[string | undefined, object, string | undefined]>([
    ['StatefulSet', { exclude: ['StatefulSet'] }, 'owner-kind-excluded'],
    ['ReplicaSet', { exclude: ['StatefulSet'] }, undefined],
    ['ReplicaSet', { include: ['StatefulSet'] }, 'owner-kind-excluded'],
    ['StatefulSet', { include: ['StatefulSet'] }, undefined],
    [undefined, { exclude: ['none'] }, 'owner-kind-excluded'],
    [undefined, { include: ['ReplicaSet'] }, 'owner-kind-excluded'],
    [undefined, { include: ['ReplicaSet', 'none'] }, undefined],
    [undefined, {}, undefined],
  ])('owner %s with %j: %s', (kind, ownerKinds, expected) => {
    const owner = kind === undefined ? {} : { owner: { kind, name: 'cart' } };
    expect(optOut(owner, { ownerKinds })).toBe(expected);
  });

  it.each([
    ['true', 'pod-opted-out'],
    ['yes', 'pod-opted-out'],
    ['', 'pod-opted-out'],
    ['false', undefined],
  ])('the annotation with %j: %s', (value, expected) => {
    expect(optOut({ annotations: { [KEEP_ANNOTATION]: value } })).toBe(expected);
  });

  it('namespaces with the annotation', () => {
    expect(optOut({ namespace: 'shop' }, {}, ['shop'])).toBe('namespace-opted-out');
    expect(optOut({ namespace: 'web' }, {}, ['shop'])).toBeUndefined();
  });
});

describe('pods of Jobs', () => {
  const job: FailedPodOptions = { owner: { kind: 'Job', name: 'nightly' } };
  const tracked: FailedPodOptions = { ...job, finalizers: ['batch.kubernetes.io/job-tracking'] };

  it.each<[string, FailedPodOptions, boolean, string | undefined]>([
    ['are left alone', job, false, 'job-pod'],
    ['go where that is asked for', job, true, undefined],
    ['never go before their Job has counted them', tracked, true, 'job-not-counted-yet'],
    ['are left alone for that reason first', tracked, false, 'job-not-counted-yet'],
    ['are those of Jobs', { owner: { kind: 'ReplicaSet', name: 'cart' } }, false, undefined],
  ])('%s', (_name, pod, deleteJobPods, expected) => {
    expect(jobReason(podOf(pod), { deleteJobPods })).toBe(expected);
  });
});

describe('a label selector', () => {
  it.each([
    'app',
    '!app',
    'app=cart',
    'app==cart,tier!=web',
    'app=',
    'team notin (payments, billing),tier in (web)',
    'eks.amazonaws.com/nodegroup = spot , !example.com/keep',
  ])('%j is one', (text) => {
    expect(labelSelectorProblem(text)).toBeUndefined();
  });

  it.each(['', ',', 'app=cart,', 'app in web', 'app in ()x', '=x', 'a b', '-app', 'app=ca rt', 'app=cart;x'])(
    '%j is none',
    (text) => {
      expect(labelSelectorProblem(text)).toContain('a label selector such as');
    },
  );
});
