import { describe, expect, it } from '@jest/globals';
import { causeOf, endedByShutdown } from '../../../../../functions/pod-cleanup/decide/cause.ts';
import {
  LOOP_REASONS,
  PRESET_REASONS,
  REASONS,
} from '../../../../../functions/pod-cleanup/decide/reasons.ts';
import type { FailedPodOptions } from '../../../../fixtures/failed-pod.ts';
import { podOf, terminated } from '../support.ts';

const SHUTDOWN = 'Pod was terminated in response to imminent node shutdown.';
const cause = (
  options: FailedPodOptions,
  rules: { reasons?: readonly string[]; exitCodes?: number[] } = {},
) =>
  causeOf(podOf(options), {
    reasons: [...(rules.reasons ?? PRESET_REASONS)],
    exitCodes: rules.exitCodes ?? [],
  });

describe('by default a pod may go that a shutdown left behind', () => {
  it.each<[string, FailedPodOptions, string]>([
    [
      'reason Shutdown of 1.20 and 1.21',
      { reason: 'Shutdown', message: 'Node is shutting, evicting pods' },
      'shutdown',
    ],
    ['reason Terminated of 1.22', terminated, 'terminated'],
    ['reason NodeShutdown of 1.22', { reason: 'NodeShutdown' }, 'node-shutdown'],
    [
      'the condition with a shutdown message in the status',
      { message: SHUTDOWN, disruption: { reason: 'TerminationByKubelet' } },
      'terminated-by-kubelet',
    ],
    [
      'the condition with a shutdown message of its own',
      { disruption: { reason: 'TerminationByKubelet', message: SHUTDOWN } },
      'terminated-by-kubelet',
    ],
    [
      'the condition, whatever other conditions hold',
      {
        message: SHUTDOWN,
        conditions: [
          { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-11-19T10:00:00Z' },
          { type: 'DisruptionTarget', status: 'False', lastTransitionTime: '2026-11-19T11:00:00Z' },
        ],
        disruption: { reason: 'TerminationByKubelet' },
      },
      'terminated-by-kubelet',
    ],
  ])('%s', (_name, options, code) => {
    expect(cause(options)).toBe(code);
  });

  it('by the condition with the reason of a shutdown too, where that reason alone is not asked for', () => {
    const pod = { reason: 'Terminated', disruption: { reason: 'TerminationByKubelet' } };
    expect(cause(pod, { reasons: ['TerminationByKubelet'] })).toBe('terminated-by-kubelet');
    expect(cause({ reason: 'Terminated' }, { reasons: ['TerminationByKubelet'] })).toBeUndefined();
  });
});

describe('by default evidence stays', () => {
  it.each<[string, FailedPodOptions]>([
    [
      'evicted under node pressure, with the same condition',
      {
        reason: 'Evicted',
        disruption: { reason: 'TerminationByKubelet', message: 'The node was low on resource: memory.' },
      },
    ],
    [
      'preempted for a critical pod, with the same condition',
      {
        reason: 'Preempting',
        disruption: { reason: 'TerminationByKubelet', message: 'Preempted in order to admit critical pod' },
      },
    ],
    ['the condition alone', { disruption: { reason: 'TerminationByKubelet' } }],
    ["somebody else's disruption", { message: SHUTDOWN, disruption: { reason: 'EvictionByEvictionAPI' } }],
    ['a crash', { exitCodes: [1] }],
    ['a shutdown message without reason or condition', { message: SHUTDOWN }],
    ['no status reason at all', {}],
    ['a reason that only reads like the condition', { reason: 'TerminationByKubelet' }],
  ])('%s', (_name, options) => {
    expect(cause(options)).toBeUndefined();
  });

  it('a condition that does not hold any more is none', () => {
    const pod = podOf({
      message: SHUTDOWN,
      conditions: [
        {
          type: 'DisruptionTarget',
          status: 'False',
          reason: 'TerminationByKubelet',
          lastTransitionTime: '2026-11-19T20:00:00Z',
        },
      ],
    });
    expect(endedByShutdown(pod)).toBe(false);
  });
});

describe('what is asked for goes as well', () => {
  it.each(REASONS.filter(({ shutdown }) => !shutdown).map(({ reason, code }) => [reason, code]))(
    'reason %s, as %s, and only where it is listed',
    (reason, code) => {
      expect(cause({ reason }, { reasons: [reason] })).toBe(code);
      expect(cause({ reason })).toBeUndefined();
    },
  );

  it.each([
    ['Shutdown', 'shutdown'],
    ['NodeShutdown', 'node-shutdown'],
    ['Terminated', 'terminated'],
    ['Evicted', 'evicted'],
    ['NodeAffinity', 'node-affinity'],
    ['OutOfcpu', 'out-of-cpu'],
    ['UnexpectedAdmissionError', 'unexpected-admission-error'],
    ['Preempting', 'preempting'],
  ])('%s, the reason as kubelets write it, as %s', (reason, code) => {
    expect(cause({ reason }, { reasons: [reason] })).toBe(code);
  });

  it('a reason that nobody knows by name', () => {
    expect(cause({ reason: 'OutOfexample.com/gpu' }, { reasons: ['OutOfexample.com/gpu'] })).toBe(
      'listed-reason',
    );
  });

  it.each<[readonly number[], readonly number[], string | undefined]>([
    [[137], [137], 'listed-exit-code'],
    [[0, 137], [137], 'listed-exit-code'],
    [[137, 143], [143, 137], 'listed-exit-code'],
    [[137, 1], [137], undefined],
    [[1], [137], undefined],
    [[0], [137], undefined],
    [[], [137], undefined],
  ])('containers that ended with %j where %j is asked for: %s', (ended, asked, expected) => {
    expect(cause({ exitCodes: ended }, { reasons: [], exitCodes: [...asked] })).toBe(expected);
  });
});

describe('the table of reasons', () => {
  it('names each once, with a code of its own and the version it is from', () => {
    expect(new Set(REASONS.map(({ reason }) => reason)).size).toBe(REASONS.length);
    expect(new Set(REASONS.map(({ code }) => code)).size).toBe(REASONS.length);
    for (const { code, since, until } of REASONS) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(since).toMatch(/^1\.\d+$/);
      if (until !== undefined) expect(Number(until.slice(2))).toBeGreaterThanOrEqual(Number(since.slice(2)));
    }
  });

  it('says which a kubelet writes when it refuses a pod', () => {
    expect(REASONS.filter(({ refusal }) => refusal).map(({ reason }) => reason)).toEqual([
      'Shutdown',
      'NodeShutdown',
      'NodeAffinity',
      'OutOfcpu',
      'UnexpectedAdmissionError',
    ]);
  });

  it('has what the loop and the default ask for, shutdowns all', () => {
    const shutdowns = REASONS.filter(({ shutdown }) => shutdown).map(({ reason }) => reason);
    expect(PRESET_REASONS).toEqual(shutdowns);
    expect(LOOP_REASONS).toEqual(['Shutdown', 'NodeShutdown', 'Terminated']);
  });
});
