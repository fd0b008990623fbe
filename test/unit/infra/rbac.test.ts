import { describe, expect, it } from '@jest/globals';
import { awsAuthRoles, kubernetesManifests } from '../../../infra/rbac.ts';
import type { Entry } from '../../../shared/core/automation.ts';

const entry = (id: string, kubernetesRules: Entry['kubernetesRules']): Entry => ({
  id,
  handler: 'handler',
  description: id,
  trigger: { kind: 'manual' },
  statements: [],
  kubernetesRules,
  uses: [],
  memoryMb: 128,
  timeoutSeconds: 10,
});
const worker = entry('spot-drain-worker', [
  { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'patch'] },
  { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
]);
const findings = entry('ecr-rescan-findings', []);

describe('Kubernetes manifests', () => {
  it('are a ClusterRole with exactly the rules of the entry, bound to its group', () => {
    const labels = { 'app.kubernetes.io/part-of': 'eks-caretaker' };
    const name = 'eks-caretaker:spot-drain-worker';
    expect(kubernetesManifests([worker])).toEqual([
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name, labels },
        rules: worker.kubernetesRules,
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name, labels },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name }],
      },
    ]);
  });

  it('leave out an entry that does not talk to Kubernetes', () => {
    expect(kubernetesManifests([findings])).toEqual([]);
    expect(awsAuthRoles([findings], () => 'arn')).toEqual([]);
  });
});

describe('aws-auth', () => {
  it('maps the role to the same group as the access entry would', () => {
    expect(awsAuthRoles([worker, findings], (id) => `arn:aws:iam::111122223333:role/${id}`)).toEqual([
      {
        rolearn: 'arn:aws:iam::111122223333:role/spot-drain-worker',
        username: 'eks-caretaker:spot-drain-worker:{{SessionName}}',
        groups: ['eks-caretaker:spot-drain-worker'],
      },
    ]);
  });
});
