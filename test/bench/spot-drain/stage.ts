import { randomUUID } from 'node:crypto';
import { buildBundles } from '../../../infra/build.ts';
import { parseConfig } from '../../../infra/load-config.ts';
import type { Account } from '../../../infra/local/account.ts';
import { startAccount } from '../../../infra/local/account.ts';
import { envelope, spotInterruption } from '../../../infra/local/world/events.ts';
import type { Instance } from '../../../infra/local/world/instances.ts';
import { sessionArn } from '../../../infra/local/world/principals.ts';
import type { NodeGroupSpec } from '../../../infra/local/world/spec.ts';
import { kubernetesGroupOf } from '../../../infra/names.ts';
import { kubernetesManifests } from '../../../infra/rbac.ts';
import type { AuditLog } from '../../counterparts/bundles/support/audit.ts';
import { createAuditLog } from '../../counterparts/bundles/support/audit.ts';
import { bridgeNodes } from '../../counterparts/bundles/support/node-bridge.ts';
import { startTokenWebhook } from '../../counterparts/bundles/support/token-webhook.ts';
import type { ControlPlane } from '../../counterparts/support/control-plane.ts';
import { startControlPlane } from '../../counterparts/support/control-plane.ts';
import { clusterSpec, worldSpec } from '../../e2e/support/specs.ts';
import { until } from './until.ts';

/** The built bundles deployed in an embedded account, whose cluster is the real control plane with kwok's nodes. */
export interface Stage {
  readonly account: Account;
  readonly controlPlane: ControlPlane;
  /** What our functions asked of the API server, as it wrote it down itself. */
  readonly audit: AuditLog;
  /** Running instances of a node group, in a fixed order. */
  instancesOf(group: string): readonly Instance[];
  /** EC2's warning for each, all at this moment. */
  warn(instances: readonly Instance[]): void;
  /** Resolves when no function runs and no message is left that is due soon. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const CLUSTER = 'staging';
const ENTRIES = ['spot-drain', 'spot-drain-worker'] as const;
const CONFIG = `
version: 1
mode: act
clusters: [{ name: ${CLUSTER} }]
nodeGroupSchedule: { mode: off }
ecrRescan: { mode: off }
clusterUpgrade: { mode: off }
podCleanup: { mode: off }
`;

/** Environments that are warm when the warnings come: so many batches come at once at first, one worker each. */
const WARM = { 'spot-drain': 5, 'spot-drain-worker': 10 } as const;

/**
 * The API server, the account and the functions stand for machines of their own here, and so do the nodes: on one machine
 * the controllers that bring pods back would otherwise take what the requests need that are measured.
 */
const CONTROLLER_NICENESS = 5;

export const startStage = async (options: {
  readonly folder: string;
  readonly nodeGroups: readonly NodeGroupSpec[];
  readonly isStorm?: boolean;
}): Promise<Stage> => {
  const ends: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const config = parseConfig(CONFIG, 'caretaker.yaml');
    const [webhook, bundles] = await Promise.all([
      startTokenWebhook(),
      buildBundles({ config, out: `${options.folder}/bundles` }),
    ]);
    ends.push(webhook.close);
    if (bundles.length === 0) throw new Error('nothing was built');
    const audit = createAuditLog(ENTRIES.map(kubernetesGroupOf));
    ends.push(audit.remove);
    const controlPlane = await startControlPlane({
      tokenWebhookUrl: webhook.url,
      apiServerArgs: audit.apiServerArgs,
      controllerNiceness: CONTROLLER_NICENESS,
    });
    ends.push(controlPlane.close);
    const kubernetesApi = {
      endpoint: controlPlane.url,
      certificateAuthority: Buffer.from(controlPlane.caPem, 'utf8').toString('base64'),
    };
    const account = await startAccount({
      spec: worldSpec({
        startAt: Date.now(),
        clusters: [
          clusterSpec({
            name: CLUSTER,
            kubernetesApi,
            freeAddressesPerSubnet: 1_000,
            nodeGroups: options.nodeGroups,
          }),
        ],
      }),
      bundles: `${options.folder}/bundles`,
      config,
      schedules: false,
      time: 'running',
    });
    ends.push(account.close);
    account.clock.jumpTo(Date.now());

    const rbac = kubernetesManifests(account.deployment.entries.map(({ entry }) => entry));
    const applied = await controlPlane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: rbac }),
    );
    if (applied.code !== 0) throw new Error(`kubectl apply: ${applied.stderr}`);
    const deployed = new Map(account.deployment.entries.map((one) => [one.principal.accessKeyId, one]));
    webhook.useRules({
      clusterName: CLUSTER,
      region: account.world.region,
      now: account.clock.now,
      keyOf: (accessKeyId) => {
        const found = deployed.get(accessKeyId);
        const sessionToken = found?.definition.environment.AWS_SESSION_TOKEN;
        if (found === undefined) return undefined;
        const { secretAccessKey } = found.principal;
        return { secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
      },
      accessEntryOf: async (accessKeyId) => {
        const found = deployed.get(accessKeyId);
        if (found === undefined) return undefined;
        const username = sessionArn(account.world.ground, found.principal);
        return { username, groups: [kubernetesGroupOf(found.entry.id)] };
      },
    });
    const bridge = bridgeNodes(account.world.cluster(CLUSTER).kubernetes.objects, controlPlane.request);
    ends.push(bridge.stop);
    await bridge.settled();
    for (const entryId of ENTRIES)
      await account.prewarm(entryId, options.isStorm === true ? WARM[entryId] : 1);

    return {
      account,
      controlPlane,
      audit,
      instancesOf: (group) =>
        account.world.instances
          .all()
          .filter(({ groupName, state }) => groupName.includes(`-${group}-`) && state === 'running'),
      warn: (instances) => {
        const place = {
          accountId: account.world.accountId,
          region: account.world.region,
          now: account.clock.now(),
        };
        for (const { id, subnet } of instances) {
          account.putEvent(envelope(spotInterruption(id, subnet.zone), { ...place, id: randomUUID() }));
        }
      },
      idle: () => until('no function runs', () => account.running === 0, 180),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
