import { describe, expect, it } from '@jest/globals';
import { reportOf } from '../../../../shared/drain/report.ts';
import type { DrainState } from '../../../../shared/drain/state.ts';
import { resumeDrain } from '../../../../shared/drain/state.ts';
import type { RemovalOutcome } from '../../../../shared/drain/types.ts';
import type { PodOptions } from '../../../fixtures/pods.ts';
import { answer, at, begun, relist } from './drive-step.ts';

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
