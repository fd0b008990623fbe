import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WorldClock } from '../../../../../infra/local/clock.ts';
import { createWorldClock } from '../../../../../infra/local/clock.ts';
import type { ObjectStore } from '../../../../../infra/local/kubernetes/store.ts';
import { createStore } from '../../../../../infra/local/kubernetes/store.ts';

let clock: WorldClock;
let store: ObjectStore;
beforeEach(() => {
  clock = createWorldClock(Date.parse('2026-03-02T22:00:00Z'));
  store = createStore(clock, 'staging');
});
afterEach(() => {
  clock.stop();
});

const create = (name: string, namespace = 'default') =>
  store.create('configmaps', { metadata: { name, namespace }, data: {} });

describe('the store', () => {
  it('gives the same uids and names in every run', () => {
    const other = createStore(clock, 'staging');
    const make = (one: ObjectStore) => {
      const { name, uid } = one.create('configmaps', { metadata: { generateName: 'a-' } }).metadata;
      return { name, uid };
    };
    expect(make(store)).toEqual(make(other));
    expect(make(store)).not.toEqual(make(createStore(clock, 'production')));
  });

  it('keeps a creation time and a status that it is given', () => {
    const pod = store.create('pods', {
      metadata: { name: 'a', creationTimestamp: '2026-03-01T00:00:00Z' },
      spec: { containers: [] },
      status: { phase: 'Failed', reason: 'Terminated' },
    });
    expect(pod).toMatchObject({
      metadata: { creationTimestamp: '2026-03-01T00:00:00Z' },
      status: { phase: 'Failed', reason: 'Terminated' },
    });
  });

  it('lists in the order of keys, whatever came and went', () => {
    for (const name of ['d', 'b', 'a']) create(name);
    expect(store.list('configmaps').map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'd']);
    store.remove('configmaps', 'default', 'b');
    create('c');
    create('b');
    create('a', 'another');
    const keys = store.list('configmaps').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(keys).toEqual(['another/a', 'default/a', 'default/b', 'default/c', 'default/d']);
  });

  it('a list that was handed out does not change any more', () => {
    create('a');
    const before = store.list('configmaps');
    create('b');
    expect(before).toHaveLength(1);
  });

  it('counts a revision for every change and none for an update that changes nothing', () => {
    const object = create('a');
    const { revision } = store;
    expect(store.update('configmaps', object)).toBe(object);
    expect(store.revision).toBe(revision);
    store.update('configmaps', { ...object, data: { key: 'value' } });
    store.remove('configmaps', 'default', 'a');
    expect(store.revision).toBe(revision + 2);
  });

  it('tells listeners in the order of changes, even when one of them writes', () => {
    const seen: string[] = [];
    store.watch(({ type, object }) => {
      if (type === 'ADDED' && object.metadata.name === 'a') create('b');
    });
    const stop = store.watch(({ type, object }) => seen.push(`${type} ${object.metadata.name}`));
    create('a');
    store.remove('configmaps', 'default', 'b');
    stop();
    store.remove('configmaps', 'default', 'a');
    expect(seen).toEqual(['ADDED a', 'ADDED b', 'DELETED b']);
  });

  it('knows what was at an earlier revision, until it has forgotten', () => {
    const past: { revision: number; content: unknown }[] = [];
    const remember = () =>
      past.push({ revision: store.revision, content: structuredClone(store.list('configmaps')) });
    remember();
    for (const name of ['b', 'a', 'c']) {
      create(name);
      remember();
    }
    const a = store.get('configmaps', 'default', 'a');
    if (a === undefined) throw new Error('no a');
    store.update('configmaps', { ...a, data: { changed: 'yes' } });
    remember();
    store.remove('configmaps', 'default', 'a');
    remember();
    create('a');
    remember();
    for (const { revision, content } of past) expect(store.listAt('configmaps', revision)).toEqual(content);
    for (let index = 0; index < 20_001; index++) create(`more-${index}`);
    expect(store.listAt('configmaps', 1)).toBeUndefined();
  });

  it('finds pods by node and objects by owner, and loses them when they go', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u-1', controller: true };
    const pod = store.create('pods', {
      metadata: { name: 'a', ownerReferences: [owner] },
      spec: { containers: [] },
    });
    expect([store.podsOn('n1'), store.ownedBy('pods', 'u-1')]).toEqual([[], [pod]]);
    const bound = store.update('pods', { ...pod, spec: { ...pod.spec, nodeName: 'n1' } });
    expect(store.podsOn('n1')).toEqual([bound]);
    store.remove('pods', 'default', 'a');
    expect([store.podsOn('n1'), store.ownedBy('pods', 'u-1')]).toEqual([[], []]);
  });

  it('refuses a name twice and an update of what is not there', () => {
    const object = create('a');
    expect(() => create('a')).toThrow('configmaps "a" already exists');
    store.remove('configmaps', 'default', 'a');
    expect(() => store.update('configmaps', object)).toThrow('configmaps "a" not found');
  });
});
