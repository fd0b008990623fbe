import { describe, expect, it } from '@jest/globals';
import type { UpgradeRecord } from '../../../../../functions/index.ts';
import { currentRunKey, upgradePartition } from '../../../../../functions/index.ts';
import type { CliWorld } from '../run-cli.ts';
import { createCliWorld } from '../run-cli.ts';

const HASH = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2';

const record = (change: Partial<UpgradeRecord> = {}): UpgradeRecord => ({
  cluster: 'staging',
  executionName: 'staging-1-35-1',
  executionArn: 'arn:run',
  targetVersion: '1.35',
  fromVersion: '1.34',
  planHash: HASH,
  mode: 'act',
  status: 'awaiting-approval',
  phase: 'approval',
  callbackId: 'callback-1',
  approvalUntil: '2026-11-20T22:00:00Z',
  startedAt: '2026-11-19T21:00:00Z',
  updatedAt: '2026-11-19T21:05:00Z',
  ...change,
});

const write = async (world: CliWorld, run: UpgradeRecord) => {
  const key = { pk: upgradePartition(run.cluster), sk: run.executionName };
  const current = await world.store.get(key);
  await world.store.write({ ...run, ...key }, current?.version ?? 0);
};

const worldWith = async (...runs: readonly UpgradeRecord[]): Promise<CliWorld> => {
  const world = createCliWorld();
  for (const run of runs) await write(world, run);
  const last = runs.at(-1);
  if (last !== undefined) {
    await world.store.write({ ...currentRunKey('staging'), executionName: last.executionName }, 0);
  }
  return world;
};

const planned = (reason: 'ready' | 'blocked') => ({
  automation: 'cluster-upgrade',
  mode: 'observe',
  verdicts: [
    {
      automation: 'cluster-upgrade',
      cluster: 'staging',
      target: 'cluster/staging',
      action: 'plan',
      reason,
      mode: 'observe',
      at: '2026-11-19T22:00:00Z',
      detail: {
        planHash: HASH,
        blockedBy: reason === 'ready' ? [] : ['disruption-budgets'],
        checks: [
          { check: 'versions', verdict: 'pass', summary: '1.35 is in standard support', objects: ['unseen'] },
          {
            check: 'disruption-budgets',
            verdict: reason === 'ready' ? 'warn' : 'block',
            summary: '1 budget allows no disruption',
            objects: ['shop/cart -> cart-0 -> ip-10-0-1-2'],
            moreObjects: 2,
            remedy: 'add a replica',
          },
        ],
        plan: {
          format: 1,
          cluster: 'staging',
          fromVersion: '1.34',
          toVersion: '1.35',
          skew: [],
          steps: [
            {
              id: 'control-plane',
              kind: 'control-plane',
              target: 'cluster/staging',
              before: { version: '1.34' },
              after: { version: '1.35' },
              reason: 'asked-for',
              call: { service: 'eks', operation: 'UpdateClusterVersion', input: {} },
            },
          ],
        },
      },
    },
  ],
});

describe('caretaker upgrade plan', () => {
  it('asks the planning function and prints checks, steps and the hash', async () => {
    const world = createCliWorld();
    world.functions.result = planned('ready');
    const { code, out } = await world.run('upgrade', 'plan', 'staging', '1.35');
    expect(world.functions.calls).toEqual([
      [
        'invoke',
        'eks-caretaker-cluster-upgrade-plan',
        { action: 'plan', cluster: 'staging', version: '1.35' },
      ],
    ]);
    expect(code).toBe(0);
    expect(out).toContain('Upgrade of staging from 1.34 to 1.35');
    expect(out).toContain('1     cluster/staging  1.34    1.35   asked-for');
    expect(out).toContain('warn   disruption-budgets: 1 budget allows no disruption');
    expect(out).toContain('       shop/cart -> cart-0 -> ip-10-0-1-2');
    expect(out).toContain('       and 2 more');
    expect(out).toContain('       do: add a replica');
    expect(out).not.toContain('unseen');
    expect(out).toContain(`caretaker upgrade start staging 1.35 --plan ${HASH}`);
  });

  it('exits with 3 where the plan may not run, and offers no start', async () => {
    const world = createCliWorld();
    world.functions.result = planned('blocked');
    const { code, out } = await world.run('upgrade', 'plan', 'staging', '1.35');
    expect(code).toBe(3);
    expect(out).toContain('This plan may not run: disruption-budgets');
    expect(out).not.toContain('upgrade start');
  });

  it('prints the document as JSON', async () => {
    const world = createCliWorld();
    world.functions.result = planned('ready');
    const { out } = await world.run('upgrade', 'plan', 'staging', '1.35', '--json');
    expect(JSON.parse(out)).toMatchObject({ planned: true, detail: { planHash: HASH } });
  });

  it('exits with 3 and says why where there is no plan', async () => {
    const world = createCliWorld();
    const verdict = {
      action: 'none',
      reason: 'unknown-cluster',
      detail: { message: 'no cluster x is configured' },
    };
    world.functions.result = { verdicts: [verdict] };
    const { code, out, err } = await world.run('upgrade', 'plan', 'x', '1.35');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('no cluster x is configured (unknown-cluster)');
  });

  it('exits with 1 where the answer is of another version', async () => {
    const world = createCliWorld();
    world.functions.result = {};
    expect(await world.run('upgrade', 'plan', 'staging', '1.35')).toMatchObject({ code: 1 });
  });
});

