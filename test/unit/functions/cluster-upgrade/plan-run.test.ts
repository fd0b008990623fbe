import { describe, expect, it } from '@jest/globals';
import { runPlan } from '../../../../functions/cluster-upgrade/plan-run.ts';
import { KubernetesConnectionError } from '../../../../shared/kubernetes/errors.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';
import type { UpgradeSetup } from '../../../fixtures/upgrade-run.ts';
import { setUpUpgrade } from '../../../fixtures/upgrade-run.ts';

const plan = async (setup: UpgradeSetup, options: { cluster?: string; remainingMs?: number } = {}) => {
  const call = createTestCall({
    automation: 'cluster-upgrade',
    clock: setup.clock,
    store: setup.store,
    remainingMs: options.remainingMs ?? 900_000,
  });
  await runPlan(setup.deps, { action: 'plan', cluster: options.cluster ?? 'staging', version: '1.35' }, call);
  return call;
};

describe('planning', () => {
  it('answers plan, hash and checks, and changes nothing in any mode', async () => {
    const setup = setUpUpgrade();
    const { verdicts } = await plan(setup);
    expect(verdicts).toHaveLength(1);
    expect(verdicts[0]).toMatchObject({
      cluster: 'staging',
      target: 'cluster/staging',
      action: 'plan',
      reason: 'ready',
      mode: 'observe',
      detail: {
        planHash: await setup.planHash(),
        blockedBy: [],
        plan: { format: 1, fromVersion: '1.34', toVersion: '1.35' },
        markdown: expect.stringContaining('## Steps'),
      },
    });
    expect(setup.world.requests).toEqual([]);
  });

  it('makes the hash that a start is compared with', async () => {
    const setup = setUpUpgrade();
    const first = (await plan(setup)).verdicts[0]?.detail?.planHash;
    setup.clock.advance(86_400_000);
    expect((await plan(setup)).verdicts[0]?.detail?.planHash).toBe(first);
  });

  it('answers blocked with the checks that block', async () => {
    const setup = setUpUpgrade();
    setup.world.insights.length = 0;
    expect((await plan(setup)).verdicts[0]).toMatchObject({
      action: 'plan',
      reason: 'blocked',
      detail: { blockedBy: ['insights'] },
    });
  });

  it('waits for the refresh of the insights', async () => {
    const setup = setUpUpgrade();
    const statuses = ['IN_PROGRESS', 'IN_PROGRESS', 'COMPLETED'];
    setup.deps.ports.insights.refreshStatus = async () => statuses.shift() ?? 'COMPLETED';
    expect((await plan(setup)).verdicts[0]?.reason).toBe('ready');
    expect(setup.clock.slept).toEqual([5_000, 5_000]);
  });

  it('is blocked where the refresh takes longer than the invocation may', async () => {
    const setup = setUpUpgrade();
    setup.deps.ports.insights.refreshStatus = async () => 'IN_PROGRESS';
    expect((await plan(setup, { remainingMs: 90_000 })).verdicts[0]).toMatchObject({
      reason: 'blocked',
      detail: { blockedBy: ['insights'] },
    });
  });

  it.each([
    ['other', 'unknown-cluster'],
    ['ghost', 'cluster-not-found'],
  ])('of cluster %s ends with %s', async (cluster, reason) => {
    const { verdicts } = await plan(setUpUpgrade(), { cluster });
    expect(verdicts).toMatchObject([{ action: 'none', reason }]);
  });

  it('is refused in mode off', async () => {
    const setup = setUpUpgrade();
    setup.setMode('off');
    expect((await plan(setup)).verdicts).toMatchObject([{ action: 'none', reason: 'mode-off', mode: 'off' }]);
  });

  it.each([
    [new KubernetesConnectionError('GET /api/v1/nodes got no answer'), 'cluster-unreachable'],
    [Object.assign(new Error('eks:ListInsights'), { name: 'AccessDeniedException' }), 'missing-right'],
  ])('after %s says so and fails the invocation', async (error, reason) => {
    const setup = setUpUpgrade();
    setup.deps.ports.inside.nodes = () => Promise.reject(error);
    const call = await plan(setup);
    expect(call.verdicts).toMatchObject([
      { action: 'none', reason, detail: { message: expect.any(String) } },
    ]);
    expect(call.failures).toEqual([error]);
  });

  it('fails as it is after an error that nobody foresaw', async () => {
    const setup = setUpUpgrade();
    setup.deps.ports.inside.nodes = () => Promise.reject(new TypeError('a defect'));
    await expect(plan(setup)).rejects.toThrow('a defect');
  });
});
