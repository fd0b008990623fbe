import { describe, expect, it } from '@jest/globals';
import type { AuditedCall } from '../../../counterparts/bundles/support/audit.ts';
import { acceptedOnce, answersByUid } from '../../../counterparts/bundles/support/evictions.ts';

const eviction = (uid: string, code: number): AuditedCall => ({
  verb: 'create',
  resource: 'pods/eviction',
  namespace: 'shop',
  name: uid,
  code,
  group: 'eks-caretaker:spot-drain-worker',
  at: 0,
  requestUri: '',
  body: { deleteOptions: { preconditions: { uid } } },
});
const pods = ['a', 'b'].map((uid) => ({
  metadata: { name: uid, uid, resourceVersion: '1' },
  spec: {},
  status: {},
}));

describe('what the API server answered to evictions', () => {
  it('is one yes for each pod, however often a budget said no before', () => {
    const calls = [eviction('a', 429), eviction('a', 429), eviction('a', 201), eviction('b', 201)];
    expect(answersByUid(calls)).toEqual(acceptedOnce(pods));
  });

  it.each([
    ['a pod evicted twice', [eviction('a', 201), eviction('b', 201), eviction('a', 201)]],
    ['a pod that is asked for when it is gone', [eviction('a', 201), eviction('b', 201), eviction('b', 404)]],
    ['a pod that is forgotten', [eviction('a', 201), eviction('b', 429)]],
  ])('shows %s', (_what, calls) => {
    expect(answersByUid(calls)).not.toEqual(acceptedOnce(pods));
  });
});
