import { expect, it } from '@jest/globals';
import { evictionCases } from '../../../counterparts/kubernetes/cases/evictions.ts';
import { cases } from '../../../counterparts/kubernetes/cases/index.ts';
import { judge } from '../../../counterparts/kubernetes/comparison.ts';
import { runCase } from '../../../counterparts/kubernetes/lanes.ts';
import type { Answer, Side } from '../../../counterparts/kubernetes/port.ts';
import { startEmbedded } from '../../../counterparts/kubernetes/sides.ts';

/** Behaviours that are reported when the embedded API stands in for its counterpart, its answers altered. */
const reported = async (alter: (answer: Answer) => Answer): Promise<readonly string[]> => {
  const embedded = await startEmbedded();
  const other = await startEmbedded();
  const counterpart: Side = {
    ...other,
    name: 'counterpart',
    ask: async (...request) => alter(await other.ask(...request)),
  };
  try {
    const found: string[] = [];
    for (const one of evictionCases) {
      const outcome = await runCase(one, { embedded, counterpart });
      const { unexplained } = judge(outcome.embedded, outcome.counterpart, one);
      if (unexplained.length > 0) found.push(one.behaviour);
    }
    return found;
  } finally {
    await Promise.all([embedded.end(), other.end()]);
  }
};

it('the contract suite can fail: one answer altered is reported, and nothing else is', async () => {
  const twoBudgets = (answer: Answer): boolean =>
    answer.body.message?.includes('more than one PodDisruptionBudget') === true;
  expect(await reported((answer) => (twoBudgets(answer) ? { ...answer, status: 429 } : answer))).toEqual([
    'evict: a pod of two budgets',
  ]);
}, 60_000);

it('every behaviour is asked for once', () => {
  const behaviours = cases.map(({ behaviour }) => behaviour);
  expect(behaviours.filter((one, index) => behaviours.indexOf(one) !== index)).toEqual([]);
  expect(behaviours.length).toBeGreaterThan(400);
});
