import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  InvokeCommand,
  LambdaClient,
  SendDurableExecutionCallbackSuccessCommand,
} from '@aws-sdk/client-lambda';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { UpgradeRecord } from '../../../functions/index.ts';
import { executionNameOf, upgradePartition } from '../../../functions/index.ts';
import type { InvocationResult } from '../../../shared/core/verdict.ts';
import { addonVersions } from '../world/addon-catalog.ts';
import type { UpgradeFact } from './expectations.ts';
import { groupFacts } from './facts.ts';
import type { Stage } from './stage.ts';

const MOMENTS_SECONDS = 15 * 60;
const UPGRADE_SECONDS = 6 * 3_600;

const clientFor = (stage: Stage): LambdaClient => {
  const { admin } = stage.account;
  return new LambdaClient({
    endpoint: stage.account.endpoint,
    region: stage.account.world.region,
    credentials: {
      accessKeyId: admin.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: admin.AWS_SECRET_ACCESS_KEY ?? '',
    },
    maxAttempts: 1,
  });
};

const readRecord = async (stage: Stage, executionName: string): Promise<Partial<UpgradeRecord>> => {
  const items = await stage.account.table();
  const records = items.map((item) => unmarshall(item as Record<string, AttributeValue>));
  const partition = upgradePartition(stage.night.upgradeCluster);
  return records.find(({ pk, sk }) => pk === partition && sk === executionName) ?? {};
};

interface Planned {
  readonly reason: string;
  readonly planHash: string;
}

const plan = async (stage: Stage): Promise<Planned> => {
  const { upgradeCluster, upgradeTo } = stage.night;
  const { payload } = await stage.account.invoke('cluster-upgrade-plan', {
    action: 'plan',
    cluster: upgradeCluster,
    version: upgradeTo,
  });
  const [verdict] = (payload as Partial<InvocationResult> | null)?.verdicts ?? [];
  return { reason: verdict?.reason ?? 'no verdict', planHash: String(verdict?.detail?.planHash ?? '') };
};

/** Waits until the run asks for a yes or ends, whichever comes first. */
const untilAsked = async (stage: Stage, executionName: string): Promise<Partial<UpgradeRecord>> => {
  const { clock } = stage.account;
  const end = clock.now() + MOMENTS_SECONDS * 1000;
  for (;;) {
    const record = await readRecord(stage, executionName);
    if (record.status !== undefined && record.status !== 'running') return record;
    if (clock.now() >= end) return record;
    await stage.account.runUntil(clock.now() + 5_000);
  }
};

/** 10:00: an upgrade is planned, started, approved by a person and carried out. */
export const upgradeInTheMorning = async (stage: Stage): Promise<UpgradeFact> => {
  const { account, night } = stage;
  const { upgradeCluster, upgradeTo } = night;
  const cluster = account.world.cluster(upgradeCluster);
  await account.runUntil(night.times.upgrade);
  stage.tell(`10:00, somebody asks for ${upgradeCluster} at ${upgradeTo}`);
  const planned = await plan(stage);
  const executionName = executionNameOf({ cluster: upgradeCluster, version: upgradeTo, number: 1 });
  const client = clientFor(stage);
  try {
    await client.send(
      new InvokeCommand({
        FunctionName: 'eks-caretaker-cluster-upgrade',
        Qualifier: 'live',
        InvocationType: 'Event',
        DurableExecutionName: executionName,
        Payload: JSON.stringify({
          action: 'start',
          cluster: upgradeCluster,
          version: upgradeTo,
          planHash: planned.planHash,
        }),
      }),
    );
    const asked = await untilAsked(stage, executionName);
    const versionBeforeApproval = cluster.version;
    if (asked.callbackId !== undefined) {
      stage.tell('a person read the plan and says yes');
      await client.send(
        new SendDurableExecutionCallbackSuccessCommand({
          CallbackId: asked.callbackId,
          Result: JSON.stringify({ decision: 'approve', planHash: planned.planHash, by: 'the night' }),
        }),
      );
      const ended = () => account.executions.every(({ status }) => status !== 'RUNNING');
      const limit = account.clock.now() + UPGRADE_SECONDS * 1000;
      while (!ended() && account.clock.now() < limit) await account.runUntil(account.clock.now() + 60_000);
    }
    const record = await readRecord(stage, executionName);
    return {
      versionBeforeApproval,
      version: cluster.version,
      groups: groupFacts(account.world, cluster),
      kubelets: cluster.kubernetes.objects
        .list('nodes')
        .map(({ status }) => status?.nodeInfo?.kubeletVersion ?? 'unknown'),
      unfitAddons: [...cluster.addons.values()]
        .filter(({ name, version }) => !addonVersions(name, upgradeTo).includes(version))
        .map(({ name, version }) => `${name} ${version}`),
      planReason: planned.reason,
      status: record.status ?? 'no record',
    };
  } finally {
    client.destroy();
  }
};
