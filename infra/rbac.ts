import type { Entry, KubernetesRule } from '../shared/core/automation.ts';
import { kubernetesGroupOf } from './names.ts';

const API_GROUP = 'rbac.authorization.k8s.io';

interface Metadata {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ClusterRoleManifest {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1';
  readonly kind: 'ClusterRole';
  readonly metadata: Metadata;
  readonly rules: readonly KubernetesRule[];
}

export interface ClusterRoleBindingManifest {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1';
  readonly kind: 'ClusterRoleBinding';
  readonly metadata: Metadata;
  readonly roleRef: { readonly apiGroup: string; readonly kind: 'ClusterRole'; readonly name: string };
  readonly subjects: readonly { readonly apiGroup: string; readonly kind: 'Group'; readonly name: string }[];
}

export type RbacManifest = ClusterRoleManifest | ClusterRoleBindingManifest;

/** True for an entry that talks to a cluster's API server and so needs a ClusterRole and an access entry. */
export const needsKubernetes = (entry: Entry): boolean => entry.kubernetesRules.length > 0;

/**
 * A ClusterRole and its ClusterRoleBinding for every entry that has Kubernetes rules. The subject is the
 * group that the entry's access entry (or aws-auth mapping) puts its IAM role into.
 */
export const kubernetesManifests = (entries: readonly Entry[]): readonly RbacManifest[] =>
  entries.filter(needsKubernetes).flatMap((entry): RbacManifest[] => {
    const name = kubernetesGroupOf(entry.id);
    const metadata = { name, labels: { 'app.kubernetes.io/part-of': 'eks-caretaker' } };
    return [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata,
        rules: entry.kubernetesRules.map(({ apiGroups, resources, verbs }) => ({
          apiGroups: [...apiGroups],
          resources: [...resources],
          verbs: [...verbs],
        })),
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata,
        roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name },
        subjects: [{ apiGroup: API_GROUP, kind: 'Group', name }],
      },
    ];
  });

/** One item of `mapRoles` in the aws-auth ConfigMap. */
export interface AwsAuthRole {
  readonly rolearn: string;
  readonly username: string;
  readonly groups: readonly string[];
}

/**
 * What aws-auth has to hold for clusters in authentication mode CONFIG_MAP, which know no access entries.
 * `roleArnOf` answers an entry's IAM role; aws-auth wants it without a path, and the stack's have none.
 */
export const awsAuthRoles = (
  entries: readonly Entry[],
  roleArnOf: (entryId: string) => string,
): readonly AwsAuthRole[] =>
  entries.filter(needsKubernetes).map(({ id }) => ({
    rolearn: roleArnOf(id),
    username: `${kubernetesGroupOf(id)}:{{SessionName}}`,
    groups: [kubernetesGroupOf(id)],
  }));
