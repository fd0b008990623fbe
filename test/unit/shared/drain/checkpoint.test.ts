import { describe, expect, it } from '@jest/globals';
import { checkpointOf } from '../../../../shared/drain/checkpoint.ts';
import { answer, at, begun } from './drive-step.ts';

const LONG = 'x'.repeat(5_000);

describe('a checkpoint', () => {
  it('of a node with 737 pods, each held by a budget with much to say, fits into an item', () => {
    const names = Array.from(
      { length: 737 },
      (_, index) => `orders-5d8f7c9b6d-${String(index).padStart(5, '0')}`,
    );
    const refusal = { kind: 'budget', budgets: ['orders-budget'], message: LONG } as const;
    const { state: one } = answer(begun([{ name: 'a', ready: false }]).state, 'uid-a', refusal, at(0));
    const pods = Object.fromEntries(
      names.flatMap((name) =>
        Object.values(one.pods).map((pod) => [`uid-${name}`, { ...pod, name, uid: `uid-${name}` }]),
      ),
    );
    const state = { ...one, pods };
    expect(Object.keys(pods)).toHaveLength(737);
    expect(JSON.stringify(checkpointOf(state)).length).toBeLessThan(390_000);
  });

  it('is the same drain but for its messages', () => {
    const refusal = { kind: 'budget', budgets: ['web'], message: 'full' } as const;
    const { state } = answer(begun([{ name: 'a' }]).state, 'uid-a', refusal, at(0));
    expect(checkpointOf(state).pods).toEqual({
      'uid-a': { ...state.pods['uid-a'], held: { budgets: ['web'], message: '' } },
    });
    expect(checkpointOf(state).gates).toEqual(state.gates);
    const { state: fresh } = begun([{ name: 'a' }]);
    expect(checkpointOf(fresh)).toStrictEqual(fresh);
    const failed = answer(fresh, 'uid-a', { kind: 'failed', message: LONG }, at(0)).state;
    const kept = checkpointOf({ ...failed, lastError: LONG });
    expect(kept.lastError).toBe('x'.repeat(160));
    expect(kept.pods['uid-a']).toStrictEqual({ ...failed.pods['uid-a'], error: 'x'.repeat(160) });
  });
});
