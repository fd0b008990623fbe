import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultMatch } from '../../../../infra/local/kubernetes/faults.ts';
import type { ClusterSpec } from '../../../../infra/local/world/spec.ts';
import type { Scene, SceneOptions } from '../../../e2e/support/scene.ts';
import { startScene } from '../../../e2e/support/scene.ts';
import { clusterSpec } from '../../../e2e/support/specs.ts';
import type { ApiRequest } from '../../support/api-request.ts';
import { createApiRequest } from '../../support/api-request.ts';

export const CLUSTER = 'staging';

/** Our bundles in the embedded account, with one or the other Kubernetes API behind DescribeCluster. */
export interface Side {
  readonly name: 'embedded' | 'real';
  readonly scene: Scene;
  /** The administrator's requests to the cluster. */
  readonly request: ApiRequest;
  /** Looks again and again until there is something; time passes meanwhile, as it does on that side. */
  until<T>(
    what: string,
    look: () => Promise<T | undefined> | T | undefined,
    withinSeconds?: number,
  ): Promise<T>;
  /** So many seconds pass in AWS: messages become visible, instances start. No function may be running. */
  pass(seconds: number): Promise<void>;
  /**
   * The account's clock jumps, and functions that run see it at once: to a deadline that nobody wants to wait for.
   * Where time is moved anyway it does nothing. No request may be on its way for which that is too long.
   */
  skip(seconds: number): void;
  /**
   * The next `times` (1) requests of the bundles to the cluster that match go wrong in that way. Throws where the real
   * cluster has no proxy in front of it.
   */
  failNext(match: FaultMatch, fault: Fault, times?: number): void;
  close(): Promise<void>;
}

export interface SideOptions {
  /** Text of a caretaker.yaml. */
  readonly config: string;
  readonly cluster: Partial<ClusterSpec>;
  /** Epoch ms at which the embedded side stands at first; where it matters, the machine's. */
  readonly startAt?: number;
  /** The bundles reach the real cluster through a proxy that spoils what it is told to. */
  readonly faultProxy?: true;
}

const ADMINISTRATOR = 'administrator-of-the-test';
const POLL_MS = 40;

const LAST_VERDICTS = 5;
const late = (scene: Scene, what: string, seconds: number): Error =>
  new Error(
    [
      `not within ${seconds} s: ${what}. The last verdicts:`,
      ...scene
        .verdicts()
        .slice(-LAST_VERDICTS)
        .map(
          ({ target, action, reason, detail }) => `${target} ${action} ${reason} ${JSON.stringify(detail)}`,
        ),
    ].join('\n'),
  );

/** The cluster is the embedded one, and time is moved as fast as nobody has to wait for it. */
export const startEmbeddedSide = async ({ config, cluster, startAt }: SideOptions): Promise<Side> => {
  const clusters = [clusterSpec(cluster)];
  const scene = await startScene({
    config,
    spec: { clusters, ...(startAt === undefined ? {} : { startAt }) },
  });
  scene.account.world.principals.set(ADMINISTRATOR, {
    accessKeyId: ADMINISTRATOR,
    secretAccessKey: ADMINISTRATOR,
    roleName: ADMINISTRATOR,
    groups: ['system:masters'],
    bearerToken: ADMINISTRATOR,
  });
  const { endpoint, certificateAuthority } = scene.kubernetes();
  const client = createApiRequest({
    url: endpoint,
    caPem: Buffer.from(certificateAuthority, 'base64').toString('utf8'),
    adminToken: ADMINISTRATOR,
  });
  return {
    name: 'embedded',
    scene,
    request: client.request,
    until: async (what, look, withinSeconds = 60) => {
      for (const end = scene.account.clock.now() + withinSeconds * 1000; ; await scene.pass(0.25)) {
        const found = await look();
        if (found !== undefined) return found;
        if (scene.account.clock.now() > end) throw late(scene, what, withinSeconds);
      }
    },
    pass: scene.pass,
    skip: () => {},
    failNext: scene.kubernetes().failNext,
    close: async () => client.close(),
  };
};

/** The cluster is at that address, and lives in the machine's time; the account's time is the same but for `pass`. */
export const startSideOf = async (
  { config, cluster }: SideOptions,
  real: { endpoint: string; caPem: string; request: ApiRequest; failNext?: Side['failNext'] },
): Promise<Side> => {
  const kubernetesApi = {
    endpoint: real.endpoint,
    certificateAuthority: Buffer.from(real.caPem, 'utf8').toString('base64'),
  };
  const options: SceneOptions = {
    config,
    time: 'running',
    spec: { startAt: Date.now(), clusters: [clusterSpec({ ...cluster, kubernetesApi })] },
  };
  const scene = await startScene(options);
  const { account } = scene;
  // Making the world took a second or two.
  account.clock.jumpTo(Date.now());
  // A machine with other work takes its time over a first start; here it is the cluster that is looked at.
  await Promise.all(account.deployment.entries.map(({ entry }) => account.prewarm(entry.id, 1)));

  const until: Side['until'] = async (what, look, withinSeconds = 60) => {
    for (const end = performance.now() + withinSeconds * 1000; ; await sleep(POLL_MS)) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > end) throw late(scene, what, withinSeconds);
    }
  };
  const idle = () => until('no function is running', () => (account.running === 0 ? true : undefined), 60);
  return {
    name: 'real',
    scene,
    request: real.request,
    until,
    pass: async (seconds) => {
      const end = account.clock.now() + seconds * 1000;
      // One thing after the other: a function that is started on the way has its own time, not the rest of this.
      for (await idle(); (account.clock.nextDue() ?? end) < end; await idle())
        account.clock.jumpTo(account.clock.nextDue() ?? end);
      account.clock.jumpTo(end);
      await idle();
    },
    skip: (seconds) => account.clock.jumpTo(account.clock.now() + seconds * 1000),
    failNext: (...fault) => {
      if (real.failNext === undefined) throw new Error('say "faultProxy: true" for a cluster that fails');
      real.failNext(...fault);
    },
    close: async () => {},
  };
};
