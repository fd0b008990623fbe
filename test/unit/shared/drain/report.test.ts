import { describe, expect, it } from '@jest/globals';
import { reportOf } from '../../../../shared/drain/report.ts';
import { startDrain } from '../../../../shared/drain/state.ts';
import type { RemovalOutcome } from '../../../../shared/drain/types.ts';
import { ACCEPTED, answer, at, BUDGET, begun, optionsOf, relist, wait } from './drive-step.ts';

const FAILED: RemovalOutcome = { kind: 'failed', message: 'reset' };

describe('the report of a drain', () => {
  it('that has seen nothing yet says so', () => {
    expect(reportOf(startDrain(optionsOf(), at(0)), at(0))).toStrictEqual({
      finished: false,
      outcome: 'in-progress',
      evicted: 0,
      deleted: 0,
      skipped: [],
      blocked: [],
      remaining: [],
      unseen: true,
    });
  });

  it('that goes on names what stays, what is held and what remains, each by name', () => {
    const names = ['d', 'b', 'c', 'a'];
    const owners = names.map((name) => ({ name: `of-${name}`, owner: 'DaemonSet' }));
    let { state } = begun([...owners, ...names.map((name) => ({ name }))]);
    for (const name of names) state = answer(state, `uid-${name}`, BUDGET, at(0)).state;
    expect(reportOf(state, at(0))).toStrictEqual({
      finished: false,
      outcome: 'in-progress',
      evicted: 0,
      deleted: 0,
      skipped: ['a', 'b', 'c', 'd'].map((name) => ({ pod: `shop/of-${name}`, reason: 'daemonset-pod' })),
      blocked: ['a', 'b', 'c', 'd'].map((name) => ({ pod: `shop/${name}`, budgets: ['web'] })),
      remaining: ['shop/a', 'shop/b', 'shop/c', 'shop/d'],
    });
  });

  it('names what went wrong with a pod as long as the pod is there to be asked', () => {
    const { state } = answer(begun([{ name: 'b' }, { name: 'a' }]).state, 'uid-b', FAILED, at(0.1));
    expect(reportOf(state, at(0.1)).error).toBe('reset');
    expect(reportOf(relist(state, [{ name: 'a' }], at(1)).state, at(1))).not.toHaveProperty('error');
  });

  it('names no missing right where something else went wrong', () => {
    const { state } = answer(begun([{ name: 'a' }]).state, 'uid-a', FAILED, at(0.1));
    expect(reportOf(state, at(0.1))).toMatchObject({ error: 'reset' });
    expect(reportOf(state, at(0.1))).not.toHaveProperty('missingRight');
  });

  it('does not call a pod held that was deleted for another reason', () => {
    const { state } = begun([{ name: 'a', graceSeconds: 600 }]);
    const failed = answer(state, 'uid-a', FAILED, at(0)).state;
    const deleting = relist(failed, [{ name: 'a', graceSeconds: 600 }], at(1));
    expect(deleting.actions).toMatchObject([{ kind: 'delete' }]);
    const deleted = answer(deleting.state, 'uid-a', ACCEPTED, at(1)).state;
    expect(reportOf(deleted, at(1))).toMatchObject({ deleted: 1, blocked: [] });
  });

  it('does not call a pod held that goes', () => {
    const refused = answer(begun([{ name: 'a' }]).state, 'uid-a', BUDGET, at(0)).state;
    const accepted = answer(wait(refused, at(0.1)).state, 'uid-a', ACCEPTED, at(0.1)).state;
    expect(reportOf(accepted, at(0.1))).toMatchObject({ evicted: 1, blocked: [], remaining: ['shop/a'] });
  });
});
