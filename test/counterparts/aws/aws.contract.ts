import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { row } from '../support/results.ts';
import { groupCases } from './cases/auto-scaling/groups.ts';
import { sizeCases } from './cases/auto-scaling/sizes.ts';
import { conditionCases } from './cases/dynamodb/conditions.ts';
import { queryCases } from './cases/dynamodb/queries.ts';
import { valueCases } from './cases/dynamodb/values.ts';
import { writeCases } from './cases/dynamodb/writes.ts';
import { ec2Cases } from './cases/ec2.ts';
import { ecrCases } from './cases/ecr.ts';
import { clusterCases } from './cases/eks/clusters.ts';
import { nodeGroupCases } from './cases/eks/node-groups.ts';
import { eventCases, lambdaCases, snsCases } from './cases/messaging.ts';
import { sqsCases } from './cases/sqs.ts';
import { cloudFormationCases, s3Cases, ssmCases } from './cases/storage.ts';
import { storeCases } from './cases/store.ts';
import type { Case } from './comparison.ts';
import { cell, compare } from './comparison.ts';
import type { EmbeddedSide } from './embedded.ts';
import { startEmbedded } from './embedded.ts';
import { startMoto } from './moto.ts';
import type { Side } from './side.ts';

const suites: readonly (readonly [string, readonly Case[]])[] = [
  ['EC2', ec2Cases],
  ['Auto Scaling', [...groupCases, ...sizeCases]],
  ['EKS', [...clusterCases, ...nodeGroupCases]],
  ['ECR', ecrCases],
  ['SQS', sqsCases],
  ['SNS', snsCases],
  ['EventBridge', eventCases],
  ['Lambda', lambdaCases],
  ['SSM', ssmCases],
  ['S3', s3Cases],
  ['CloudFormation', cloudFormationCases],
  ['the store on DynamoDB', storeCases],
  ['DynamoDB', [...writeCases, ...queryCases, ...valueCases, ...conditionCases]],
];

let embedded: EmbeddedSide;
let moto: Side;

beforeAll(async () => {
  [embedded, moto] = await Promise.all([startEmbedded(), startMoto()]);
});
afterAll(async () => {
  await Promise.all([embedded?.close(), moto?.close()]);
});

it('a comparison fails where one side answers something else', async () => {
  const [one] = groupCases;
  if (one === undefined) throw new Error('no case to compare');
  embedded.failNext('autoscaling', 'DescribeAutoScalingGroups', { code: 'ResourceContention', status: 500 });
  const seen = await compare(one, { embedded, counterpart: moto });
  expect(seen.same).toBe(false);
  expect(seen.embedded).toEqual({ error: 'ResourceContentionFault', status: 500 });
  expect((await compare(one, { embedded, counterpart: moto })).same).toBe(true);
});

describe.each(suites)('%s, embedded and moto', (suite, cases) => {
  it.each(cases.map((one) => [one.behaviour, one] as const))('%s', async (behaviour, one) => {
    const seen = await compare(one, { embedded, counterpart: moto });
    row({
      suite: `AWS: ${suite}`,
      behaviour,
      embedded: cell(seen.embedded),
      counterpart: cell(seen.counterpart),
      verdict: seen.same ? 'same' : { differs: one.differs?.because ?? 'unexplained: the suite fails' },
    });
    if (one.differs === undefined) expect(seen.embedded).toEqual(seen.counterpart);
    else {
      expect(seen.embedded).toEqual(one.differs.documented);
      // Where they no longer differ, the reason is to be taken out.
      expect({ same: seen.same }).toEqual({ same: false });
    }
  });
});
