import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeAccessEntryCommand, EKSClient } from '@aws-sdk/client-eks';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { projectRoot } from '../../../../infra/build.ts';
import { entriesOf, exampleScope } from '../../../../infra/entries.ts';
import { parseConfig } from '../../../../infra/load-config.ts';
import { kubernetesGroupOf } from '../../../../infra/names.ts';
import { describeError } from '../../../../shared/core/errors.ts';
import { buildOnce } from '../../../e2e/support/bundles.ts';
import { adminClient } from '../../../e2e/support/invoke.ts';
import type { Scene } from '../../../e2e/support/scene.ts';
import { endScenes } from '../../../e2e/support/scene.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import { startControlPlane } from '../../support/control-plane.ts';
import { temporaryFolder } from '../../support/folders.ts';
import type { AuditLog } from './audit.ts';
import { createAuditLog } from './audit.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { NodeBridge } from './node-bridge.ts';
import { bridgeNodes } from './node-bridge.ts';
import type { WireNode } from './objects.ts';
import { isReady, read } from './objects.ts';
import { unforeseenRefusals } from './rights.ts';
import type { Side, SideOptions } from './side.ts';
import { CLUSTER, startEmbeddedSide, startSideOf } from './side.ts';
import type { TokenWebhook, WebhookRules } from './token-webhook.ts';
import { startTokenWebhook } from './token-webhook.ts';

/** The side whose cluster is the real control plane, and what only it has. */
export interface RealSide extends Side {
  readonly controlPlane: ControlPlane;
  readonly webhook: TokenWebhook;
  /** As EKS would review tokens of this cluster; a test may spread and change them. */
  readonly tokenRules: WebhookRules;
  readonly audit: AuditLog;
  readonly bridge: NodeBridge;
  /** What the bundles talk to, where `faultProxy` was asked for. */
  readonly proxy?: FaultProxy;
}

export interface Sides {
  readonly real: RealSide;
  readonly embedded: Side;
  close(): Promise<void>;
}

/** What `caretaker rbac` prints for a configuration, from the command as it is installed. */
const printedRbac = (config: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const folder = temporaryFolder('rbac');
    const file = join(folder, 'caretaker.yaml');
    writeFileSync(file, config);
    const script = join(projectRoot, 'infra/cli/caretaker.mjs');
    const child = spawn(process.execPath, [script, 'rbac', '--config', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      rmSync(folder, { recursive: true, force: true });
      if (code === 0) resolve(text);
      else reject(new Error(`caretaker rbac ended with ${code}`));
    });
  });

/** The account's own keys and the access entries that its EKS answers: what EKS knows when a token comes. */
const rulesOf = ({ account }: Scene): WebhookRules => {
  const eks = new EKSClient(adminClient(account.admin));
  const deployed = new Map(account.deployment.entries.map((one) => [one.principal.accessKeyId, one]));
  return {
    clusterName: CLUSTER,
    region: account.world.region,
    now: account.clock.now,
    keyOf: (accessKeyId) => {
      const found = deployed.get(accessKeyId);
      const sessionToken = found?.definition.environment.AWS_SESSION_TOKEN;
      return found === undefined
        ? undefined
        : {
            secretAccessKey: found.principal.secretAccessKey,
            ...(sessionToken === undefined ? {} : { sessionToken }),
          };
    },
    accessEntryOf: async (accessKeyId) => {
      const role = deployed.get(accessKeyId)?.principal.roleName;
      const principalArn = `arn:aws:iam::${account.world.accountId}:role/${role}`;
      const { accessEntry } = await eks.send(
        new DescribeAccessEntryCommand({ clusterName: CLUSTER, principalArn }),
      );
      const { username, kubernetesGroups } = accessEntry ?? {};
      return username === undefined || kubernetesGroups === undefined
        ? undefined
        : { username, groups: kubernetesGroups };
    },
  };
};

const groupsOf = (config: string): readonly string[] =>
  entriesOf(parseConfig(config, 'caretaker.yaml'), exampleScope).map(({ entry }) =>
    kubernetesGroupOf(entry.id),
  );

const nodesUnready = async (side: Side): Promise<readonly WireNode[]> => {
  const { items } = await read<{ items: readonly WireNode[] }>(side, '/api/v1/nodes');
  return items.filter((node) => !isReady(node) || node.spec.taints !== undefined);
};

