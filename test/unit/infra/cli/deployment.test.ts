import { describe, expect, it } from '@jest/globals';
import { findDeployment } from '../../../../infra/cli/deployment.ts';

const deploymentOf = (
  outputs: Readonly<Record<string, string>> | undefined,
  environment: Readonly<Record<string, string>> = {},
) => {
  const asked: string[] = [];
  const deployment = findDeployment({
    stackName: 'caretaker-b',
    environment,
    describeStack: async (name) => {
      asked.push(name);
      return outputs;
    },
  });
  return { deployment, asked };
};

describe('a deployment', () => {
  it("is found by its stack's outputs, which are asked for once", async () => {
    const { deployment, asked } = deploymentOf({
      TableName: 'table-1',
      SpotDrainWorkerRoleArn: 'arn:worker',
    });
    expect(await deployment.table()).toBe('table-1');
    expect(await deployment.roleArn('spot-drain-worker')).toBe('arn:worker');
    expect(asked).toEqual(['caretaker-b']);
  });

  it('is found by the variables where they are set, without asking CloudFormation', async () => {
    const { deployment, asked } = deploymentOf(undefined, { CARETAKER_TABLE: 'local' });
    expect(await deployment.table()).toBe('local');
    expect(asked).toEqual([]);
  });

  it('names functions after the stack', () => {
    expect(deploymentOf({}).deployment.functionName('cluster-upgrade-plan')).toBe(
      'caretaker-b-cluster-upgrade-plan',
    );
  });

  it('says which output is missing and why that may be', async () => {
    await expect(deploymentOf({ TableName: 't' }).deployment.roleArn('pod-cleanup')).rejects.toThrow(
      'the stack caretaker-b has no output PodCleanupRoleArn: what it stands for is off',
    );
  });
});
