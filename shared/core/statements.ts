import type { IamStatement, Scope } from './automation.ts';

/** IAM statements that several entries need, each as narrow as its ARNs allow. */

export const tableStatement = (scope: Scope): IamStatement => ({
  actions: [
    'dynamodb:GetItem',
    'dynamodb:Query',
    'dynamodb:PutItem',
    'dynamodb:DeleteItem',
    'dynamodb:BatchWriteItem',
  ],
  resources: [scope.tableArn],
});

/** For an entry that owns no items: it reads the modes and writes the journal. */
export const journalStatement = (scope: Scope): IamStatement => ({
  actions: ['dynamodb:GetItem', 'dynamodb:BatchWriteItem'],
  resources: [scope.tableArn],
});

export const topicStatement = (scope: Scope): IamStatement => ({
  actions: ['sns:Publish'],
  resources: [scope.topicArn],
});

/**
 * Objects below a prefix. Without ListBucket S3 answers 403 for an object that is not there, and 404 only
 * with it (S3 API reference, GetObject, "Permissions"); a condition on `s3:prefix` would not hold for GetObject.
 */
export const bucketStatements = (scope: Scope, prefix: string): readonly IamStatement[] => [
  { actions: ['s3:GetObject', 's3:PutObject'], resources: [`${scope.bucketArn}/${prefix}/*`] },
  { actions: ['s3:ListBucket'], resources: [scope.bucketArn] },
];

/** What was done is published on the account's default bus. */
export const busStatement = (scope: Scope): IamStatement => ({
  actions: ['events:PutEvents'],
  resources: [`arn:${scope.partition}:events:${scope.region}:${scope.account}:event-bus/default`],
  conditions: { StringEquals: { 'events:source': 'eks-caretaker' } },
});

export const clusterArn = (scope: Scope, cluster: string): string =>
  `arn:${scope.partition}:eks:${scope.region}:${scope.account}:cluster/${cluster}`;

/** DescribeCluster on the named clusters: endpoint and CA, without which there is no Kubernetes API. */
export const clusterStatement = (scope: Scope, clusters: readonly string[]): IamStatement => ({
  actions: ['eks:DescribeCluster'],
  resources: clusters.map((cluster) => clusterArn(scope, cluster)),
});
