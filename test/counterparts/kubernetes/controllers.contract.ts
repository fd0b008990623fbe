import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { budgetCases } from './cases/budgets.ts';
import { controllerCases } from './cases/controllers.ts';
import type { Ran, Sides } from './lanes.ts';
import { outcomeOf, runInLanes } from './lanes.ts';
import { byName, caseAt, expectSame } from './report.ts';
import { startSides } from './sides.ts';

const cases = [...controllerCases, ...budgetCases];

let sides: Sides | undefined;
let ran: readonly Promise<Ran>[] = [];

beforeAll(async () => {
  sides = await startSides();
  ran = runInLanes(cases, sides, 10);
});

afterAll(async () => {
  await sides?.end();
});

describe('the embedded controllers bring about what the real ones do', () => {
  it.each(byName(cases))('%s', async (_behaviour, index) => {
    expectSame(caseAt(cases, index), await outcomeOf(ran[index]));
  });
});
