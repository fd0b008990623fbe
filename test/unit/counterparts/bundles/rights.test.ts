import { describe, expect, it } from '@jest/globals';
import {
  nameOf,
  refusalOf,
  shippedRights,
  verdictsNaming,
} from '../../../counterparts/bundles/support/rights.ts';
import { only } from '../../../e2e/support/scene.ts';

const right = { entryId: 'spot-drain-worker', verb: 'create', resource: 'pods/eviction' };
const verdict = (words: string) => ({
  automation: 'spot-drain' as const,
  target: 'node/a',
  action: 'none',
  reason: 'missing-right',
  mode: 'act' as const,
  at: '2026-11-21T12:00:00Z',
  detail: { error: words },
});

describe('rights one by one', () => {
  it('are those of the shipped roles', () => {
    expect(shippedRights(only('clusterUpgrade')).map(nameOf)).toEqual([
      'cluster-upgrade-plan: list nodes',
      'cluster-upgrade: list nodes',
      'cluster-upgrade: list pods',
      'cluster-upgrade: list poddisruptionbudgets',
    ]);
  });

  it('are found in the API server’s words, also within JSON', () => {
    const words = 'User "x" cannot create resource "pods/eviction" in API group ""';
    expect(refusalOf(right).test(words)).toBe(true);
    expect(refusalOf(right).test(JSON.stringify({ error: words }))).toBe(true);
    expect(verdictsNaming([verdict(words), verdict('no answer')], right)).toHaveLength(1);
  });

  it.each(['cannot create resource "pods"', 'cannot list resource "pods/eviction"', ''])(
    'are not found in %j',
    (words) => {
      expect(verdictsNaming([verdict(words)], right)).toEqual([]);
    },
  );
});
