import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { kubernetesGroupOf } from '../names.ts';

/**
 * Lets an entry's role into clusters, as a member of its own Kubernetes group and nothing more: what the
 * group may do is said by the ClusterRoles that `caretaker rbac` prints. Clusters in authentication mode
 * CONFIG_MAP know no access entries and must be left out (`-c configMapClusters=a,b`).
 */
export class AccessEntries extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { entryId: string; role: IRole; clusters: readonly string[] },
  ) {
    super(scope, id);
    for (const cluster of props.clusters) {
      new CfnAccessEntry(this, cluster, {
        clusterName: cluster,
        principalArn: props.role.roleArn,
        kubernetesGroups: [kubernetesGroupOf(props.entryId)],
        type: 'STANDARD',
      });
    }
  }
}
