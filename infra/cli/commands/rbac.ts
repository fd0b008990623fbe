import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { Config } from '../../../functions/index.ts';
import type { Entry } from '../../../shared/core/automation.ts';
import { entriesOf, exampleScope } from '../../entries.ts';
import { loadConfigFile } from '../../load-config.ts';
import type { NetworkGroup } from '../../networks.ts';
import { networkGroups, stackNameOf } from '../../networks.ts';
import { awsAuthRoles, kubernetesManifests, needsKubernetes } from '../../rbac.ts';
import type { CliContext, GlobalOptions, RegisterCommand } from '../context.ts';
import { exitCodes } from '../context.ts';
import { exampleConfigFile } from '../defaults.ts';
import { UsageError } from '../errors.ts';

interface RbacOptions extends GlobalOptions {
  readonly config: string;
  readonly entry?: string;
  readonly cluster?: string;
  readonly awsAuth?: boolean;
}

const WHY_AWS_AUTH = `# Clusters in authentication mode CONFIG_MAP know no access entries: an IAM role gets in only if the
# ConfigMap aws-auth in kube-system names it. Add these items to its mapRoles (kubectl edit -n kube-system
# configmap aws-auth); do not apply this text as it is, it would take the place of your nodes' roles.
# Deploy with -c configMapClusters=NAME,... so that the stack asks for no access entries there.`;

/** The function set that looks after a cluster: what another set alone does is left out. */
const groupFor = (config: Config, cluster: string | undefined): NetworkGroup => {
  if (cluster === undefined) return { config };
  const group = networkGroups(config).find(({ config: { clusters } }) =>
    clusters.some(({ name }) => name === cluster),
  );
  if (group === undefined) throw new UsageError(`the configuration names no cluster ${cluster}`);
  return group;
};

/** The stack that has the roles of a function set; whoever names it with its network need not know better. */
const stackOf = ({ network }: NetworkGroup, asked: string): string =>
  network !== undefined && asked.endsWith(`-${network.name}`) ? asked : stackNameOf(asked, network);

const choose = (entries: readonly Entry[], id: string | undefined): readonly Entry[] => {
  const withRules = entries.filter(needsKubernetes);
  if (id === undefined) return withRules;
  const chosen = withRules.filter((entry) => entry.id === id);
  if (chosen.length === 0) {
    const known = withRules.map((entry) => entry.id).join(', ') || 'none';
    throw new UsageError(
      `no entry ${id} talks to Kubernetes with this configuration; those that do: ${known}`,
    );
  }
  return chosen;
};

const awsAuthText = async (
  entries: readonly Entry[],
  context: CliContext,
  stack: string,
): Promise<string> => {
  const { deployment } = await context.connect(stack);
  const arns = new Map(
    await Promise.all(entries.map(async ({ id }) => [id, await deployment.roleArn(id)] as const)),
  );
  const items = awsAuthRoles(entries, (id) => arns.get(id) ?? '');
  return `${WHY_AWS_AUTH}\n${stringify(items, { lineWidth: 0 })}`;
};

/** `caretaker rbac`: what to `kubectl apply -f -` into each cluster. */
export const registerRbac: RegisterCommand = (program, context, finish) => {
  program
    .command('rbac')
    .description('Print the ClusterRoles and bindings for `kubectl apply -f -`')
    .option('--config <file>', 'caretaker.yaml', exampleConfigFile)
    .option('--entry <id>', 'of one entry alone, for example spot-drain-worker')
    .option('--cluster <name>', 'what that cluster needs, where the configuration has networks')
    .option('--aws-auth', 'print the aws-auth items for clusters in authentication mode CONFIG_MAP instead')
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<RbacOptions>();
      const config = loadConfigFile(options.config);
      if (options.awsAuth && options.cluster === undefined && networkGroups(config).length > 1)
        throw new UsageError(
          'name the cluster with --cluster: the functions of each network have their own roles',
        );
      const group = groupFor(config, options.cluster);
      const entries = choose(
        entriesOf(group.config, exampleScope).map(({ entry }) => entry),
        options.entry,
      );
      const text = options.awsAuth
        ? await awsAuthText(entries, context, stackOf(group, options.stack))
        : kubernetesManifests(entries)
            .map((manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false }))
            .join('---\n');
      context.out(text.trimEnd());
      finish(exitCodes.done);
    });
};
