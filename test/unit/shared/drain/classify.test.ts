import { describe, expect, it } from '@jest/globals';
import { classify, previewDrain, UNSCHEDULABLE_TAINT } from '../../../../shared/drain/classify.ts';
import type { PodOptions } from '../../../fixtures/pods.ts';
import { podOf } from '../../../fixtures/pods.ts';

const TAINTS = [UNSCHEDULABLE_TAINT, 'eks-caretaker/spot-interruption'];
const deletionTimestamp = '2026-11-20T03:12:00Z';

describe('what a drain does with a pod', () => {
  it.each<[string, Partial<PodOptions>, string, string]>([
    ['evicts a running pod', {}, 'evict', 'movable'],
    ['evicts a pod that has not started', { phase: 'Pending' }, 'evict', 'movable'],
    ['evicts a pod of a ReplicaSet', { owner: 'ReplicaSet' }, 'evict', 'movable'],
    ['leaves a succeeded pod alone', { phase: 'Succeeded' }, 'skip', 'finished'],
    ['leaves a failed pod alone', { phase: 'Failed' }, 'skip', 'finished'],
    [
      'leaves a failed pod alone that is being deleted',
      { phase: 'Failed', deletionTimestamp },
      'skip',
      'finished',
    ],
    ['leaves a DaemonSet pod alone', { owner: 'DaemonSet' }, 'skip', 'daemonset-pod'],
    [
      'does not wait for a DaemonSet pod that ends',
      { owner: 'DaemonSet', deletionTimestamp },
      'skip',
      'daemonset-pod',
    ],
    [
      'leaves a mirror pod alone',
      { annotations: { 'kubernetes.io/config.mirror': 'x' } },
      'skip',
      'mirror-pod',
    ],
    ['waits for a pod whose deletion has begun', { deletionTimestamp }, 'wait', 'terminating'],
    [
      'leaves a pod alone that tolerates everything',
      { tolerations: [{ operator: 'Exists' }] },
      'skip',
      'tolerates-taint',
    ],
    [
      'leaves a pod alone that tolerates each taint by key',
      { tolerations: TAINTS.map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' })) },
      'skip',
      'tolerates-taint',
    ],
    [
      'takes an Equal toleration without a value as one of an empty value',
      { tolerations: TAINTS.map((key) => ({ key })) },
      'skip',
      'tolerates-taint',
    ],
    [
      'evicts a pod that tolerates only one of the taints',
      { tolerations: [{ key: UNSCHEDULABLE_TAINT, operator: 'Exists' }] },
      'evict',
      'movable',
    ],
    [
      'evicts a pod that tolerates another effect',
      { tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] },
      'evict',
      'movable',
    ],
    [
      'evicts a pod that tolerates another value',
      { tolerations: TAINTS.map((key) => ({ key, value: 'x' })) },
      'evict',
      'movable',
    ],
  ])('%s', (_, pod, kind, reason) => {
    expect(classify(podOf({ name: 'a', ...pod }), { taintKeys: TAINTS })).toEqual({ kind, reason });
  });

  it.each<[string, NonNullable<PodOptions['tolerations']>, boolean]>([
    ['by key', [{ key: 'a', operator: 'Exists' }], true],
    ['by another key', [{ key: 'b', operator: 'Exists' }], false],
    ['by any key', [{ operator: 'Exists' }], true],
    ['by key and the empty value', [{ key: 'a', operator: 'Equal', value: '' }], true],
    ['by another key and the empty value', [{ key: 'b', operator: 'Equal', value: '' }], false],
    ['by no key and no operator', [{}], false],
    ['by key, for NoSchedule', [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }], true],
    ['by key, for NoExecute alone', [{ key: 'a', operator: 'Exists', effect: 'NoExecute' }], false],
    ['by one of several', [{ key: 'b' }, { key: 'a' }], true],
    ['by none', [], false],
  ])('one taint is tolerated %s: %j: %s', (_, tolerations, tolerated) => {
    const { reason } = classify(podOf({ name: 'p', tolerations }), { taintKeys: ['a'] });
    expect(reason).toBe(tolerated ? 'tolerates-taint' : 'movable');
  });

  it('evicts a pod of a DaemonSet that does not control it', () => {
    const pod = podOf({ name: 'a', owner: 'DaemonSet' });
    const ownerReferences = (pod.metadata?.ownerReferences ?? []).map((owner) => ({
      ...owner,
      controller: false,
    }));
    expect(classify({ ...pod, metadata: { ...pod.metadata, ownerReferences } }, { taintKeys: [] })).toEqual({
      kind: 'evict',
      reason: 'movable',
    });
  });

  it('evicts a pod of which nothing is known', () => {
    expect(previewDrain([{}], { taintKeys: TAINTS })).toEqual({ evict: ['/'], wait: [], skip: [] });
  });

  it('evicts a tolerating pod where there is no taint to come back past', () => {
    const pod = podOf({ name: 'a', tolerations: [{ operator: 'Exists' }] });
    expect(classify(pod, { taintKeys: [] })).toEqual({ kind: 'evict', reason: 'movable' });
  });

  it('previews the first step by name', () => {
    const pods = [
      podOf({ name: 'web' }),
      podOf({ name: 'old', deletionTimestamp }),
      podOf({ name: 'proxy', namespace: 'kube-system', owner: 'DaemonSet' }),
    ];
    expect(previewDrain(pods, { taintKeys: TAINTS })).toEqual({
      evict: ['shop/web'],
      wait: ['shop/old'],
      skip: [{ pod: 'kube-system/proxy', reason: 'daemonset-pod' }],
    });
  });
});
