import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PolicyRule } from '../../../../../infra/local/kubernetes/objects.ts';
import type { TestCluster } from './cluster.ts';
import { addPod, pods, startCluster } from './cluster.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startCluster();
});
afterEach(async () => {
  await cluster.close();
});

const group = 'eks-caretaker:spot-drain-worker';
const token = `user/worker/${group}`;

const grant = (rules: readonly PolicyRule[], subject = { kind: 'Group', name: group }) => {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'worker' };
  cluster.kubernetes.objects.create('clusterroles', { metadata: { name: 'worker' }, rules });
  cluster.kubernetes.objects.create('clusterrolebindings', {
    metadata: { name: 'worker' },
    roleRef,
    subjects: [subject],
  });
};
const core = (resources: readonly string[], verbs: readonly string[]) => ({
  apiGroups: [''],
  resources,
  verbs,
});

describe('authorization', () => {
  it.each([
    [
      'GET',
      '/api/v1/nodes/n1',
      'nodes "n1" is forbidden: User "worker" cannot get resource "nodes" in API group "" at the cluster scope',
      { name: 'n1', kind: 'nodes' },
    ],
    [
      'GET',
      pods,
      'pods is forbidden: User "worker" cannot list resource "pods" in API group "" in the namespace "default"',
      { kind: 'pods' },
    ],
    [
      'GET',
      '/api/v1/pods?fieldSelector=metadata.name%3Da',
      'pods "a" is forbidden: User "worker" cannot list resource "pods" in API group "" at the cluster scope',
      { name: 'a', kind: 'pods' },
    ],
    [
      'GET',
      '/apis/apps/v1/namespaces/default/deployments/x/scale',
      'deployments.apps "x" is forbidden: User "worker" cannot get resource "deployments/scale" in API group "apps" in the namespace "default"',
      { name: 'x', group: 'apps', kind: 'deployments' },
    ],
    [
      'POST',
      `${pods}/a/eviction`,
      'pods "a" is forbidden: User "worker" cannot create resource "pods/eviction" in API group "" in the namespace "default"',
      { name: 'a', kind: 'pods' },
    ],
    ['GET', '/metrics', 'forbidden: User "worker" cannot get path "/metrics"', {}],
  ])('refuses %s %s in the real words', async (method, path, message, details) => {
    const answer = await cluster.call(method, path, { token });
    expect(answer).toMatchObject({ status: 403, body: { reason: 'Forbidden', code: 403 } });
    expect([answer.body.message, answer.body.details]).toEqual([message, details]);
  });

  it('allows what a bound role names, and a subresource only by its own name', async () => {
    addPod(cluster, 'a');
    grant([core(['pods'], ['get', 'list', 'create'])]);
    expect((await cluster.call('GET', `${pods}/a`, { token })).status).toBe(200);
    const body = { metadata: { name: 'a' } };
    expect((await cluster.call('POST', `${pods}/a/eviction`, { token, body })).status).toBe(403);
    cluster.kubernetes.objects.remove('clusterroles', undefined, 'worker');
    expect((await cluster.call('GET', `${pods}/a`, { token })).status).toBe(403);
  });

  it.each([
    ['every verb', [core(['pods'], ['*'])], true],
    ['every resource', [core(['*'], ['delete'])], true],
    ['every group', [{ apiGroups: ['*'], resources: ['pods'], verbs: ['delete'] }], true],
    ['another group', [{ apiGroups: ['apps'], resources: ['pods'], verbs: ['delete'] }], false],
    ['this name', [{ ...core(['pods'], ['delete']), resourceNames: ['a'] }], true],
    ['another name', [{ ...core(['pods'], ['delete']), resourceNames: ['b'] }], false],
    ['another verb', [core(['pods'], ['get'])], false],
  ])('by a rule for %s', async (_what, rules, allowed) => {
    addPod(cluster, 'a');
    grant(rules);
    expect((await cluster.call('DELETE', `${pods}/a`, { token })).status).toBe(allowed ? 200 : 403);
  });

  it.each([
    [{ kind: 'User', name: 'worker' }, 200],
    [{ kind: 'User', name: 'somebody' }, 403],
    [{ kind: 'Group', name: 'system:authenticated' }, 200],
    [{ kind: 'Group', name: 'eks-caretaker:pod-cleanup' }, 403],
  ])('for the subject %j answers %i', async (subject, status) => {
    addPod(cluster, 'a');
    grant([core(['pods'], ['get'])], subject);
    expect((await cluster.call('GET', `${pods}/a`, { token })).status).toBe(status);
  });

  it('answers can-i questions, also those of an impersonated group', async () => {
    grant([core(['pods/eviction'], ['create'])]);
    const body = {
      spec: {
        resourceAttributes: { verb: 'create', resource: 'pods', subresource: 'eviction', namespace: 'shop' },
      },
    };
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const ask = async (options: object) =>
      (await cluster.call('POST', path, { body, ...options })).body.status;
    const reason = expect.stringMatching(
      /^RBAC: allowed by ClusterRoleBinding ".+" of ClusterRole ".+" to Group ".+"$/,
    );
    expect(await ask({ token })).toEqual({ allowed: true, reason });
    expect(await ask({})).toEqual({ allowed: true });
    expect(await ask({ token: 'user/stranger' })).toEqual({ allowed: false });
    const headers = { 'impersonate-user': 'worker', 'impersonate-group': [group] };
    expect(await ask({ headers })).toEqual({ allowed: true, reason });
    expect((await cluster.call('POST', path, { body, token, headers })).status).toBe(403);
  });
});
