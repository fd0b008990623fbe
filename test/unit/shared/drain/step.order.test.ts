import { describe, expect, it } from '@jest/globals';
import { reportOf } from '../../../../shared/drain/report.ts';
import type { PodOptions } from '../../../fixtures/pods.ts';
import { ACCEPTED, answer, asked, at, BUDGET, begun, relist, removals, wait } from './drive-step.ts';

const CRITICAL: PodOptions = { name: 'critical', priority: 2_000_000_000 };
const WEB: PodOptions = { name: 'web', priority: 1_000 };
const BATCH: PodOptions = { name: 'batch', priority: -10 };
const PLAIN: PodOptions = { name: 'plain' };

describe('pods in the order of their priority', () => {
  const options = { order: 'by-priority' } as const;

  it('are asked lowest first, each wave when the one before is gone', () => {
    const first = begun([CRITICAL, WEB, BATCH, PLAIN], options);
    expect(asked(first)).toEqual(['batch']);
    const stopping = answer(first.state, 'uid-batch', ACCEPTED, at(0.1));
    expect(asked(stopping)).toEqual([]);
    const second = relist(stopping.state, [CRITICAL, WEB, PLAIN], at(1));
    expect(asked(second)).toEqual(['plain']);
    const third = relist(second.state, [CRITICAL, WEB], at(2));
    expect(asked(third)).toEqual(['web']);
  });

  it('wait no longer than half of the time that they can spare', () => {
    // Deadline 110 s, grace 30 s, margin 5 s: 75 s to spare.
    const first = begun([CRITICAL, BATCH], options);
    const refused = answer(first.state, 'uid-batch', BUDGET, at(0.1));
    expect(asked(wait(refused.state, at(37.4)))).not.toContain('critical');
    expect(asked(wait(refused.state, at(37.5)))).toContain('critical');
  });

  it('do not wait at all where the time left is too short for their grace', () => {
    const slow = { ...CRITICAL, graceSeconds: 600 };
    expect(asked(begun([slow, BATCH], options))).toEqual(['critical', 'batch']);
  });

  it('are asked all at once where nobody wants an order', () => {
    expect(asked(begun([CRITICAL, WEB, BATCH]))).toEqual(['critical', 'web', 'batch']);
  });
});

describe('pods of DaemonSets', () => {
  const LOGS: PodOptions = { name: 'logs', owner: 'DaemonSet' };

  it('stay where they are', () => {
    const first = begun([LOGS, WEB]);
    expect(asked(first)).toEqual(['web']);
    expect(reportOf(first.state, at(0)).skipped).toEqual([{ pod: 'shop/logs', reason: 'daemonset-pod' }]);
  });

  it('go last where they are to go: they serve the others', () => {
    const first = begun([LOGS, WEB], { includeDaemonSets: true });
    expect(asked(first)).toEqual(['web']);
    expect(asked(relist(first.state, [LOGS], at(1)))).toEqual(['logs']);
  });

  it('stay where they tolerate our taints: they would come straight back', () => {
    const everywhere = { ...LOGS, tolerations: [{ operator: 'Exists' }] };
    expect(asked(begun([everywhere], { includeDaemonSets: true, taintKeys: ['x'] }))).toEqual([]);
  });
});

describe('a delay before the first eviction', () => {
  it('gives load balancers time to take the node out', () => {
    const first = begun([WEB], { evictAfterSeconds: 10 });
    expect(asked(first)).toEqual([]);
    expect(first.nextAt).toBe(at(1));
    expect(asked(wait(first.state, at(9.9)))).toEqual([]);
    expect(asked(wait(first.state, at(10)))).toEqual(['web']);
  });

  it('is no longer than half of the time that a pod can spare', () => {
    const first = begun([WEB], { evictAfterSeconds: 100, deadlineAt: at(55) });
    expect(asked(wait(first.state, at(9.9)))).toEqual([]);
    expect(asked(wait(first.state, at(10)))).toEqual(['web']);
  });
});

describe('workloads that opt out', () => {
  const optOuts = { keep: ['quiet'], evictOnly: ['ledger'] };
  const kept = { annotations: { 'eks-caretaker/keep-on-node': 'true' } };

  it.each<[string, PodOptions, readonly string[]]>([
    ['by the pod stay', { name: 'a', ...kept }, []],
    ['by the namespace stay', { name: 'a', namespace: 'quiet' }, []],
    ['by any value but false', { name: 'a', annotations: { 'eks-caretaker/keep-on-node': '' } }, []],
    [
      'do not where the pod says false, whatever its namespace says',
      { name: 'a', namespace: 'quiet', annotations: { 'eks-caretaker/keep-on-node': 'false' } },
      ['a'],
    ],
  ])('%s', (_, pod, expected) => {
    const first = begun([pod], { optOuts });
    expect(asked(first)).toEqual(expected);
    expect(reportOf(first.state, at(0)).skipped).toEqual(
      expected.length > 0 ? [] : [{ pod: `${pod.namespace ?? 'shop'}/a`, reason: 'opted-out' }],
    );
  });

  it('are not asked where the drain knows of no opt-outs', () => {
    expect(asked(begun([{ name: 'a', ...kept }]))).toEqual(['a']);
  });

  it.each<[string, PodOptions]>([
    ['pod', { name: 'a', annotations: { 'eks-caretaker/evict-only': 'true' } }],
    ['namespace', { name: 'a', namespace: 'ledger' }],
  ])(
    'of deletes, by the %s, are evicted, never deleted past their budgets, and named with them',
    (_, pod) => {
      let { state } = begun([pod], { optOuts });
      for (let seconds = 0.1; seconds < 110; seconds += 0.7) {
        const next = wait(state, at(seconds));
        expect(removals(next.actions).every(({ kind }) => kind === 'evict')).toBe(true);
        state = answer(next.state, 'uid-a', BUDGET, at(seconds)).state;
      }
      const end = wait(state, at(110));
      expect(reportOf(end.state, at(110))).toMatchObject({
        outcome: 'blocked',
        deleted: 0,
        blocked: [{ pod: `${pod.namespace ?? 'shop'}/a`, budgets: ['web'] }],
        remaining: [`${pod.namespace ?? 'shop'}/a`],
      });
    },
  );
});
