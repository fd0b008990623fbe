import { join, relative } from 'node:path';
import { stop as stopEsbuild } from 'esbuild';
import type { Config } from '../../functions/index.ts';
import { buildBundles, projectRoot } from '../build.ts';
import type { Account } from './account.ts';
import { startAccount } from './account.ts';
import type { LocalFiles } from './local-files.ts';
import { adminVariables, variablesOf, writeLocalFiles } from './local-files.ts';
import { worldForConfig } from './world-for-config.ts';

export interface LocalOptions {
  readonly config: Config;
  readonly seed: number;
  /** Folder for environment files, kubeconfigs, events and bundles. */
  readonly out: string;
  /** Whether the schedules fire by themselves, as they would when deployed. */
  readonly ticks: boolean;
  readonly port?: number;
}

/** The embedded account left running on the machine's own time. */
export interface LocalSession {
  readonly account: Account;
  /** What a person needs to know to use it. */
  readonly guide: readonly string[];
  /** Ends servers and function processes. */
  close(): Promise<void>;
}

export const startLocal = async (options: LocalOptions): Promise<LocalSession> => {
  const { out, port } = options;
  const config = insideThisWorld(options.config);
  const bundles = join(out, 'bundles');
  await buildBundles({ config, out: bundles });
  await stopEsbuild(); // it would stay as a child process for as long as the account runs
  const account = await startAccount({
    spec: worldForConfig(config, { seed: options.seed, startAt: Date.now() }),
    bundles,
    config,
    schedules: options.ticks,
    time: 'running',
    ...(port === undefined ? {} : { port }),
  });
  try {
    // Starting took some seconds: from here on both clocks agree, so that calls from outside are not in its future.
    account.clock.jumpTo(Date.now());
    const files = writeLocalFiles(account, out);
    return { account, guide: guide({ account, files }, options.ticks), close: account.close };
  } catch (error) {
    await account.close();
    throw error;
  }
};

/** A configured endpoint would lead out of this world, to a cluster of somebody's. */
const insideThisWorld = (config: Config): Config => ({
  ...config,
  clusters: config.clusters.map(({ name, mode }) => ({ name, ...(mode === undefined ? {} : { mode }) })),
});

const shown = (path: string): string => {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
};

const exportLine = (variables: Readonly<Record<string, string>>): string =>
  `export ${Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'`)
    .join(' ')}`;

const guide = (local: { account: Account; files: LocalFiles }, ticks: boolean): readonly string[] => [
  ...environments(local.account),
  '',
  ...endpoints(local),
  '',
  ...byHand(local),
  '',
  ...otherClients(local),
  '',
  ticks
    ? 'Schedules fire by themselves.'
    : 'Schedules do not fire by themselves (--ticks lets them); events, the queue and invocations work.',
  'Time runs as on AWS: a control plane takes 11 minutes. Unset AWS_PROFILE, it would win over the variables.',
];

const endpoints = ({ account, files }: { account: Account; files: LocalFiles }) => [
  `AWS         ${account.endpoint}  (region ${account.world.region}, account ${account.world.accountId})`,
  ...[...account.world.clusters.values()].map(
    ({ name, kubernetes }) =>
      `Kubernetes  ${kubernetes.endpoint}  ${name}: KUBECONFIG=${shown(files.kubeconfigs.get(name) ?? '')}`,
  ),
];

const byHand = ({ account, files }: { account: Account; files: LocalFiles }) => {
  const node = shown(join(projectRoot, 'node_modules', '.bin', 'node'));
  const script = shown(join(projectRoot, 'infra', 'local', 'call.ts'));
  return [
    'Handlers by hand, each in a process of its own ({{now}} and {{id}} in the events are filled in):',
    ...account.deployment.entries.flatMap(({ entry, definition }) => {
      const [environment, event] = [files.environments.get(entry.id), files.events.get(entry.id)];
      return environment === undefined || event === undefined
        ? []
        : [
            `  env $(cat ${shown(environment)}) ${node} ${script} ${shown(definition.file)} ${entry.handler} ${shown(event)}`,
          ];
    }),
  ];
};

const otherClients = ({ account, files }: { account: Account; files: LocalFiles }) => {
  const { world, endpoint, deployment } = account;
  const [cluster] = world.clusters.keys();
  const admin = `env $(cat ${shown(files.admin)})`;
  // The last one: a tick of the schedule may drain for longer than the AWS CLI waits for an answer.
  const tick = deployment.entries.filter(({ entry }) => entry.trigger.kind === 'tick').at(-1);
  const { intake, outputs } = deployment;
  return [
    'Other clients:',
    `  kubectl --kubeconfig ${shown(files.kubeconfigs.get(cluster ?? '') ?? '')} get nodes,pods -A`,
    `  ${admin} aws eks list-nodegroups --cluster-name ${cluster}`,
    '  # A token is signed for the real STS, which is never called:',
    `  ${admin} AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true aws eks get-token --cluster-name ${cluster}`,
    ...(tick === undefined
      ? []
      : [
          `  ${admin} aws lambda invoke --function-name ${tick.definition.name} --payload '{"trigger":"tick"}' /dev/stdout`,
        ]),
    ...(intake === undefined || files.message === undefined
      ? []
      : [
          '  # A spot warning through the queue. The AWS CLI, version 1, needs --endpoint-url for SQS:',
          `  ${admin} aws --endpoint-url ${endpoint} sqs send-message --queue-url ${outputs.QueueUrl} --message-body "$(sed "s/{{now}}/$(date -u +%FT%TZ)/; s/{{id}}/$(date +%s)/" ${shown(files.message)})"`,
        ]),
    `  ${admin} npx caretaker upgrade plan ${cluster} 1.35`,
    `  ${admin} npx caretaker journal`,
  ];
};

const environments = (account: Account) => [
  '# Administrator',
  exportLine(adminVariables(account)),
  ...account.deployment.entries.flatMap((entry) => [
    `# ${entry.entry.id}`,
    exportLine(variablesOf(account, entry)),
  ]),
];
