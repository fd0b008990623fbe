import { afterEach, describe, expect, it } from '@jest/globals';
import { envelope, imageScanCompleted } from '../../infra/local/world/events.ts';
import type { ClusterSpec, FindingSpec, ImageSpec, RepositorySpec } from '../../infra/local/world/spec.ts';
import { invoke, noteCalls } from './support/invoke.ts';
import type { Scene } from './support/scene.ts';
import { endScenes, startScene } from './support/scene.ts';
import { clusterSpec, MINUTE_MS, nodeGroup, START, workload } from './support/specs.ts';

afterEach(endScenes);

const HOUR_MS = 60 * MINUTE_MS;
const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;

const finding = (name: string, change: Partial<FindingSpec> = {}): FindingSpec => ({
  name,
  severity: 'HIGH',
  packageName: 'openssl',
  packageVersion: '3.0.1',
  knownFrom: 0,
  ...change,
});
/** Known to scans that start more than an hour after the beginning. */
const NEW = finding('CVE-2026-50001', {
  severity: 'CRITICAL',
  fixedInVersion: '3.0.2',
  knownFrom: START + HOUR_MS,
});

const image = (letter: string, change: Partial<ImageSpec> = {}): ImageSpec => ({
  digest: digestOf(letter),
  tags: ['1.0'],
  pushedAt: START - 40 * 24 * HOUR_MS,
  findings: [finding('CVE-2025-10001'), NEW],
  ...change,
});
const repository = (name: string, ...images: ImageSpec[]): RepositorySpec => ({
  name,
  scanOnPush: false,
  images,
});

const CART = `image/shop/cart@${digestOf('a')}`;
const API = `image/shop/api@${digestOf('b')}`;
/** The daemons that EKS brings: out of its own registry. */
const FOREIGN = ['amazon-k8s-cni', 'eks/kube-proxy'].map((name) =>
  expect.stringMatching(new RegExp(`^image/602401143452/.*${name}@sha256:[0-9a-f]{64} none: foreign$`)),
);

/** Both images are asked for at once: whichever is answered first is told first. */
const expectFirstScans = (reasons: readonly string[]) => {
  const scans = reasons.slice(FOREIGN.length, -1);
  expect(reasons).toEqual([...FOREIGN, ...scans, 'inventory/images none: pass-done']);
  expect([...scans].sort()).toEqual(
    [`${CART} start-scan: never-scanned`, `${API} start-scan: never-scanned`].sort(),
  );
};

const running = (change: Partial<ClusterSpec> = {}) =>
  clusterSpec({ nodeGroups: [nodeGroup()], workloads: [workload()], ...change });

const start = (
  change: { clusters?: readonly ClusterSpec[]; repositories?: readonly RepositorySpec[]; mode?: string } = {},
): Promise<Scene> => {
  const clusters = change.clusters ?? [running()];
  return startScene({
    spec: {
      clusters,
      repositories: change.repositories ?? [
        repository('shop/cart', image('a')),
        repository('shop/api', image('b', { findings: [] })),
      ],
    },
    config: `
version: 1
mode: ${change.mode ?? 'act'}
clusters: [${clusters.map(({ name }) => `{ name: ${name} }`).join(', ')}]
ecrRescan: { repositories: ["shop/*"] }
spotDrain: { mode: off }
`,
  });
};

const tick = (scene: Scene) => invoke(scene, 'ecr-rescan', { trigger: 'tick' });
/** A tick, and then whatever its scans lead to. */
const tickAndScan = async (scene: Scene) => {
  const said = await tick(scene);
  await scene.pass(60);
  return said;
};
const said = (scene: Scene, target: string) =>
  scene.verdicts({ target }).map(({ action, reason }) => `${action}: ${reason}`);
const scans = (scene: Scene) => scene.exchanges.filter(({ operation }) => operation === 'StartImageScan');

const scanEvent = (scene: Scene, letter = 'a', name = 'shop/cart') =>
  envelope(
    imageScanCompleted({
      repositoryName: name,
      repositoryArn: `arn:aws:ecr:eu-central-1:111122223333:repository/${name}`,
      digest: digestOf(letter),
      tags: ['1.0'],
      severityCounts: { HIGH: 1 },
    }),
    {
      accountId: scene.account.world.accountId,
      region: scene.account.world.region,
      now: scene.account.clock.now(),
      id: '0123',
    },
  );

/** A world in which `shop/cart` has its baseline and its next scan knows a new CVE. */
const afterBaseline = async (change: Parameters<typeof start>[0] = {}): Promise<Scene> => {
  const scene = await start(change);
  await tickAndScan(scene);
  await scene.pass(24 * 3_600 + 300);
  return scene;
};

