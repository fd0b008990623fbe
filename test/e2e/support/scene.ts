import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeAll, expect } from '@jest/globals';
import type { Config } from '../../../functions/index.ts';
import { parseConfig } from '../../../infra/load-config.ts';
import type { Account, AccountOptions } from '../../../infra/local/account.ts';
import { startAccount } from '../../../infra/local/account.ts';
import type { LocalKubernetes } from '../../../infra/local/kubernetes/server.ts';
import type { Exchange } from '../../../infra/local/protocol/server.ts';
import type { InvocationRecord } from '../../../infra/local/runtime/function-pool.ts';
import type { WorldSpec } from '../../../infra/local/world/spec.ts';
import type { Mode, ModeState } from '../../../shared/core/mode.ts';
import { MODE_KEY } from '../../../shared/core/mode.ts';
import type { StoredItem } from '../../../shared/core/store.ts';
import type { Verdict } from '../../../shared/core/verdict.ts';
import { buildOnce, takeBundles } from './bundles.ts';
import { recordExchanges } from './exchanges.ts';
import { worldSpec } from './specs.ts';

/** `act` in the cluster `staging` and nothing else said. */
export const ACT = `
version: 1
mode: act
clusters:
  - name: staging
`;

const SECTIONS = ['nodeGroupSchedule', 'ecrRescan', 'spotDrain', 'clusterUpgrade', 'podCleanup'] as const;

/** Text of a caretaker.yaml in which only that automation is deployed. `lines` is the rest of its section. */
export const only = (
  section: (typeof SECTIONS)[number],
  lines: readonly string[] = [],
  top: { mode?: Mode; clusters?: readonly string[] } = {},
): string =>
  [
    'version: 1',
    `mode: ${top.mode ?? 'act'}`,
    'clusters:',
    ...(top.clusters ?? ['staging']).map((name) => `  - name: ${name}`),
    ...SECTIONS.filter((other) => other !== section).map((other) => `${other}: { mode: off }`),
    ...(lines.length === 0 ? [] : [`${section}:`, ...lines.map((line) => `  ${line}`)]),
    '',
  ].join('\n');

export interface SceneOptions extends Pick<AccountOptions, 'schedules' | 'stuckAfterSeconds' | 'time'> {
  /** Text of a caretaker.yaml. */
  readonly config?: string;
  readonly spec?: Partial<WorldSpec>;
  /** Bundles of its own, for a test that changes them. */
  readonly ownBundles?: boolean;
}

/** The built product deployed in an embedded account. */
export interface Scene {
  readonly account: Account;
  readonly config: Config;
  /** The folder with the bundles. */
  readonly folder: string;
  /** The Kubernetes API of a cluster: its objects, faults and endpoint. */
  kubernetes(cluster?: string): LocalKubernetes;
  /** Every verdict so far, from the functions' logs, in their order. */
  verdicts(filter?: Partial<Verdict>): readonly Verdict[];
  /** `<target> <action>: <reason>` of the same. */
  reasons(filter?: Partial<Verdict>): readonly string[];
  invocationsOf(entryId: string): readonly InvocationRecord[];
  /** Every line that any function wrote. */
  logs(): readonly string[];
  /** Items of the product's table whose `pk` starts so, as plain objects. */
  items(pkPrefix: string): Promise<readonly StoredItem[]>;
  /** What `caretaker mode` writes: the run-time modes, from now on. */
  setModes(state: ModeState): Promise<void>;
  /** Every AWS call since the scene began. */
  readonly exchanges: readonly Exchange[];
  /** Lets so many seconds of the world's time pass. */
  pass(seconds: number): Promise<void>;
}

/** To be called once at the top of a test file: builds before the first test, ends each test's scenes after it. */
export const useScenes = (): void => {
  beforeAll(async () => {
    await buildOnce();
  }, 120_000);
  afterEach(endScenes);
};

const scenes: { end(): Promise<void> }[] = [];

