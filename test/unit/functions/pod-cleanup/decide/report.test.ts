import { describe, expect, it } from '@jest/globals';
import type { Pile } from '../../../../../functions/pod-cleanup/decide/report.ts';
import { createTally, pileOf, toldDeletes } from '../../../../../functions/pod-cleanup/decide/report.ts';
import type { Mode } from '../../../../../shared/core/mode.ts';

const verdict = (reason: string, target = 'pod/shop/cart-0', action: 'none' | 'delete' = 'none') => ({
  target,
  action,
  reason,
  mode: 'act' as const,
});

describe('the report of a run', () => {
  it('counts by pile, by reason and by namespace', () => {
    const tally = createTally();
    tally.add(verdict('terminated', 'pod/shop/a', 'delete'));
    tally.add(verdict('terminated', 'pod/shop/b', 'delete'));
    tally.add(verdict('job-pod', 'pod/shop/c'));
    tally.add(verdict('namespace-share-exceeded', 'pod/web/d'));
    tally.add(verdict('run-budget-used', 'pod/web/e'));
    tally.add(verdict('delete-failed', 'pod/web/f'));
    tally.ignore(3);
    expect(tally.report()).toEqual({
      listed: 9,
      deleted: 2,
      wouldDelete: 0,
      kept: 1,
      refused: 1,
      postponed: 1,
      failed: 1,
      reasons: {
        terminated: 2,
        'job-pod': 1,
        'namespace-share-exceeded': 1,
        'run-budget-used': 1,
        'delete-failed': 1,
      },
      namespaces: { shop: { deleted: 2, kept: 1 }, web: { refused: 1, postponed: 1, failed: 1 } },
    });
  });

  it('shows the fifty namespaces with the most pods, and how many more there are', () => {
    const tally = createTally();
    for (let index = 0; index < 60; index++) {
      for (let pod = 0; pod <= index; pod++) tally.add(verdict('job-pod', `pod/n${index}/p${pod}`));
    }
    const { namespaces, otherNamespaces, listed } = tally.report();
    expect(Object.keys(namespaces)).toHaveLength(50);
    expect(Object.keys(namespaces)[0]).toBe('n59');
    expect(otherNamespaces).toBe(10);
    expect(listed).toBe((60 * 61) / 2);
  });

  it('says nothing of others where fifty namespaces are all', () => {
    const tally = createTally();
    for (let index = 0; index < 50; index++) tally.add(verdict('job-pod', `pod/n${index}/p`));
    expect(tally.report()).not.toHaveProperty('otherNamespaces');
  });

  it('names the reasons and namespaces with the most pods first, equal namespaces by name', () => {
    const tally = createTally();
    for (const namespace of ['c', 'a', 'd', 'b']) tally.add(verdict('job-pod', `pod/${namespace}/p`));
    for (const name of ['p', 'q']) tally.add(verdict('too-young', `pod/e/${name}`));
    for (const name of ['p', 'q', 'r', 's', 't']) tally.add(verdict('evicted', `pod/f/${name}`));
    const { reasons, namespaces } = tally.report();
    expect(Object.keys(reasons)).toEqual(['evicted', 'job-pod', 'too-young']);
    expect(Object.keys(namespaces)).toEqual(['f', 'e', 'a', 'b', 'c', 'd']);
  });

  it.each<[string, Pile]>([
    ['too-young', 'kept'],
    ['pod-opted-out', 'kept'],
    ['already-gone', 'kept'],
    ['namespace-share-exceeded', 'refused'],
    ['namespace-not-counted-yet', 'postponed'],
    ['run-budget-used', 'postponed'],
    ['server-busy', 'postponed'],
    ['delete-failed', 'failed'],
    ['delete-denied', 'kept'],
    ['changed-meanwhile', 'postponed'],
    ['out-of-time', 'postponed'],
    ['mode-changed', 'postponed'],
    ['missing-right', 'failed'],
    ['cluster-unreachable', 'failed'],
  ])('puts %s to what was %s', (reason, pile) => {
    expect(pileOf(verdict(reason))).toBe(pile);
  });

  it('does not count as deleted what a mode kept from being carried out', () => {
    const tally = createTally();
    const target = 'pod/shop/a';
    tally.add({ target, action: 'delete', reason: 'terminated', mode: 'act' });
    tally.add({ target, action: 'delete', reason: 'terminated', mode: 'observe' });
    // Of a look that nobody would carry out.
    tally.add({ target, action: 'delete', reason: 'terminated' });
    expect(tally.report()).toMatchObject({
      listed: 3,
      deleted: 1,
      wouldDelete: 2,
      namespaces: { shop: { deleted: 1, wouldDelete: 2 } },
    });
  });

  it.each<[Mode, number, number, object]>([
    ['act', 0, 0, { deleted: 0 }],
    ['act', 2, 1, { deleted: 2, wouldDelete: 1 }],
    ['observe', 0, 0, { wouldDelete: 0 }],
    ['observe', 2, 1, { deleted: 2, wouldDelete: 1 }],
    ['off', 2, 0, { deleted: 2 }],
    ['off', 0, 0, {}],
  ])(
    'of a run that ends in mode %s tells of %i deletes and %i others as %j',
    (mode, deleted, wouldDelete, told) => {
      expect(toldDeletes(mode, { deleted, wouldDelete })).toEqual(told);
    },
  );
});
