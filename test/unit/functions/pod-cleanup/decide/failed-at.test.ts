import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ageReason } from '../../../../../functions/pod-cleanup/decide/age.ts';
import { failedAt } from '../../../../../functions/pod-cleanup/decide/failed-at.ts';
import type { FailedPodOptions } from '../../../../fixtures/failed-pod.ts';
import { NOW, OLD, podOf } from '../support.ts';

const at = (options: FailedPodOptions) => {
  const ms = failedAt(podOf(options));
  return ms === undefined ? undefined : new Date(ms).toISOString().slice(11, 16);
};
const ready = (reason: string) => [
  { type: 'Ready', status: 'False', reason, lastTransitionTime: '2026-11-19T21:30:00Z' },
];

describe('when a pod failed', () => {
  it.each<[string, FailedPodOptions, string | undefined]>([
    ['is the end of its container', { finishedAt: [OLD] }, '21:00'],
    ['is the end of its last container', { finishedAt: [OLD, '2026-11-19T21:59:00Z'] }, '21:59'],
    [
      'is when the condition turned, where that was later',
      { finishedAt: [OLD], disruption: { reason: 'TerminationByKubelet', since: '2026-11-19T21:10:00Z' } },
      '21:10',
    ],
    [
      'is the end of its container, where that was later',
      { finishedAt: [OLD], disruption: { reason: 'TerminationByKubelet', since: '2026-11-19T20:10:00Z' } },
      '21:00',
    ],
    ['is when Ready turned because it failed', { conditions: ready('PodFailed') }, '21:30'],
    ['is when Ready turned because it completed', { conditions: ready('PodCompleted') }, '21:30'],
    ['is not when Ready turned for another reason', { conditions: ready('ContainersNotReady') }, undefined],
    [
      'is not when another condition turned that is told with it',
      {
        finishedAt: [OLD],
        conditions: [
          {
            type: 'Initialized',
            status: 'True',
            reason: 'PodCompleted',
            lastTransitionTime: '2026-11-19T21:40:00Z',
          },
          {
            type: 'ContainersReady',
            status: 'False',
            reason: 'PodFailed',
            lastTransitionTime: '2026-11-19T21:40:00Z',
          },
          {
            type: 'Ready',
            status: 'True',
            reason: 'PodFailed',
            lastTransitionTime: '2026-11-19T21:40:00Z',
          },
        ],
      },
      '21:00',
    ],
    ['is when it was refused', { reason: 'NodeShutdown', startTime: OLD }, '21:00'],
    ['is when it was refused for want of CPU', { reason: 'OutOfcpu', startTime: OLD }, '21:00'],
    ['is when it was refused for want of any resource', { reason: 'OutOfpods', startTime: OLD }, '21:00'],
    [
      'is when it was refused for a reason that nobody knows by name',
      { reason: 'TopologyAffinityError', message: 'Pod was rejected: Resources cannot be', startTime: OLD },
      '21:00',
    ],
    [
      'is not its start, where it had to end for another reason',
      { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than', startTime: OLD },
      undefined,
    ],
    [
      'is not before the last thing that is known of its life before it was refused',
      { reason: 'NodeAffinity', startTime: OLD, conditions: ready('ContainersNotReady') },
      '21:30',
    ],
    ['is not its start, where it ran', { reason: 'Terminated', startTime: OLD }, undefined],
    [
      'is not its start, where containers are known',
      { reason: 'Shutdown', startTime: '2026-11-19T21:59:00Z', finishedAt: [OLD] },
      '21:00',
    ],
    ['is never its creation', { reason: 'Terminated' }, undefined],
    ['is not known by a time that is none', { finishedAt: ['yesterday'] }, undefined],
  ])('%s', (_name, options, expected) => {
    expect(at(options)).toBe(expected);
  });
});

describe('the start of a pod is its end', () => {
  it.each([
    ['Shutdown', true],
    ['NodeShutdown', true],
    ['NodeAffinity', true],
    ['OutOfcpu', true],
    ['UnexpectedAdmissionError', true],
    ['Terminated', false],
    ['TerminationByKubelet', false],
    ['Evicted', false],
    ['Preempting', false],
    ['OutOfexample.com/gpu', true],
    ['DeadlineExceeded', false],
  ])('where its kubelet refused it: %s: %s', (reason, refused) => {
    expect(at({ reason, startTime: OLD })).toBe(refused ? '21:00' : undefined);
  });
});

describe('the age that is asked for', () => {
  const minutesAgo = (minutes: number) => NOW - minutes * 60_000;

  it.each([
    [10, minutesAgo(10), undefined],
    [10, minutesAgo(10) + 1, 'too-young'],
    [10, undefined, 'failure-time-unknown'],
    [0, undefined, undefined],
    [0, NOW, undefined],
    [10, NOW + 60_000, 'too-young'],
  ])('%i minutes, failed at %s: %s', (minimumAgeMinutes, failed, expected) => {
    expect(ageReason(failed, { minimumAgeMinutes, now: NOW })).toBe(expected);
  });

  it('once reached is never lost again', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(), fc.nat(1_000_000), (minimumAgeMinutes, failed, later) => {
        const now = failed + minimumAgeMinutes * 60_000;
        expect(ageReason(failed, { minimumAgeMinutes, now: now + later })).toBeUndefined();
      }),
    );
  });
});
