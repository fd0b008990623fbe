const ONE_PAGE = 'page after the first: ';

/**
 * Members that a port may read and that no answer of the end-to-end tests has, and why: `<service> <Operation> <path>`.
 * Whether a port may read a member goes by its name alone, so some of these are never read.
 */
export const unsent: Readonly<Record<string, string>> = {
  'autoscaling DescribeAutoScalingGroups NextToken': `${ONE_PAGE}groups are asked for by name, 100 to a request and 100 to a page`,
  'ec2 DescribeInstances NextToken': `${ONE_PAGE}instances are asked for by id, 200 to a request, and no test has as many as fill a page of 1,000`,
  'ec2 DescribeSubnets NextToken': `${ONE_PAGE}subnets are asked for by id, those of one cluster, and none has as many as fill a page of 1,000`,
  'eks DescribeAddonVersions nextToken': `${ONE_PAGE}one add-on is asked for by name`,
  'eks DescribeClusterVersions nextToken': `${ONE_PAGE}EKS offers fewer versions than fill a page of 100`,
  'eks ListUpdates nextToken': `${ONE_PAGE}no test has a cluster, node group or add-on with more than 100 updates`,
  'eks DescribeCluster cluster.clientRequestToken':
    'no port reads it: the word is what updates are asked for with',
  'eks DescribeCluster cluster.id':
    'no port reads it, and EKS gives it to clusters on Outposts alone (EKS API reference, Cluster)',
  'eks UpdateClusterVersion update.errors.resourceIds':
    'an update that has just begun has no errors; DescribeUpdate answers them',
  'events PutEvents Entries.ErrorCode':
    'the embedded bus refuses no entry of the size and kind that our functions publish',
  'events PutEvents Entries.ErrorMessage':
    'the embedded bus refuses no entry of the size and kind that our functions publish',
};
