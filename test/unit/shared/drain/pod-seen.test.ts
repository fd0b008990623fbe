import { describe, expect, it } from '@jest/globals';
import type { V1PodCondition, V1PodStatus } from '@kubernetes/client-node';
import { podSeen } from '../../../../shared/drain/pod-seen.ts';
import { reportOf } from '../../../../shared/drain/report.ts';
import type { DrainState } from '../../../../shared/drain/state.ts';
import { resumeDrain, startDrain } from '../../../../shared/drain/state.ts';
import type { RemovalOutcome } from '../../../../shared/drain/types.ts';
import type { PodOptions } from '../../../fixtures/pods.ts';
import { podOf } from '../../../fixtures/pods.ts';
import { ACCEPTED, answer, asked, at, begun, optionsOf, relist } from './drive-step.ts';

const LOST: RemovalOutcome = { kind: 'failed', message: 'reset' };
const ENDING: PodOptions = { name: 'a', deletionTimestamp: '2026-11-20T03:12:01Z' };
const counted = (state: DrainState) => {
  const { evicted, deleted } = reportOf(state, at(2));
  return { evicted, deleted };
};

describe('whose work the end of a pod is', () => {
  it('is ours where the answer to our eviction was lost and it is stopping now', () => {
    const lost = answer(begun([{ name: 'a' }]).state, 'uid-a', LOST, at(0.1)).state;
    expect(counted(relist(lost, [ENDING], at(1)).state)).toEqual({ evicted: 1, deleted: 0 });
  });

  it('is ours where the answer was lost and it is gone already', () => {
    const lost = answer(begun([{ name: 'a' }]).state, 'uid-a', LOST, at(0.1)).state;
    expect(counted(relist(lost, [], at(1)).state)).toEqual({ evicted: 1, deleted: 0 });
  });

  it('is ours where the worker before us was asking about it when it ended', () => {
    const taken = resumeDrain(JSON.parse(JSON.stringify(begun([{ name: 'a' }]).state)), at(20));
    expect(counted(relist(taken, [], at(20)).state)).toEqual({ evicted: 1, deleted: 0 });
  });

  it('is ours where the API server says that it was evicted since the drain began', () => {
    const { state } = begun([{ ...ENDING, evictedAt: '2026-11-20T03:12:00Z' }]);
    expect(counted(state)).toEqual({ evicted: 1, deleted: 0 });
  });

  it.each<[string, PodOptions]>([
    ['somebody deleted it', ENDING],
    ['it was evicted before the drain began', { ...ENDING, evictedAt: '2026-11-20T03:11:00Z' }],
  ])('is not ours where %s', (_, pod) => {
    expect(counted(begun([pod]).state)).toEqual({ evicted: 0, deleted: 0 });
  });

  it('is not ours where it went after a refusal', () => {
    const refused = answer(begun([{ name: 'a' }]).state, 'uid-a', { kind: 'conflict' }, at(0.1)).state;
    expect(counted(relist(refused, [], at(1)).state)).toEqual({ evicted: 0, deleted: 0 });
  });
});

describe('a pod of which the API server says', () => {
  const seen = (status: V1PodStatus | undefined) => {
    const { status: _running, ...pod } = podOf({ name: 'a', deletionTimestamp: '2026-11-20T03:12:01Z' });
    return podSeen(startDrain(optionsOf(), at(0)), status === undefined ? pod : { ...pod, status }, at(0));
  };
  const READY: V1PodCondition = { type: 'Ready', status: 'True' };
  const SCHEDULED: V1PodCondition = { type: 'PodScheduled', status: 'True' };

  it.each<[string, V1PodStatus | undefined, boolean]>([
    ['that it is ready', { conditions: [READY] }, true],
    ['that it is ready, among other things', { conditions: [SCHEDULED, READY] }, true],
    ['that it is not ready', { conditions: [SCHEDULED, { ...READY, status: 'False' }] }, false],
    ['something else', { conditions: [SCHEDULED] }, false],
    ['no condition', { conditions: [] }, false],
    ['nothing about conditions', { phase: 'Running' }, false],
    ['nothing', undefined, false],
  ])('%s is ready: %s', (_, status, ready) => {
    expect(seen(status)).toMatchObject({ status: 'waiting', ready });
    expect(seen(status)).not.toHaveProperty('removedBy');
  });
});

describe('a list that is older than an answer', () => {
  it.each<[string, RemovalOutcome, string]>([
    ['has agreed to go', ACCEPTED, 'accepted'],
    ['is gone', { kind: 'gone' }, 'gone'],
  ])('does not have a pod asked again that %s', (_, outcome, status) => {
    const { state } = answer(begun([{ name: 'a' }]).state, 'uid-a', outcome, at(0.5));
    const next = relist(state, [{ name: 'a' }], at(1));
    expect(next.state.listed?.number).toBe(2);
    expect(asked(next)).toEqual([]);
    expect(next.state.pods['uid-a']?.status).toBe(status);
  });
});
