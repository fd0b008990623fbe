import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { configFile, createCliWorld } from '../run-cli.ts';

const config = configFile('version: 1\nmode: act\nclusters: [{ name: staging }]\n');
const off = configFile('version: 1\nmode: off\nclusters: [{ name: staging }]\n');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

describe('caretaker rbac', () => {
  it('prints YAML documents for kubectl apply, a role and a binding of each entry', async () => {
    const { code, out } = await createCliWorld().run('rbac', '--config', config);
    expect(code).toBe(0);
    const manifests = parseAllDocuments(out).map((document) => document.toJS() as Manifest);
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
      expect.arrayContaining([
        'ClusterRole eks-caretaker:pod-cleanup',
        'ClusterRoleBinding eks-caretaker:pod-cleanup',
        'ClusterRole eks-caretaker:spot-drain-worker',
        'ClusterRoleBinding eks-caretaker:spot-drain-worker',
      ]),
    );
  });

  it('prints those of one entry', async () => {
    const { out } = await createCliWorld().run('rbac', '--config', config, '--entry', 'pod-cleanup');
    expect(parseAllDocuments(out)).toHaveLength(2);
  });

  it('prints what one cluster needs: images are scanned by the first function set alone', async () => {
    const networks = configFile(
      [
        'version: 1',
        'mode: act',
        'clusters: [{ name: staging }, { name: production, network: internal }]',
        'networks: [{ name: internal, vpcId: vpc-0123456789abcdef0, subnetIds: [subnet-0aaaaaaaaaaaaaaaa] }]',
      ].join('\n'),
    );
    const rolesFor = async (cluster: string) =>
      (await createCliWorld().run('rbac', '--config', networks, '--cluster', cluster)).out;
    expect(await rolesFor('staging')).toContain('eks-caretaker:ecr-rescan');
    expect(await rolesFor('production')).not.toContain('eks-caretaker:ecr-rescan');
    expect(await rolesFor('production')).toContain('eks-caretaker:pod-cleanup');
  });

  it('refuses a cluster that the configuration does not name', async () => {
    const { code, err } = await createCliWorld().run('rbac', '--config', config, '--cluster', 'nowhere');
    expect(code).toBe(2);
    expect(err).toContain('names no cluster nowhere');
  });

  it('asks for nothing where everything is off', async () => {
    const { code, out } = await createCliWorld().run('rbac', '--config', off);
    expect({ code, out }).toEqual({ code: 0, out: '' });
  });

  it('refuses an entry without Kubernetes rules, naming those with', async () => {
    const { code, err } = await createCliWorld().run('rbac', '--config', config, '--entry', 'nonsense');
    expect(code).toBe(2);
    expect(err).toContain('pod-cleanup');
  });

  it('prints aws-auth items with the roles of the deployment, and why they are needed', async () => {
    const world = createCliWorld();
    world.outputs = { TableName: 't', PodCleanupRoleArn: 'arn:aws:iam::111122223333:role/cleanup' };
    const { code, out } = await world.run('rbac', '--config', config, '--entry', 'pod-cleanup', '--aws-auth');
    expect(code).toBe(0);
    expect(out).toContain('CONFIG_MAP know no access entries');
    expect(parseAllDocuments(out).map((document) => document.toJS())).toEqual([
      [
        {
          rolearn: 'arn:aws:iam::111122223333:role/cleanup',
          username: 'eks-caretaker:pod-cleanup:{{SessionName}}',
          groups: ['eks-caretaker:pod-cleanup'],
        },
      ],
    ]);
  });

  describe('with --aws-auth where the configuration has networks', () => {
    const networks = configFile(
      [
        'version: 1',
        'mode: act',
        'clusters: [{ name: staging }, { name: production, network: internal }]',
        'networks: [{ name: internal, vpcId: vpc-0123456789abcdef0, subnetIds: [subnet-0aaaaaaaaaaaaaaaa] }]',
      ].join('\n'),
    );

    it.each([
      ['staging', [], 'eks-caretaker'],
      ['production', [], 'eks-caretaker-internal'],
      ['production', ['--stack', 'care'], 'care-internal'],
      ['production', ['--stack', 'care-internal'], 'care-internal'],
    ])('looks for the roles of %s with %j in the stack %s', async (cluster, more, stack) => {
      const world = createCliWorld();
      await world.run('rbac', '--config', networks, '--cluster', cluster, '--aws-auth', ...more);
      expect(world.stacks).toEqual([stack]);
    });

    it('asks for the cluster, for each network has roles of its own', async () => {
      const world = createCliWorld();
      const { code, err } = await world.run('rbac', '--config', networks, '--aws-auth');
      expect(code).toBe(2);
      expect(err).toContain('name the cluster with --cluster');
      expect(world.stacks).toEqual([]);
    });
  });
});
