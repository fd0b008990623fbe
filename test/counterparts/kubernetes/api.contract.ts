import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { beforeExpiry, expiryCases } from './cases/expiry.ts';
import { cases } from './cases/index.ts';
import type { Ran, Sides } from './lanes.ts';
import { outcomeOf, runCase, runInLanes } from './lanes.ts';
import { byName, caseAt, expectSame } from './report.ts';
import { startSides } from './sides.ts';
import { openWorld } from './world.ts';

let sides: Sides | undefined;
let ran: readonly Promise<Ran>[] = [];

beforeAll(async () => {
  sides = await startSides();
  // First of all, so that the real server has forgotten it when everything else is done.
  for (const side of [sides.embedded, sides.counterpart])
    await beforeExpiry(await openWorld(side, 'case-expiry'));
  ran = runInLanes(cases, sides);
});

afterAll(async () => {
  await sides?.end();
});

describe('the embedded Kubernetes API answers like the real one', () => {
  it.each(byName(cases))('%s', async (_behaviour, index) => {
    expectSame(caseAt(cases, index), await outcomeOf(ran[index]));
  });
});

describe('when the server has forgotten old revisions', () => {
  it.each(byName(expiryCases))('%s', async (_behaviour, index) => {
    if (sides === undefined) throw new Error('the servers were not started');
    const one = caseAt(expiryCases, index);
    expectSame(one, await runCase(one, sides));
  });
});