describe('caretaker upgrade start', () => {
  const start = ['upgrade', 'start', 'staging', '1.35', '--plan', HASH] as const;
  const payload = { action: 'start', cluster: 'staging', version: '1.35', planHash: HASH };

  it('starts the first run of a version under a name and prints it alone', async () => {
    const world = createCliWorld();
    const { code, out, err } = await world.run(...start);
    expect({ code, out }).toEqual({ code: 0, out: 'staging-1-35-1' });
    expect(err).toContain('--run staging-1-35-1 --follow');
    expect(world.functions.calls).toEqual([
      ['start', 'eks-caretaker-cluster-upgrade', 'staging-1-35-1', payload],
    ]);
  });

  it('takes the number after the highest of this version', async () => {
    const world = await worldWith(
      record({ executionName: 'staging-1-35-4', status: 'failed' }),
      record({ executionName: 'staging-1-34-9', targetVersion: '1.34', status: 'succeeded' }),
    );
    expect((await world.run(...start)).out).toBe('staging-1-35-5');
  });

  it('goes on to the next number where another plan has the name', async () => {
    const world = createCliWorld();
    world.functions.taken.add('staging-1-35-1');
    expect((await world.run(...start)).out).toBe('staging-1-35-2');
  });
});

describe('caretaker upgrade status', () => {
  it('prints the run that holds the lock, its steps, and what it waits for', async () => {
    const world = await worldWith(
      record({ steps: [{ id: 'control-plane', target: 'cluster/staging', status: 'pending' }] }),
    );
    const { code, out } = await world.run('upgrade', 'status', 'staging');
    expect(code).toBe(0);
    expect(out).toContain('status     awaiting-approval');
    expect(out).toContain('control-plane  cluster/staging  pending');
    expect(out).toContain(`caretaker upgrade approve staging --plan ${HASH}`);
  });

  it('prints the record as JSON, and another run by name', async () => {
    const world = await worldWith(
      record({ executionName: 'staging-1-35-1', status: 'failed' }),
      record({ executionName: 'staging-1-35-2' }),
    );
    const { out } = await world.run('upgrade', 'status', 'staging', '--run', 'staging-1-35-1', '--json');
    expect(JSON.parse(out)).toMatchObject({ executionName: 'staging-1-35-1', status: 'failed' });
  });

  it('falls back to the run that was started last where none ever held the lock', async () => {
    const world = createCliWorld();
    await write(world, record({ executionName: 'a', startedAt: '2026-11-19T20:00:00Z' }));
    await write(world, record({ executionName: 'b', startedAt: '2026-11-19T21:00:00Z' }));
    expect((await world.run('upgrade', 'status', 'staging')).out).toContain('run        b');
  });

  it('fails where there is no run', async () => {
    const { code, err } = await createCliWorld().run('upgrade', 'status', 'staging');
    expect(code).toBe(1);
    expect(err).toContain('no upgrade of staging is recorded');
  });

  it.each([
    ['succeeded', 0],
    ['planned', 0],
    ['failed', 1],
    ['timed-out', 1],
    ['rejected', 3],
    ['plan-changed', 3],
    ['stopped', 3],
  ] as const)('follows a run that ends %s and exits with %d', async (status, expected) => {
    const world = await worldWith(record());
    const looks: UpgradeRecord[] = [
      record({
        status: 'running',
        phase: 'control-plane',
        steps: [{ id: 'cp', target: 'cluster/staging', status: 'running' }],
      }),
      record({
        status,
        phase: 'ended',
        reason: 'it-ended',
        steps: [{ id: 'cp', target: 'cluster/staging', status: 'done' }],
      }),
    ];
    const sleep = world.clock.sleep;
    world.clock.sleep = async (ms) => {
      await sleep(ms);
      const next = looks.shift();
      if (next !== undefined) await write(world, next);
    };
    const { code, out } = await world.run('upgrade', 'status', 'staging', '--follow');
    expect(code).toBe(expected);
    const lines = out.split('\n').map((line) => line.replace('2026-11-19T21:05:00Z  ', ''));
    expect(lines).toEqual([
      'awaiting-approval  approval',
      'Waits for a decision until 2026-11-20T22:00:00Z:',
      `  caretaker upgrade approve staging --plan ${HASH}`,
      '  caretaker upgrade reject staging',
      'running  control-plane',
      '  cluster/staging  running',
      `${status}  ended  it-ended`,
      '  cluster/staging  done',
    ]);
  });

  it('waits for the record of a run that was just started', async () => {
    const world = createCliWorld();
    const sleep = world.clock.sleep;
    world.clock.sleep = async (ms) => {
      await sleep(ms);
      await write(world, record({ status: 'succeeded', phase: 'ended' }));
    };
    const { code } = await world.run('upgrade', 'status', 'staging', '--run', 'staging-1-35-1', '--follow');
    expect(code).toBe(0);
  });
});