/** For `afterEach`: ends every scene that was started, and its processes. */
export const endScenes = async (): Promise<void> => {
  for (const scene of scenes.splice(0)) await scene.end();
};

const copyOf = (bundles: string): string => {
  const copy = mkdtempSync(join(tmpdir(), 'caretaker-scene-'));
  cpSync(bundles, copy, { recursive: true });
  scenes.push({ end: async () => rmSync(copy, { recursive: true, force: true }) });
  return copy;
};

/** Builds, deploys and starts an account of its own; ticks come only where `schedules` asks for them. */
export const startScene = async (options: SceneOptions = {}): Promise<Scene> => {
  const config = parseConfig(options.config ?? ACT, 'caretaker.yaml');
  const { folder: shared, giveBack } = await takeBundles(config);
  scenes.push({ end: async () => giveBack() });
  const bundles = options.ownBundles === true ? copyOf(shared) : shared;
  const account = await startAccount({
    spec: worldSpec(options.spec),
    bundles,
    config,
    schedules: options.schedules ?? false,
    time: options.time ?? 'held',
    ...(options.stuckAfterSeconds === undefined ? {} : { stuckAfterSeconds: options.stuckAfterSeconds }),
  });
  const stopRecording = recordExchanges(account, expect.getState().testPath);
  scenes.unshift({ end: () => account.close().finally(stopRecording) });
  const exchanges: Exchange[] = [];
  account.onExchange((exchange) => exchanges.push(exchange));
  const logs = () => account.invocations.flatMap((invocation) => invocation.logs);
  const verdicts: Scene['verdicts'] = (filter = {}) =>
    logs()
      .flatMap(verdictOf)
      .filter((verdict) => matches(verdict, filter));
  return {
    account,
    config,
    folder: bundles,
    kubernetes: (cluster = 'staging') => account.world.cluster(cluster).kubernetes,
    verdicts,
    reasons: (filter) =>
      verdicts(filter).map(({ target, action, reason }) => `${target} ${action}: ${reason}`),
    invocationsOf: (entryId) => account.invocations.filter((invocation) => invocation.entryId === entryId),
    logs,
    items: async (pkPrefix) => {
      const items = await account.table();
      // dynalite answers items in DynamoDB's JSON; every item of the product has pk, sk and version.
      return items
        .map((item) => unmarshall(item as Parameters<typeof unmarshall>[0]) as StoredItem)
        .filter(({ pk }) => pk.startsWith(pkPrefix));
    },
    setModes: (state) => putModes(account, state),
    exchanges,
    pass: (seconds) => account.runUntil(account.clock.now() + seconds * 1000),
  };
};

const putModes = async ({ admin, deployment }: Account, modes: ModeState): Promise<void> => {
  const client = new DynamoDBClient({
    endpoint: admin.AWS_ENDPOINT_URL ?? '',
    region: admin.AWS_REGION ?? '',
    credentials: {
      accessKeyId: admin.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: admin.AWS_SECRET_ACCESS_KEY ?? '',
    },
  });
  try {
    const Item = marshall({ ...MODE_KEY, modes, version: 1 });
    await client.send(new PutItemCommand({ TableName: deployment.names.table, Item }));
  } finally {
    client.destroy();
  }
};

const matches = (verdict: Verdict, filter: Partial<Verdict>): boolean =>
  Object.entries(filter).every(([key, value]) => verdict[key as keyof Verdict] === value);

/** The recorder's lines carry the verdict itself, flat. */
const verdictOf = (line: string): readonly Verdict[] => {
  if (!line.startsWith('{')) return [];
  const { automation, cluster, target, action, reason, mode, at, detail } = JSON.parse(
    line,
  ) as Partial<Verdict>;
  if (automation === undefined || target === undefined || action === undefined) return [];
  if (reason === undefined || mode === undefined || at === undefined) return [];
  return [
    {
      automation,
      ...(cluster === undefined ? {} : { cluster }),
      target,
      action,
      reason,
      mode,
      at,
      ...(detail === undefined ? {} : { detail }),
    },
  ];
};
