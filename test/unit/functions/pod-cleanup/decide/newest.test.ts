import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createNewestPods } from '../../../../../functions/pod-cleanup/decide/newest.ts';
import { podOf } from '../support.ts';

const pod = (owner: string | undefined, name: string, namespace = 'shop') =>
  podOf({ namespace, name, ...(owner === undefined ? {} : { owner: { kind: 'ReplicaSet', name: owner } }) });

const anyPods = fc.uniqueArray(
  fc.record({
    owner: fc.constantFrom('a', 'b', 'c'),
    name: fc.stringMatching(/^[a-z]{1,3}$/),
    failedAt: fc.nat(20),
  }),
  { selector: ({ name }) => name, maxLength: 60 },
);

describe('the newest pods of an owner', () => {
  it('are as many as asked for, of every owner, whatever the order in which pods come', () => {
    fc.assert(
      fc.property(anyPods, fc.integer({ min: 0, max: 5 }), (pods, keep) => {
        const newest = createNewestPods(keep);
        for (const { owner, name, failedAt } of pods) newest.add(pod(owner, name), failedAt);
        for (const owner of ['a', 'b', 'c']) {
          const own = pods
            .filter((each) => each.owner === owner)
            .sort((x, y) => y.failedAt - x.failedAt || (x.name > y.name ? -1 : 1));
          const kept = own.filter(({ name, failedAt }) => newest.has(pod(owner, name), failedAt));
          expect(kept).toEqual(own.slice(0, keep));
        }
        expect(newest.countIn('shop')).toBe(
          ['a', 'b', 'c'].reduce(
            (sum, owner) => sum + Math.min(keep, pods.filter((each) => each.owner === owner).length),
            0,
          ),
        );
      }),
    );
  });

  it('are the same where a list that began again brings pods twice', () => {
    const newest = createNewestPods(2);
    for (const name of ['p1', 'p2', 'p3', 'p3', 'p2', 'p1'])
      newest.add(pod('a', name), Number(name.slice(1)));
    expect(['p1', 'p2', 'p3'].filter((name) => newest.has(pod('a', name), Number(name.slice(1))))).toEqual([
      'p2',
      'p3',
    ]);
  });

  it('are kept where the owner or the pod has come since they were counted', () => {
    const newest = createNewestPods(1);
    newest.add(pod('a', 'p1'), 5);
    expect(newest.has(pod('a', 'p2'), 6)).toBe(true);
    expect(newest.has(pod('a', 'p0'), 4)).toBe(false);
    expect(newest.has(pod('new', 'p9'), 1)).toBe(true);
  });

  it('do not count where no time is known, and do not exist without an owner', () => {
    const newest = createNewestPods(1);
    newest.add(pod('a', 'p1'), 5);
    newest.add(pod('a', 'p2'), undefined);
    newest.add(pod(undefined, 'bare'), 9);
    expect(newest.has(pod('a', 'p1'), 5)).toBe(true);
    expect(newest.has(pod('a', 'p2'), undefined)).toBe(false);
    expect(newest.has(pod(undefined, 'bare'), 9)).toBe(false);
  });

  it('are kept as long as there are fewer than asked for, old ones too', () => {
    const newest = createNewestPods(2);
    newest.add(pod('a', 'p5'), 5);
    expect(newest.has(pod('a', 'p1'), 1)).toBe(true);
  });

  it('are two where a pod of the same name failed again', () => {
    const newest = createNewestPods(2);
    newest.add(pod('web', 'web-0'), 1);
    newest.add(pod('web', 'web-0'), 5);
    expect(newest.countIn('shop')).toBe(2);
    expect(newest.has(pod('web', 'web-1'), 0)).toBe(false);
  });

  it('are not counted where no pod has an owner', () => {
    const newest = createNewestPods(2);
    newest.add(pod(undefined, 'bare'), 1);
    expect(newest.countIn('shop')).toBe(0);
  });

  it('are counted by namespace', () => {
    const newest = createNewestPods(2);
    newest.add(pod('a', 'p1'), 1);
    newest.add(pod('a', 'p2'), 2);
    newest.add(pod('a', 'p3'), 3);
    newest.add(pod('b', 'q1', 'web'), 1);
    expect([newest.countIn('shop'), newest.countIn('web'), newest.countIn('none')]).toEqual([2, 1, 0]);
  });
});