describe('caretaker upgrade approve and reject', () => {
  it.each([HASH, HASH.slice(0, 12)])(
    'approves the plan %s that was read, under the full hash',
    async (plan) => {
      const world = await worldWith(record());
      const { code } = await world.run('upgrade', 'approve', 'staging', '--plan', plan);
      expect(code).toBe(0);
      expect(world.functions.calls).toEqual([
        ['succeed', 'callback-1', { decision: 'approve', planHash: HASH, by: 'anna' }],
      ]);
    },
  );

  it.each([
    ['another plan', 'f'.repeat(64)],
    ['a prefix that is too short to mean one plan', HASH.slice(0, 11)],
  ])('refuses %s with both hashes', async (_, plan) => {
    const world = await worldWith(record());
    const { code, err } = await world.run('upgrade', 'approve', 'staging', '--plan', plan);
    expect(code).toBe(3);
    expect(err).toContain(HASH);
    expect(err).toContain(plan);
    expect(world.functions.calls).toEqual([]);
  });

  it.each([
    ['approve', ['--plan', HASH]],
    ['reject', []],
  ])('%s is refused where the run does not wait for a decision', async (what, more) => {
    const world = await worldWith(record({ status: 'running', phase: 'control-plane' }));
    const { code, err } = await world.run('upgrade', what, 'staging', ...more);
    expect(code).toBe(3);
    expect(err).toContain('it is running, in phase control-plane');
    expect(world.functions.calls).toEqual([]);
  });

  it('rejects with who and why', async () => {
    const world = await worldWith(record());
    const { code } = await world.run('upgrade', 'reject', 'staging', '--reason', 'freeze');
    expect(code).toBe(0);
    expect(world.functions.calls).toEqual([
      ['fail', 'callback-1', { type: 'rejected', message: 'anna: freeze' }],
    ]);
  });
});

describe('caretaker upgrade stop', () => {
  it('writes the wish into the record and ends a run that waits for a decision at once', async () => {
    const world = await worldWith(record());
    const { code, out } = await world.run('upgrade', 'stop', 'staging');
    expect(code).toBe(0);
    expect(out).toContain('ends now');
    expect(world.functions.calls).toEqual([
      ['fail', 'callback-1', { type: 'stopped', message: 'anna asked to stop' }],
    ]);
    expect(await world.store.get({ pk: upgradePartition('staging'), sk: 'staging-1-35-1' })).toMatchObject({
      stopRequestedAt: '2026-11-19T22:00:00.000Z',
      stopRequestedBy: 'anna',
    });
  });

  it('says of a run under way that the update of EKS is waited for', async () => {
    const { status: _, callbackId: __, ...rest } = record();
    const world = await worldWith({ ...rest, status: 'running', phase: 'node-groups' });
    const { code, out } = await world.run('upgrade', 'stop', 'staging');
    expect(code).toBe(0);
    expect(out).toContain('cannot be cancelled');
    expect(world.functions.calls).toEqual([]);
  });

  it('keeps what the run writes in between', async () => {
    const world = await worldWith(record({ status: 'running', phase: 'control-plane' }));
    const original = world.store.write;
    let interfered = false;
    world.store.write = async (item, version) => {
      if (!interfered) {
        interfered = true;
        await original({ ...item, ...record({ status: 'running', phase: 'node-groups' }) }, version);
      }
      return original(item, version);
    };
    await world.run('upgrade', 'stop', 'staging');
    expect(await world.store.get({ pk: upgradePartition('staging'), sk: 'staging-1-35-1' })).toMatchObject({
      phase: 'node-groups',
      stopRequestedBy: 'anna',
    });
  });

  it('is refused where nothing is under way', async () => {
    const world = await worldWith(record({ status: 'succeeded', phase: 'ended' }));
    const { code, err } = await world.run('upgrade', 'stop', 'staging');
    expect(code).toBe(3);
    expect(err).toContain('has ended (succeeded)');
  });
});
