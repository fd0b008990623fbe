import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { automations } from '../../../functions/index.ts';
import type { Verdict } from '../../../shared/core/verdict.ts';
import { changedSomething, toVerdict } from '../../../shared/core/verdict.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const isEvent = new Ajv({ allErrors: true }).compile(
  JSON.parse(read('infra/config/event.schema.json')) as object,
);
const page = read('infra/config/events.md');

const verdict: Verdict = toVerdict(
  {
    cluster: 'staging',
    target: 'pod/shop/cart-0',
    action: 'delete',
    reason: 'terminated',
    detail: { podReason: 'Terminated' },
  },
  { automation: 'pod-cleanup', mode: 'act', now: Date.parse('2026-11-19T22:00:00Z') },
);

describe('the schema of published events', () => {
  it.each<[string, Verdict]>([
    ['of a cluster', verdict],
    ['without a cluster', (({ cluster: _cluster, ...rest }) => rest)(verdict)],
    ['without detail', (({ detail: _detail, ...rest }) => rest)(verdict)],
  ])('takes a verdict %s that changed something', (_what, published) => {
    expect(changedSomething(published)).toBe(true);
    isEvent(published);
    expect(isEvent.errors).toBeNull();
  });

  it.each<[string, object]>([
    ['was only observed', { ...verdict, mode: 'observe' }],
    ['did nothing', { ...verdict, action: 'none' }],
    ['was left to another automation', { ...verdict, action: 'deferred' }],
    ['is of an unknown automation', { ...verdict, automation: 'node-cleanup' }],
    ['has a target without a kind', { ...verdict, target: 'cart-0' }],
    ['has a reason in prose', { ...verdict, reason: 'It was terminated.' }],
    ['has a time in another zone', { ...verdict, at: '2026-11-19T23:00:00+01:00' }],
    ['has a member that verdicts do not have', { ...verdict, colour: 'red' }],
  ])('takes nothing that %s', (_what, other) => {
    expect(isEvent(other)).toBe(false);
  });

  it('knows every automation', () => {
    const { automation } = (
      JSON.parse(read('infra/config/event.schema.json')) as {
        properties: { automation: { enum: string[] } };
      }
    ).properties;
    expect(automation.enum).toEqual(automations.map(({ id }) => id));
  });

  it("holds for the page's example", () => {
    const [example] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(
      ([, json = '']) => JSON.parse(json) as { source: string; 'detail-type': string; detail: Verdict },
    );
    expect(example?.source).toBe('eks-caretaker');
    isEvent(example?.detail);
    expect(isEvent.errors).toBeNull();
    expect(example?.['detail-type']).toBe(`${example?.detail.automation}/${example?.detail.action}`);
  });

  it.each([
    ['node-group-schedule', 'functions/node-group-schedule/decide/step.ts', 'ScheduleAction'],
    ['ecr-rescan', 'functions/ecr-rescan/subject.ts', 'RescanAction'],
    ['spot-drain', 'functions/spot-drain/decide/decide.ts', 'SpotDrainAction'],
    ['cluster-upgrade', 'functions/cluster-upgrade/context.ts', 'UpgradeAction'],
  ])('has a row on the page for every action of %s', (automation, file, type) => {
    const union = new RegExp(`export type ${type} =([^;]+);`).exec(read(file))?.[1] ?? '';
    const actions = [...union.matchAll(/'([a-z-]+)'/g)].map(([, action]) => action);
    expect(actions.length).toBeGreaterThan(1);
    const rows = page.split('\n').filter((line) => line.startsWith(`| \`${automation}/`));
    const documented = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/\/([a-z-]+)`/g)].map(([, action]) => action),
    );
    expect(documented.sort()).toEqual(actions.sort());
  });
});
