import { describe, expect, it } from '@jest/globals';
import { problemOf } from '../../../../functions/node-group-schedule/problems.ts';
import { RecordChangedError } from '../../../../functions/node-group-schedule/records.ts';
import { ClusterUnreachableError } from '../../../../shared/core/errors.ts';
import { KubernetesApiError, KubernetesConnectionError } from '../../../../shared/kubernetes/errors.ts';

const named = (name: string, message = name) => Object.assign(new Error(message), { name });
const api = (status: number, message = '') =>
  new KubernetesApiError({ status, reason: 'x', message, causes: [] });

describe('what an error means', () => {
  it.each<[string, unknown, string, boolean]>([
    ['a busy node group', named('ResourceInUseException'), 'none node-group-busy', false],
    ['throttling', named('InvalidRequestException', 'Request limit exceeded'), 'none throttled', false],
    ['another run', new RecordChangedError('web'), 'deferred record-changed', false],
    ['AWS saying no', named('AccessDeniedException'), 'none missing-right', true],
    ['the cluster saying no', api(403), 'none missing-right', true],
    [
      'the cluster saying no to every list of a drain',
      new ClusterUnreachableError('staging', 'answered 403 cannot list resource "pods" in API group ""'),
      'none missing-right',
      true,
    ],
    ['a cluster without address', new ClusterUnreachableError('a', 'b'), 'none cluster-unreachable', true],
    ['a lost connection', new KubernetesConnectionError('reset'), 'none cluster-unreachable', true],
    ['an ailing API server', api(500), 'none cluster-unreachable', true],
    ['anything else', new TypeError('x is undefined'), 'none step-failed', true],
    ['no error at all', 'text', 'none step-failed', true],
  ])('%s', (_what, error, verdict, fails) => {
    const problem = problemOf(error);
    expect(`${problem.action} ${problem.reason}`).toBe(verdict);
    expect(problem.fails).toBe(fails);
    expect(problem.detail.error).toEqual(expect.any(String));
  });

  it('names verb and resource of a right that is missing', () => {
    const error = api(403, 'nodes "a" is forbidden: User "x" cannot patch resource "nodes" in API group ""');
    expect(problemOf(error).detail).toMatchObject({ verb: 'patch', resource: 'nodes' });
  });
});
