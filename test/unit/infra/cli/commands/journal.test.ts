import { describe, expect, it } from '@jest/globals';
import { appendToJournal } from '../../../../../shared/core/journal.ts';
import type { Verdict } from '../../../../../shared/core/verdict.ts';
import type { CliWorld } from '../run-cli.ts';
import { createCliWorld } from '../run-cli.ts';

const drained: Verdict = {
  automation: 'spot-drain',
  cluster: 'staging',
  target: 'node/ip-10-0-1-2.ec2.internal',
  action: 'drain',
  reason: 'spot-interruption',
  mode: 'act',
  at: '2026-11-19T03:12:07.000Z',
  detail: { evicted: 12 },
};
const cleaned: Verdict = {
  automation: 'pod-cleanup',
  target: 'pod/shop/cart-0',
  action: 'delete',
  reason: 'node-shutdown',
  mode: 'act',
  at: '2026-11-19T03:00:01.000Z',
};

const journaled = async (...verdicts: readonly Verdict[]): Promise<CliWorld> => {
  const world = createCliWorld();
  for (const verdict of verdicts) {
    await appendToJournal(world.store, [verdict], { requestId: 'r', firstNumber: 0, now: world.clock.now() });
  }
  return world;
};

describe('caretaker journal', () => {
  it('lists the verdicts of today, of all automations, oldest first', async () => {
    const { code, out } = await (await journaled(drained, cleaned)).run('journal');
    expect(code).toBe(0);
    const [head, first, second] = out.split('\n');
    expect(head?.split(/\s+/)).toEqual([
      'time',
      'automation',
      'cluster',
      'target',
      'action',
      'reason',
      'mode',
    ]);
    expect(first?.split(/\s+/)).toEqual([
      '03:00:01',
      'pod-cleanup',
      '-',
      'pod/shop/cart-0',
      'delete',
      'node-shutdown',
      'act',
    ]);
    expect(second).toContain('node/ip-10-0-1-2.ec2.internal');
  });

  it('is limited to an automation', async () => {
    const { out } = await (await journaled(drained, cleaned)).run('journal', '--automation', 'spot-drain');
    expect(out).toContain('spot-interruption');
    expect(out).not.toContain('pod-cleanup');
  });

  it('prints verdicts with all details as JSON, one a line', async () => {
    const { out } = await (await journaled(drained, cleaned)).run('journal', '--json');
    expect(out.split('\n').map((line) => JSON.parse(line))).toEqual([cleaned, drained]);
  });

  it('says that another day has nothing', async () => {
    const { code, out } = await (await journaled(drained)).run('journal', '--day', '2026-11-18');
    expect({ code, out }).toEqual({ code: 0, out: 'Nothing was journaled on 2026-11-18 (UTC).' });
  });
});
