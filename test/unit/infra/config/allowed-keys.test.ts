import { describe, expect, it } from '@jest/globals';
import { allowedKeysAt } from '../../../../infra/config/allowed-keys.ts';

describe('the keys that may stand in caretaker.yaml', () => {
  it.each<[string, (string | number)[], string]>([
    ['at the top', [], 'clusters'],
    ['in a section', ['podCleanup'], 'minimumAgeMinutes'],
    ['in an entry of a list, whichever', ['clusters', 7], 'name'],
    ['under a name of the user’s own', ['spotDrain', 'clusters', 'staging'], 'policy'],
    ['below that', ['spotDrain', 'clusters', 'staging', 'policy'], 'rebalance'],
  ])('%s', (_where, path, key) => {
    expect(allowedKeysAt(path)).toContain(key);
  });

  it.each<[string, (string | number)[]]>([
    ['where a text stands', ['mode']],
    ['where nothing is known', ['nonsense', 'deeper']],
    ['for the name of an inherited property', ['constructor']],
    ['where a list of texts is', ['spotDrain', 'lifecycleHooks', 0]],
  ])('are none %s', (_where, path) => {
    expect(allowedKeysAt(path)).toEqual([]);
  });
});
