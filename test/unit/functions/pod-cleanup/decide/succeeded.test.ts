import { describe, expect, it } from '@jest/globals';
import type { OwnerState } from '../../../../../functions/pod-cleanup/decide/succeeded.ts';
import {
  succeededInShutdown,
  unwantedReason,
} from '../../../../../functions/pod-cleanup/decide/succeeded.ts';
import type { FailedPodOptions } from '../../../../fixtures/failed-pod.ts';
import { podOf } from '../support.ts';

const completed: FailedPodOptions = { phase: 'Succeeded', reason: 'Terminated', exitCodes: [0] };

describe('a pod in phase Succeeded was ended by a shutdown', () => {
  it.each<[string, FailedPodOptions, boolean]>([
    ['where the kubelet says so by the reason', completed, true],
    [
      'where it says so by the condition',
      {
        phase: 'Succeeded',
        disruption: { reason: 'TerminationByKubelet', message: 'imminent node shutdown' },
      },
      true,
    ],
    ['and not where it was to end by itself', { ...completed, restartPolicy: 'OnFailure' }, false],
    ['and not where nobody says so', { phase: 'Succeeded', exitCodes: [0] }, false],
    ['and not where it was evicted', { ...completed, reason: 'Evicted' }, false],
  ])('%s', (_name, options, expected) => {
    expect(succeededInShutdown(podOf(options))).toBe(expected);
  });
});

describe('its owner speaks for deleting it', () => {
  const reason = (kind: string, name: string, state: OwnerState | undefined) =>
    unwantedReason(podOf({ ...completed, name, owner: { kind, name: 'web', uid: 'u' } }), (uid) =>
      uid === 'u' ? state : undefined,
    );

  it.each<[string, string, OwnerState | undefined, string | undefined]>([
    ['ReplicaSet', 'web-x', { wants: 2 }, undefined],
    ['ReplicaSet', 'web-x', { wants: 0 }, 'owner-wants-no-pod'],
    ['ReplicaSet', 'web-x', 'gone', 'owner-gone'],
    ['ReplicaSet', 'web-x', undefined, 'owner-not-asked'],
    ['DaemonSet', 'web-x', { wants: 3 }, undefined],
    ['DaemonSet', 'web-x', { wants: 0 }, 'owner-wants-no-pod'],
    ['StatefulSet', 'web-0', { wants: 2 }, undefined],
    ['StatefulSet', 'web-1', { wants: 2 }, undefined],
    ['StatefulSet', 'web-12', { wants: 20 }, undefined],
    ['StatefulSet', 'web-1-5', { wants: 2 }, 'owner-wants-no-pod'],
    ['StatefulSet', 'web-4', { wants: 2, first: 4 }, undefined],
    ['StatefulSet', 'web-2', { wants: 2 }, 'owner-wants-no-pod'],
    ['StatefulSet', 'web-5', { wants: 2, first: 4 }, undefined],
    ['StatefulSet', 'web-3', { wants: 2, first: 4 }, 'owner-wants-no-pod'],
    ['StatefulSet', 'web', { wants: 2 }, 'owner-wants-no-pod'],
    ['CloneSet', 'web-x', { wants: 2 }, 'owner-not-asked'],
  ])('%s, pod %s, %j: %s', (kind, name, state, expected) => {
    expect(reason(kind, name, state)).toBe(expected);
  });

  it('and does not where there is none', () => {
    expect(unwantedReason(podOf(completed), () => ({ wants: 1 }))).toBe('owner-not-asked');
  });
});