describe('images', () => {
  it('are scanned, silently at first, and again a day later: a new CVE is told once, with who runs it', async () => {
    const scene = await start();
    expectFirstScans((await tickAndScan(scene)).reasons);
    expect(said(scene, CART)).toEqual(['start-scan: never-scanned', 'none: baseline']);
    const calls = noteCalls(scene);
    expect((await tick(scene)).reasons).toEqual(['inventory/images none: nothing-due']);
    expect(calls().filter((call) => !call.startsWith('dynamodb'))).toEqual([]);

    await scene.pass(23 * 3_600);
    expect((await tickAndScan(scene)).reasons).toEqual([
      ...FOREIGN,
      `${CART} none: too-soon`,
      `${API} none: too-soon`,
      'inventory/images none: pass-done',
    ]);
    expect(scans(scene)).toHaveLength(2);
    expect(scene.account.notifications).toEqual([]);

    await scene.pass(3_600 + 300);
    await tickAndScan(scene);
    await scene.pass(600);
    await tickAndScan(scene);
    expect(said(scene, CART).slice(-2)).toEqual(['start-scan: due', 'report: new-findings']);
    expect(said(scene, API).slice(-2)).toEqual(['start-scan: due', 'none: unchanged']);
    expect(scene.account.notifications).toHaveLength(1);
    const [{ subject, message } = { subject: '', message: '' }] = scene.account.notifications;
    expect(subject).toBe('CVE-2026-50001 (CRITICAL) is new in shop/cart:1.0');
    for (const words of [
      'staging/shop/Deployment/cart',
      'openssl 3.0.1, fix available: 3.0.2',
      digestOf('a'),
    ])
      expect(message).toContain(words);
    expect(message).not.toContain('CVE-2025-10001');
    expect(scene.account.published.map((event) => event['detail-type'])).toContain('ecr-rescan/report');
  }, 60_000);

  it('that somebody else had scanned have their baseline from that scan and wait for its 24 hours', async () => {
    const scene = await start({
      repositories: [
        { ...repository('shop/cart', image('a', { pushedAt: START - 2 * HOUR_MS })), scanOnPush: true },
      ],
    });
    await tickAndScan(scene);
    expect([said(scene, CART), scans(scene)]).toEqual([['none: too-soon'], []]);
    await scene.pass(22 * 3_600 + 600);
    await tickAndScan(scene);
    expect(said(scene, CART).slice(-2)).toEqual(['start-scan: due', 'report: new-findings']);
  });

  it('are scanned although one of them fails, and the invocation fails for it', async () => {
    const scene = await start();
    scene.account.failNext('ecr', 'StartImageScan', { code: 'ValidationException', status: 400 });
    const { ok, payload, reasons } = await tickAndScan(scene);
    expect([ok, payload]).toEqual([false, expect.objectContaining({ errorType: 'PartialFailureError' })]);
    expect(reasons.filter((words) => words.endsWith('none: scan-error'))).toHaveLength(1);
    expect(reasons.filter((words) => words.endsWith('start-scan: never-scanned'))).toHaveLength(1);
    await scene.pass(3_600);
    const again = await tickAndScan(scene);
    expect([again.ok, said(scene, CART).at(-1), said(scene, API).at(-1)]).toEqual([
      true,
      expect.stringMatching(/baseline|too-soon/),
      expect.stringMatching(/baseline|too-soon/),
    ]);
  });

  it('of other registries are named and never asked about', async () => {
    const scene = await start();
    const imageID = `docker.io/library/nginx@${digestOf('c')}`;
    scene.kubernetes().objects.create('pods', {
      metadata: { namespace: 'shop', name: 'front' },
      spec: { containers: [{ name: 'nginx', image: 'docker.io/library/nginx:1.29' }] },
      status: {
        phase: 'Running',
        containerStatuses: [
          { name: 'nginx', image: 'docker.io/library/nginx:1.29', imageID, ready: true, restartCount: 0 },
        ],
      },
    });
    const { reasons } = await tickAndScan(scene);
    expect(reasons).toContain(`image/${imageID} none: foreign`);
    const asked = scene.exchanges
      .filter(({ service }) => service === 'ecr')
      .map(({ input }) => JSON.stringify(input));
    expect(asked.some((input) => input.includes('nginx'))).toBe(false);
    expect(said(scene, CART)[0]).toBe('start-scan: never-scanned');
  });

  it('of the clusters that answer are scanned when another is down, and the invocation fails', async () => {
    const scene = await start({
      clusters: [running({ workloads: [workload({ image: 'own/cart:1.0' })] }), clusterSpec({ name: 'dev' })],
      repositories: [repository('own/cart', image('a'))],
    });
    scene.kubernetes('dev').failNext({}, 'reset', 1_000);
    const { ok, reasons } = await tickAndScan(scene);
    expect([ok, reasons]).toEqual([
      false,
      expect.arrayContaining([
        'cluster/dev none: cluster-unreachable',
        `image/own/cart@${digestOf('a')} start-scan: never-scanned`,
      ]),
    ]);
  });

  it('are looked at and not scanned in observe mode', async () => {
    const scene = await start({ mode: 'observe' });
    const calls = noteCalls(scene);
    expectFirstScans((await tickAndScan(scene)).reasons);
    expect(scene.verdicts({ target: CART })[0]).toMatchObject({
      mode: 'observe',
      detail: { outcome: 'planned' },
    });
    expect(calls().filter((call) => /^(ecr Start|ecr Put|events|sns)/.test(call))).toEqual([]);
    expect(
      scene.account.world.registry.repository('shop/cart').images.get(digestOf('a'))?.scan,
    ).toBeUndefined();
  });
});

