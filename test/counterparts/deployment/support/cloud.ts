import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../../../functions/index.ts';
import { projectRoot } from '../../../../infra/build.ts';
import { parseConfig } from '../../../../infra/load-config.ts';
import type { Account } from '../../../../infra/local/account.ts';
import { startAccount } from '../../../../infra/local/account.ts';
import type { ClusterSpec } from '../../../../infra/local/world/spec.ts';
import { clusterSpec, worldSpec } from '../../../e2e/support/specs.ts';
import type { NodeBridge } from '../../bundles/support/node-bridge.ts';
import { bridgeNodes } from '../../bundles/support/node-bridge.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import { startControlPlane } from '../../support/control-plane.ts';
import { temporaryFolder } from '../../support/folders.ts';
import type { Ministack } from '../../support/ministack.ts';
import { startMinistack } from '../../support/ministack.ts';
import type { Aws } from './aws.ts';
import { ACCOUNT, createAws, REGION } from './aws.ts';
import type { CommandResult } from './command.ts';
import { runCommand, runOrThrow } from './command.ts';
import type { Gate } from './gate.ts';
import { startGate } from './gate.ts';
import type { ServiceBridge } from './service-bridge.ts';
import { startServiceBridge } from './service-bridge.ts';

/** An account to deploy into, and what the deployed functions will find there. */
export interface Cloud {
  readonly config: Config;
  /** What the CDK reads. */
  readonly configFile: string;
  /** Where the CDK writes, and builds. */
  readonly cdkOut: string;
  readonly bundles: string;
  readonly ministack: Ministack;
  readonly aws: Aws;
  /** The cluster's Kubernetes API. */
  readonly cluster: ControlPlane;
  readonly gate: Gate;
  /** The services that ministack lacks. Its time runs as the machine's does. */
  readonly embedded: Account;
  readonly services: ServiceBridge;
  /** The CDK's command line, outside of this project. Throws with its last words where it fails. */
  cdk(...args: readonly string[]): Promise<string>;
  /**
   * `cdk deploy` as a user types it: the app builds the bundles and the template anew. The cluster's mode is
   * CONFIG_MAP, because ministack's CloudFormation knows no access entries.
   */
  deploy(): Promise<string>;
  /** The product's command line. */
  caretaker(...args: readonly string[]): Promise<CommandResult>;
  close(): Promise<void>;
}

const COMMAND_SECONDS = 200;
const BIN = join(projectRoot, 'node_modules/.bin');

/** Ends what was started, the latest first, also where starting fails half-way. */
const createEnding = () => {
  const ends: (() => void | Promise<void>)[] = [];
  return {
    add: (end: () => void | Promise<void>) => void ends.unshift(end),
    run: async () => {
      for (const end of ends.splice(0)) await end();
    },
  };
};

const startEmbedded = async (options: {
  readonly config: Config;
  readonly spec: Partial<ClusterSpec>;
  readonly cluster: ControlPlane;
  readonly bundles: string;
}): Promise<Account> => {
  const { url: endpoint, caPem } = options.cluster;
  const kubernetesApi = { endpoint, certificateAuthority: Buffer.from(caPem).toString('base64') };
  const spec = worldSpec({
    accountId: ACCOUNT,
    region: REGION,
    startAt: Date.now(),
    clusters: [clusterSpec({ ...options.spec, kubernetesApi })],
  });
  return startAccount({
    spec,
    config: options.config,
    bundles: options.bundles,
    schedules: false,
    time: 'running',
  });
};

/** Starts all of it; nothing is deployed yet. The real cluster has a node for every instance of `spec`. */
export const startCloud = async (options: {
  /** Text of a caretaker.yaml. */
  readonly config: string;
  readonly spec: Partial<ClusterSpec> & { readonly name: string };
}): Promise<Cloud> => {
  const ending = createEnding();
  try {
    const folder = temporaryFolder('deployment');
    ending.add(() => rmSync(folder, { recursive: true, force: true }));
    const configFile = join(folder, 'caretaker.yaml');
    const bundles = join(folder, 'bundles');
    writeFileSync(configFile, options.config);
    const config = parseConfig(options.config, 'caretaker.yaml');

    const ministack = await startMinistack();
    ending.add(ministack.close);
    const aws = createAws(ministack);
    ending.add(aws.close);
    const { enforcing } = ministack;
    const gate = await startGate({ aws, clusterName: options.spec.name, enforcing });
    ending.add(gate.close);
    const cluster = await startControlPlane({ tokenWebhookUrl: gate.url });
    ending.add(cluster.close);
    const embedded = await startEmbedded({ config, spec: options.spec, cluster, bundles });
    ending.add(embedded.close);
    const services = await startServiceBridge(embedded);
    ending.add(services.close);
    const { objects } = embedded.world.cluster(options.spec.name).kubernetes;
    const nodes: NodeBridge = bridgeNodes(objects, cluster.request);
    ending.add(nodes.stop);
    await nodes.settled();

    const env = {
      PATH: `${BIN}:${process.env.PATH ?? ''}`,
      HOME: folder,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CDK_DEFAULT_ACCOUNT: ACCOUNT,
      CDK_DEFAULT_REGION: REGION,
      ...aws.environment,
    };
    const command = (name: string, args: readonly string[], cwd: string) => ({
      command: name,
      args,
      cwd,
      env,
      withinSeconds: COMMAND_SECONDS,
    });
    const cdk = async (args: readonly string[], cwd: string): Promise<string> => {
      const all = [...args, '--ci', '--no-color', '--no-notices'];
      const { stdout, stderr } = await runOrThrow(command(join(BIN, 'cdk'), all, cwd));
      return stdout + stderr;
    };
    const cdkOut = join(folder, 'cdk.out');
    const context = [
      `config=${configFile}`,
      `bundles=${bundles}`,
      `configMapClusters=${options.spec.name}`,
    ].flatMap((pair) => ['-c', pair]);
    return {
      config,
      configFile,
      cdkOut,
      bundles,
      ministack,
      aws,
      cluster,
      gate,
      embedded,
      services,
      cdk: (...args) => cdk(args, folder),
      deploy: () =>
        cdk(['deploy', '--require-approval=never', `--output=${cdkOut}`, ...context], projectRoot),
      caretaker: (...args) =>
        runCommand(
          command(process.execPath, [join(projectRoot, 'infra/cli/caretaker.mjs'), ...args], folder),
        ),
      close: ending.run,
    };
  } catch (error) {
    await ending.run();
    throw error;
  }
};
