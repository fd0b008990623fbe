import { describe, expect, it } from '@jest/globals';
import type { ClusterFacts } from '../../../../../infra/cli/doctor/facts.ts';
import { entriesOf, exampleScope } from '../../../../../infra/entries.ts';
import { loadConfigFile } from '../../../../../infra/load-config.ts';
import { roleOutputOf } from '../../../../../infra/names.ts';
import { configFile, createCliWorld } from '../run-cli.ts';

const NETWORK = 'vpcId: vpc-0123456789abcdef0, subnetIds: [subnet-0aaaaaaaaaaaaaaaa]';
const config = configFile(`
version: 1
mode: act
clusters:
  - { name: staging }
  - { name: forgotten, mode: off }
  - { name: production, network: internal }
networks:
  - { name: internal, ${NETWORK} }
`);

const open: ClusterFacts = {
  status: 'ACTIVE',
  authenticationMode: 'API',
  publicAccess: true,
  privateAccess: true,
  publicAccessCidrs: ['0.0.0.0/0'],
  vpcId: 'vpc-0123456789abcdef0',
  securityGroupId: 'sg-0cccccccccccccccc',
};

const roleOf = (entryId: string) => `arn:aws:iam::111122223333:role/${entryId}`;

const deployed = () => {
  const world = createCliWorld();
  const ids = entriesOf(loadConfigFile(config), exampleScope).map(({ entry }) => entry.id);
  world.outputs = {
    TableName: 'state',
    ...Object.fromEntries(ids.map((id) => [roleOutputOf(id), roleOf(id)])),
  };
  world.accessGroups = Object.fromEntries(ids.map((id) => [roleOf(id), [`eks-caretaker:${id}`]]));
  world.clusters = { staging: open, production: open };
  return world;
};

describe('caretaker doctor', () => {
  it('goes through every cluster that is looked after, by the stack that does it', async () => {
    const { code, out } = await deployed().run('doctor', '--config', config);
    expect(out).toMatch(/^eks-caretaker\n {2}ok +staging\n/);
    expect(out).toMatch(/\neks-caretaker-internal\n {2}check +production: its security group/);
    expect(out).not.toContain('forgotten');
    expect(out).toMatch(/No problem found\.$/);
    expect(code).toBe(0);
  });

  it('names the VPC endpoints for functions in a network, without those of another stack', async () => {
    const { out } = await deployed().run('doctor', '--config', config);
    expect(out).toMatch(/need interface endpoints for [a-z0-9., ]*eks[a-z0-9., ]*, and gateway endpoints/);
    expect(out).not.toContain('ecr.api');
  });

  it('ends with 3 where something will not work', async () => {
    const world = deployed();
    world.clusters = { staging: { ...open, publicAccess: false } };
    const { code, out } = await world.run('doctor', '--config', config);
    expect(out).toMatch(/problem +staging: its API server has no public endpoint/);
    expect(out).toMatch(/problem +production: there is no such cluster/);
    expect(out).toMatch(/2 problem\(s\) found\.$/);
    expect(code).toBe(3);
  });

  it('works before anything is deployed', async () => {
    const world = deployed();
    world.outputs = undefined;
    const { code, out } = await world.run('doctor', '--config', config);
    expect(out).toMatch(/check +staging: the stack is not deployed/);
    expect(code).toBe(0);
  });

  it('finds an access entry that is gone', async () => {
    const world = deployed();
    world.accessGroups = {};
    const { code, out } = await world.run('doctor', '--config', config);
    expect(out).toMatch(/problem +staging: pod-cleanup has no access entry/);
    expect(code).toBe(3);
  });

  it('finds an automation that was switched on after the stack was deployed', async () => {
    const world = deployed();
    const { PodCleanupRoleArn: _, ...outputs } = world.outputs ?? {};
    world.outputs = outputs;
    const { code, out } = await world.run('doctor', '--config', config);
    expect(out).toMatch(/problem +staging: the stack does not have pod-cleanup/);
    expect(code).toBe(3);
  });

  it('does not call it a problem that a cluster has its roles in aws-auth', async () => {
    const world = deployed();
    world.clusters = { staging: { ...open, authenticationMode: 'CONFIG_MAP' }, production: open };
    const { code, out } = await world.run('doctor', '--config', config);
    expect(out).toMatch(/check +staging: its authentication mode is CONFIG_MAP.*caretaker rbac --aws-auth/);
    expect(code).toBe(0);
  });
});
