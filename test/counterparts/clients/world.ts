import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../../infra/load-config.ts';
import type { Account } from '../../../infra/local/account.ts';
import { startAccount } from '../../../infra/local/account.ts';
import { writeLocalFiles } from '../../../infra/local/local-files.ts';
import type { WorldSpec } from '../../../infra/local/world/spec.ts';
import { bundlesFor } from '../../e2e/support/bundles.ts';
import {
  clusterSpec,
  failedPod,
  nodeGroup,
  selfManagedGroup,
  workload,
  worldSpec,
} from '../../e2e/support/specs.ts';
import { temporaryFolder } from '../support/folders.ts';
import { counterpart } from '../support/variables.ts';
import type { Ran } from './run.ts';
import { jsonOf, run } from './run.ts';

/** The embedded account on the machine's own time, with what clients of others need to reach it. */
export interface ClientsWorld {
  readonly account: Account;
  readonly spec: WorldSpec;
  /** kubectl with the kubeconfig that `caretaker local` writes. */
  kubectl(args: readonly string[], input?: string): Promise<Ran>;
  /** kubectl whose kubeconfig asks the AWS CLI for the administrator's token. */
  kubectlByExec(args: readonly string[]): Promise<Ran>;
  /** `aws eks get-token` with the credentials of an entry's role. */
  tokenOf(entryId: string): Promise<string>;
  /** The AWS CLI, as the administrator. Version 1 needs to be told SQS's endpoint. */
  aws(args: readonly string[]): Promise<Ran>;
  /** Path of a file with that content. */
  file(name: string, content?: string): string;
  close(): Promise<void>;
}

export const CLUSTER = 'staging';
/** Everything is deployed and acts. */
export const CONFIG = `
version: 1
mode: act
clusters:
  - name: ${CLUSTER}
`;

const digest = (character: string): string => `sha256:${character.repeat(64)}`;
const DAY_MS = 86_400_000;

/** A managed spot group with a workload and its budget, a group of one's own with a terminate hook, an image. */
const specAt = (startAt: number): WorldSpec =>
  worldSpec({
    startAt,
    clusters: [
      clusterSpec({
        name: CLUSTER,
        nodeGroups: [nodeGroup({ name: 'spot', tags: { team: 'shop' } })],
        selfManagedGroups: [selfManagedGroup({ name: 'own', terminateHook: 'drain-first' })],
        workloads: [workload({ stopSeconds: 1, budget: { name: 'cart', minAvailable: 2 } })],
        failedPods: [failedPod()],
      }),
    ],
    repositories: [
      {
        name: 'shop/cart',
        scanOnPush: true,
        images: [
          {
            digest: digest('a'),
            tags: ['1.0'],
            pushedAt: startAt - 3 * DAY_MS,
            findings: [
              {
                name: 'CVE-2026-10001',
                severity: 'HIGH',
                packageName: 'openssl',
                packageVersion: '3.0.1',
                fixedInVersion: '3.0.2',
                knownFrom: startAt - 30 * DAY_MS,
              },
            ],
          },
          { digest: digest('b'), tags: [], pushedAt: startAt - DAY_MS / 2, findings: [] },
        ],
      },
    ],
  });

/** Who a client is: nothing of it comes from the user's own files. */
const clientEnvironment = (folder: string, credentials: Readonly<Record<string, string>>) => ({
  HOME: folder,
  AWS_CONFIG_FILE: join(folder, 'no-config'),
  AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no-credentials'),
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_PAGER: '',
  ...credentials,
});

const awsCommand = (): string => join(counterpart('COUNTERPARTS_BIN'), 'aws');

const GET_TOKEN = ['eks', 'get-token', '--cluster-name', CLUSTER];
/** A token is signed for the real STS and never sent there: the cluster alone looks at it. */
const REAL_STS = { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };

const execKubeconfig = (account: Account, env: Readonly<Record<string, string>>) => {
  const { endpoint, certificateAuthority } = account.world.cluster(CLUSTER).kubernetes;
  const cluster = { server: endpoint, 'certificate-authority-data': certificateAuthority };
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    interactiveMode: 'Never',
    command: awsCommand(),
    args: GET_TOKEN,
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
  };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { exec } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
};

/** `configText`: a caretaker.yaml of what is deployed. */
export const startClientsWorld = async (configText: string = CONFIG): Promise<ClientsWorld> => {
  const folder = temporaryFolder('clients');
  const config = parseConfig(configText, 'caretaker.yaml');
  const bundles = await bundlesFor(config);
  const spec = specAt(Date.now());
  const account = await startAccount({
    spec,
    bundles,
    config,
    schedules: false,
    time: 'running',
  });
  // Starting took a moment: clients sign with the machine's time, which is not to be in the account's future.
  account.clock.jumpTo(Date.now());
  const local = writeLocalFiles(account, folder);
  const file = (name: string, content = ''): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const kubectl = (kubeconfig: string, args: readonly string[], input?: string) =>
    run({
      command: join(counterpart('KUBEBUILDER_ASSETS'), 'kubectl'),
      args: ['--kubeconfig', kubeconfig, ...args],
      env: { HOME: folder },
      input,
    });
  return {
    account,
    spec,
    file,
    kubectl: (args, input) => kubectl(local.kubeconfigs.get(CLUSTER) ?? '', args, input),
    kubectlByExec: (args) => {
      const env = { ...clientEnvironment(folder, account.admin), ...REAL_STS };
      return kubectl(file('exec.kubeconfig', JSON.stringify(execKubeconfig(account, env))), args);
    },
    tokenOf: async (entryId) => {
      const env = { ...clientEnvironment(folder, account.environment(entryId)), ...REAL_STS };
      const made = run({ command: awsCommand(), args: GET_TOKEN, env });
      return (await jsonOf<{ status: { token: string } }>(made)).status.token;
    },
    aws: (args) =>
      run({
        command: awsCommand(),
        args: ['--endpoint-url', account.endpoint, ...args],
        env: clientEnvironment(folder, account.admin),
      }),
    close: async () => {
      await account.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
