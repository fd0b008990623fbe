import { describe, expect, it } from '@jest/globals';
import type { WatchEvent } from '../../../counterparts/bundles/support/pod-watch.ts';
import { fewestHealthy } from '../../../counterparts/bundles/support/pod-watch.ts';

const pod = (name: string, state: { ready?: boolean; leaving?: boolean; app?: string } = {}) => ({
  metadata: {
    name,
    uid: name,
    resourceVersion: '1',
    labels: { app: state.app ?? 'web' },
    ...(state.leaving ? { deletionTimestamp: '2026-11-21T12:00:00Z' } : {}),
  },
  spec: {},
  status: { conditions: [{ type: 'Ready', status: state.ready === false ? 'False' : 'True' }] },
});
const added = (name: string, state = {}): WatchEvent => ({ type: 'ADDED', object: pod(name, state) });
const changed = (name: string, state = {}): WatchEvent => ({ type: 'MODIFIED', object: pod(name, state) });
const gone = (name: string): WatchEvent => ({ type: 'DELETED', object: pod(name) });

const both = [added('a'), added('b')];

describe('the fewest healthy pods at any moment', () => {
  it.each<[string, readonly WatchEvent[], number]>([
    ['nothing happens', both, 2],
    ['one is asked to go', [...both, changed('a', { leaving: true })], 1],
    ['one goes and another comes', [...both, gone('a'), added('c')], 1],
    ['another comes before one goes', [...both, added('c'), gone('a')], 2],
    ['one is no longer Ready for a moment', [...both, changed('a', { ready: false }), changed('a')], 1],
    ['both go', [...both, changed('a', { leaving: true }), changed('b', { leaving: true }), added('c')], 0],
    ['one of another app goes', [...both, added('x', { app: 'db' }), gone('x')], 2],
    ['they are only starting', [added('a', { ready: false }), added('b'), changed('a')], 2],
  ])('%s', (_what, events, fewest) => {
    expect(fewestHealthy(events, 'web', 2)).toBe(fewest);
  });
});
