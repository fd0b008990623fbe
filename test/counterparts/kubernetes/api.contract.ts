import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { row } from '../support/results.ts';
import type { Case } from './cases/case.ts';
import { beforeExpiry, expiryCases } from './cases/expiry.ts';
import { cases } from './cases/index.ts';
import { inShort, judge } from './comparison.ts';
import type { Outcome, Ran, Sides } from './lanes.ts';
import { runCase, runInLanes } from './lanes.ts';
import { startCounterpart, startEmbedded } from './sides.ts';
import { openWorld } from './world.ts';

let sides: Sides;
let ran: readonly Promise<Ran>[] = [];

beforeAll(async () => {
  const [embedded, counterpart] = await Promise.all([startEmbedded(), startCounterpart()]);
  sides = { embedded, counterpart };
  // First of all, so that the real server has forgotten it when everything else is done.
  for (const side of [embedded, counterpart]) await beforeExpiry(await openWorld(side, 'case-expiry'));
  ran = runInLanes(cases, sides);
});

afterAll(async () => {
  await Promise.all([sides?.embedded.end(), sides?.counterpart.end()]);
});

const expectSame = (one: Case, { embedded, counterpart }: Outcome): void => {
  const { unexplained, stale, verdict } = judge(embedded, counterpart, one);
  expect(unexplained).toEqual([]);
  // A known difference that is none any more has to go from the list.
  expect(stale).toEqual([]);
  row({
    suite: 'kubernetes',
    behaviour: one.behaviour,
    embedded: inShort(embedded),
    counterpart: inShort(counterpart),
    verdict,
  });
};

const named = (list: readonly Case[]) => list.map((one, index) => [one.behaviour, index] as const);

describe('the embedded Kubernetes API answers like the real one', () => {
  it.each(named(cases))('%s', async (_behaviour, index) => {
    const [one, result] = [cases[index], await ran[index]];
    if (one === undefined || result === undefined) throw new Error('no such case');
    if ('failed' in result) throw result.failed;
    expectSame(one, result.outcome);
  });
});

describe('when the server has forgotten old revisions', () => {
  it.each(named(expiryCases))('%s', async (_behaviour, index) => {
    const one = expiryCases[index];
    if (one === undefined) throw new Error('no such case');
    expectSame(one, await runCase(one, sides));
  });
});
