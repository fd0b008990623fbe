import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Mode } from '../../../../shared/core/mode.ts';
import { effectiveMode, MODE_KEY, readModeState, strictestMode } from '../../../../shared/core/mode.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const modes: readonly Mode[] = ['off', 'observe', 'act'];
const anyMode = fc.constantFrom(...modes);

describe('the effective mode', () => {
  it.each<[string, Parameters<typeof effectiveMode>, Mode]>([
    ['is observe where nothing else is said', [configured({}), {}], 'observe'],
    ['is act where everything says act', [configured({ globalMode: 'act' }), {}, 'staging'], 'act'],
    [
      'follows a stricter automation',
      [configured({ globalMode: 'act', automationMode: 'observe' }), {}],
      'observe',
    ],
    [
      'does not follow a laxer automation',
      [configured({ globalMode: 'observe', automationMode: 'act' }), {}],
      'observe',
    ],
    [
      'follows a stricter cluster',
      [configured({ globalMode: 'act', clusterModes: { staging: 'off' } }), {}, 'staging'],
      'off',
    ],
    [
      'is not touched by another cluster',
      [configured({ globalMode: 'act', clusterModes: { dev: 'off' } }), {}, 'staging'],
      'act',
    ],
    [
      'follows the kill switch in the state',
      [configured({ globalMode: 'act' }), { global: 'off' }, 'staging'],
      'off',
    ],
    [
      'follows the state of this automation',
      [configured({ globalMode: 'act' }), { automations: { 'spot-drain': 'observe' } }],
      'observe',
    ],
    [
      'ignores the state of another automation',
      [configured({ globalMode: 'act' }), { automations: { 'pod-cleanup': 'off' } }],
      'act',
    ],
    [
      'follows the state of this cluster',
      [configured({ globalMode: 'act' }), { clusters: { staging: 'observe' } }, 'staging'],
      'observe',
    ],
  ])('%s', (_title, args, expected) => {
    expect(effectiveMode(...args)).toBe(expected);
  });

  it('is never laxer than any of the modes that were set', () => {
    fc.assert(
      fc.property(fc.array(anyMode, { minLength: 1 }), (set) => {
        const result = modes.indexOf(strictestMode(...set));
        expect(result).toBe(Math.min(...set.map((mode) => modes.indexOf(mode))));
      }),
    );
  });

  it('reads an empty state where nobody set one, and what was set otherwise', async () => {
    const store = createMemoryStore(createFakeClock());
    expect(await readModeState(store)).toEqual({});
    await store.write({ ...MODE_KEY, modes: { global: 'off' } }, 0);
    expect(await readModeState(store)).toEqual({ global: 'off' });
  });
});

function configured(
  change: Partial<Parameters<typeof effectiveMode>[0]>,
): Parameters<typeof effectiveMode>[0] {
  return { automation: 'spot-drain', globalMode: 'observe', clusterModes: {}, ...change };
}