describe('results', () => {
  it('that no event tells are asked for by the tick', async () => {
    const scene = await afterBaseline();
    const { images } = scene.account.world.registry.repository('shop/cart');
    const kept = images.get(digestOf('a'));
    if (kept === undefined) throw new Error('the image is not there');
    await tick(scene);
    const startedAt = scene.account.clock.now();
    // The scan ends while nobody tells of it.
    images.delete(digestOf('a'));
    await scene.pass(60);
    images.set(digestOf('a'), {
      ...kept,
      scan: { startedAt, completedAt: startedAt + 8_000, findings: kept.spec.findings },
    });
    expect(said(scene, CART).at(-1)).toBe('start-scan: due');
    await tick(scene);
    expect(scene.account.notifications).toHaveLength(0);
    await scene.pass(600);
    await tick(scene);
    expect(said(scene, CART).at(-1)).toBe('report: new-findings');
    await scene.pass(900);
    await tick(scene);
    expect(scene.account.notifications).toHaveLength(1);
  });

  it('that an event tells twice, or late, are told to people once', async () => {
    const scene = await afterBaseline();
    await tickAndScan(scene);
    for (let copy = 0; copy < 2; copy++) scene.account.putEvent(scanEvent(scene));
    await scene.account.settle();
    expect(said(scene, CART).slice(-3)).toEqual([
      'report: new-findings',
      expect.stringMatching(/^none: (unchanged|duplicate)$/),
      expect.stringMatching(/^none: (unchanged|duplicate)$/),
    ]);
    expect(scene.account.notifications).toHaveLength(1);
  });

  it('are told after the function was killed between storing and telling', async () => {
    const scene = await afterBaseline({ repositories: [repository('shop/cart', image('a'))] });
    scene.account.killAt('ecr-rescan-findings', { request: 1, when: 'before-send', service: 'sns' });
    await tick(scene);
    await scene.pass(600);
    expect(scene.invocationsOf('ecr-rescan-findings').map(({ ok }) => ok)).toEqual([true, false, true]);
    await tick(scene);
    await scene.pass(60);
    expect(scene.account.notifications).toHaveLength(1);
  });

  it.each([
    ['that are not there yet', undefined, 'none: scan-running'],
    [
      'of a scan that ECR does not know',
      { code: 'ScanNotFoundException', status: 400 },
      'none: scan-not-found',
    ],
    ['that cannot be read', { code: 'ValidationException', status: 400 }, 'none: findings-unreadable'],
  ])('%s change nothing: what was found stays found', async (_what, fault, words) => {
    const scene = await afterBaseline();
    const before = await scene.items('ecr-rescan#repository#');
    if (fault === undefined) {
      const { registry } = scene.account.world;
      const { images } = registry.repository('shop/cart');
      const kept = images.get(digestOf('a'));
      if (kept === undefined) throw new Error('the image is not there');
      kept.scan = { startedAt: scene.account.clock.now(), findings: [] };
    } else scene.account.failNext('ecr', 'DescribeImageScanFindings', fault);
    const { verdicts } = await invoke(scene, 'ecr-rescan-findings', scanEvent(scene));
    expect(verdicts.map(({ action, reason }) => `${action}: ${reason}`)).toEqual([words]);
    expect(verdicts[0]?.detail).toMatchObject({ lastResult: 'kept' });
    const [stored, earlier] = [await scene.items('ecr-rescan#repository#'), before].map((items) =>
      items.find(({ sk }) => sk === `${digestOf('a')}#result`),
    );
    expect([stored?.hash, stored?.counts]).toEqual([earlier?.hash, earlier?.counts]);
    expect(stored?.stale).toMatchObject({ reason: words.slice('none: '.length) });
    expect(scene.account.notifications).toEqual([]);
  });

  it('in an event of another shape are refused by the name of what is wrong', async () => {
    const scene = await start();
    const { detail, ...event } = scanEvent(scene);
    const { ok, payload } = await invoke(scene, 'ecr-rescan-findings', {
      ...event,
      detail: { ...detail, 'image-digest': 'latest' },
    });
    expect([ok, payload]).toEqual([
      false,
      expect.objectContaining({
        errorType: 'MalformedEventError',
        errorMessage: expect.stringContaining('image-digest'),
      }),
    ]);
    expect(scene.exchanges.filter(({ service }) => service === 'ecr')).toEqual([]);
  });
});
