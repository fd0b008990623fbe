import { describe, expect, it } from '@jest/globals';
import { changeMode } from '../../../../../infra/cli/commands/mode.ts';
import { readModeState } from '../../../../../shared/core/mode.ts';
import { createCliWorld } from '../run-cli.ts';

describe('caretaker mode', () => {
  it('says that nothing is set', async () => {
    const { code, out } = await createCliWorld().run('mode', 'show');
    expect(code).toBe(0);
    expect(out).toContain('the configured ones hold');
  });

  it('sets, shows and clears the modes that the functions read before every mutating step', async () => {
    const world = createCliWorld();
    await world.run('mode', 'set', 'observe');
    await world.run('mode', 'set', 'off', '--automation', 'spot-drain');
    const { out } = await world.run('mode', 'set', 'off', '--cluster', 'staging');
    expect(out.split('\n').slice(1, 4)).toEqual([
      'everything             observe',
      'automation spot-drain  off',
      'cluster staging        off',
    ]);
    expect(await readModeState(world.store)).toEqual({
      global: 'observe',
      automations: { 'spot-drain': 'off' },
      clusters: { staging: 'off' },
    });
    await world.run('mode', 'clear');
    await world.run('mode', 'clear', '--cluster', 'staging');
    expect(await readModeState(world.store)).toEqual({ automations: { 'spot-drain': 'off' }, clusters: {} });
  });

  it('refuses an automation and a cluster at once, and changes nothing', async () => {
    const world = createCliWorld();
    const { code } = await world.run(
      'mode',
      'set',
      'off',
      '--automation',
      'spot-drain',
      '--cluster',
      'staging',
    );
    expect(code).toBe(2);
    expect(world.store.items()).toEqual([]);
  });

  it("keeps somebody else's change that comes in between", async () => {
    const world = createCliWorld();
    const write = world.store.write;
    let interfered = false;
    world.store.write = async (item, version) => {
      if (!interfered) {
        interfered = true;
        await write({ pk: 'mode', sk: 'state', modes: { global: 'off' } }, 0);
      }
      return write(item, version);
    };
    await world.run('mode', 'set', 'off', '--cluster', 'staging');
    expect(await readModeState(world.store)).toEqual({
      global: 'off',
      automations: {},
      clusters: { staging: 'off' },
    });
  });

  it('clearing undoes setting', () => {
    const state = {
      global: 'observe',
      automations: { 'spot-drain': 'off' },
      clusters: { a: 'off' },
    } as const;
    for (const scope of [{}, { automation: 'pod-cleanup' }, { cluster: 'b' }] as const) {
      const set = changeMode(state, scope, 'off');
      expect(set).not.toEqual(state);
      const cleared = changeMode(set, scope, undefined);
      expect(cleared).toEqual(
        'automation' in scope || 'cluster' in scope ? state : { ...state, global: undefined },
      );
    }
  });
});