/** kwok makes nodes Ready, the controllers take the taints away: where one of them does not, says what it said. */
const untilNodesAreReady = async (side: Side, { lastWords }: ControlPlane): Promise<void> => {
  try {
    await side.until('every node is Ready', async () =>
      (await nodesUnready(side)).length === 0 ? true : undefined,
    );
  } catch (error) {
    const nodes = (await nodesUnready(side)).map((node) => JSON.stringify(node));
    throw new Error([describeError(error), ...nodes, lastWords()].join('\n'), { cause: error });
  }
};

/**
 * The real cluster knows our functions by nothing but their tokens and the ClusterRoles that `caretaker rbac` prints;
 * its nodes are the account's instances.
 */
export const startRealSide = async (options: SideOptions): Promise<RealSide> => {
  const ends: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const [webhook, rbac] = await Promise.all([
      startTokenWebhook(),
      printedRbac(options.config),
      buildOnce(),
    ]);
    ends.push(webhook.close);
    const audit = createAuditLog(groupsOf(options.config));
    ends.push(audit.remove);
    const controlPlane = await startControlPlane({
      tokenWebhookUrl: webhook.url,
      apiServerArgs: audit.apiServerArgs,
    });
    ends.push(controlPlane.close);
    const applied = await controlPlane.kubectl(['apply', '-f', '-'], rbac);
    if (applied.code !== 0) throw new Error(`kubectl apply: ${applied.stderr}`);
    const { url, caPem, request } = controlPlane;
    const proxy = options.faultProxy === true ? await startFaultProxy(controlPlane) : undefined;
    if (proxy !== undefined) ends.push(proxy.close);
    const side = await startSideOf(options, {
      endpoint: proxy?.url ?? url,
      caPem: proxy?.caPem ?? caPem,
      request,
      ...(proxy === undefined ? {} : { failNext: proxy.failNext }),
    });
    const tokenRules = rulesOf(side.scene);
    webhook.useRules(tokenRules);
    const bridge = bridgeNodes(side.scene.kubernetes().objects, request);
    ends.push(bridge.stop);
    await bridge.settled();
    await untilNodesAreReady(side, controlPlane);
    return {
      ...side,
      controlPlane,
      webhook,
      tokenRules,
      audit,
      bridge,
      ...(proxy === undefined ? {} : { proxy }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Both, from one description; the embedded one starts while the control plane does. */
export const startSides = async (options: SideOptions): Promise<Sides> => {
  const started = await Promise.allSettled([startRealSide(options), startEmbeddedSide(options)]);
  const [real, embedded] = started;
  const close = async () => {
    await endScenes();
    for (const side of started) if (side.status === 'fulfilled') await side.value.close();
  };
  if (real.status === 'fulfilled' && embedded.status === 'fulfilled')
    return { real: real.value, embedded: embedded.value, close };
  await close();
  throw real.status === 'rejected'
    ? real.reason
    : new Error('the embedded side did not start', { cause: embedded });
};

/** Seconds are enough, on a machine that does nothing else. */
const START_LIMIT_MS = 300_000;

/**
 * For the top of a test file: both sides for all of its tests. Each of them also wants the shipped roles to have been
 * enough: what is refused for a right that no test took away stands in no verdict where the function can do without.
 */
export const useSides = (options: SideOptions): { readonly real: RealSide; readonly embedded: Side } => {
  let sides: Sides | undefined;
  let starting: Promise<Sides> | undefined;
  beforeAll(async () => {
    starting = startSides(options);
    sides = await starting;
  }, START_LIMIT_MS);
  let alreadySaid = 0;
  afterEach(() => {
    const refusals = sides === undefined ? [] : unforeseenRefusals(sides.real);
    const fresh = refusals.slice(alreadySaid);
    alreadySaid = refusals.length;
    expect([...new Set(fresh)]).toEqual([]);
  });
  afterAll(async () => {
    // Also where Jest did not want to wait for the start any longer.
    const [started] = await Promise.allSettled([starting]);
    if (started.status === 'fulfilled') await started.value?.close();
  }, START_LIMIT_MS);
  const started = (): Sides => {
    if (sides === undefined) throw new Error('the sides are not started yet: use them within a test');
    return sides;
  };
  return {
    get real() {
      return started().real;
    },
    get embedded() {
      return started().embedded;
    },
  };
};
