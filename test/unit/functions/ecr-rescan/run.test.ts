import { describe, expect, it } from '@jest/globals';
import type { EcrRescanConfig } from '../../../../functions/ecr-rescan/config.ts';
import type { EcrRescanDeps } from '../../../../functions/ecr-rescan/run.ts';
import { runEcrRescan } from '../../../../functions/ecr-rescan/run.ts';
import { ClusterUnreachableError, MalformedEventError } from '../../../../shared/core/errors.ts';
import type { Finding, ScanResult, StartResult, TaggedImage } from '../../../../shared/core/image-scans.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import type { Notification } from '../../../../shared/core/store.ts';
import type { KubernetesApi } from '../../../../shared/kubernetes/client.ts';
import { KubernetesApiError } from '../../../../shared/kubernetes/errors.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createFakeScans, digest, finding, REGION, REGISTRY_HOST } from '../../../fixtures/images.ts';
import { createMemoryBlobs } from '../../../fixtures/memory-blobs.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const awsError = (name: string) => Object.assign(new Error(`${name} said`), { name });
const complete = (completedAt: number, findings: readonly Finding[] = []): ScanResult => ({
  kind: 'complete',
  completedAt,
  findings,
});

const podRunning = (name: string, imageID: string) => ({
  metadata: { namespace: 'shop', name, ownerReferences: [{ kind: 'StatefulSet', name, controller: true }] },
  status: { phase: 'Running', containerStatuses: [{ name: 'app', image: 'shop', imageID }] },
});

/** An account with clusters `staging` and `prod` in memory; `tick` runs one tick and says what it said. */
const createScene = (section: Partial<EcrRescanConfig> = {}) => {
  const clock = createFakeClock('2026-11-19T12:00:00Z');
  const store = createMemoryStore(clock);
  const scans = createFakeScans();
  const world = {
    mode: 'act' as Mode,
    modes: {} as Record<string, Mode>,
    pods: { staging: [], prod: [] } as Record<string, readonly object[] | Error>,
    repositories: {} as Record<string, readonly TaggedImage[] | Error>,
    listing: undefined as Error | undefined,
    remainingMs: 300_000,
  };
  const calls: string[] = [];
  const notifications: Notification[] = [];
  const api = (cluster: string): KubernetesApi => ({
    cluster,
    request: () => Promise.reject(new Error('nothing but lists')),
    async *listPages<T>(): AsyncIterable<readonly T[]> {
      calls.push(`pods ${cluster}`);
      const pods = world.pods[cluster] ?? [];
      if (pods instanceof Error) throw pods;
      yield pods as readonly object[] as readonly T[];
    },
  });
  const deps: EcrRescanDeps = {
    config: {
      version: 1,
      mode: 'act',
      clusters: [{ name: 'staging' }, { name: 'prod' }],
      notifications: { topic: true },
    },
    section: {
      repositories: [],
      minimumSeverity: 'HIGH',
      imagesPerTick: 200,
      refreshMinutes: 60,
      ...section,
    },
    clock,
    store,
    blobs: createMemoryBlobs(),
    notifier: {
      notify: async (notification) => {
        notifications.push(notification);
      },
    },
    scans: {
      ...scans,
      registry: async () => {
        calls.push('registry');
        if (scans.facts instanceof Error) throw scans.facts;
        return scans.facts;
      },
    },
    repositories: {
      async *repositories() {
        calls.push('repositories');
        if (world.listing !== undefined) throw world.listing;
        yield Object.keys(world.repositories);
      },
      async *taggedImages(repository) {
        calls.push(`images ${repository}`);
        const images = world.repositories[repository] ?? [];
        if (images instanceof Error) throw images;
        yield images;
      },
    },
    clusters: {
      connect: async (cluster) => {
        const pods = world.pods[cluster];
        if (pods instanceof ClusterUnreachableError) throw pods;
        return api(cluster);
      },
    },
    readMode: async (cluster) => (cluster === undefined ? world.mode : (world.modes[cluster] ?? world.mode)),
  };
  const tick = async () => {
    calls.length = 0;
    scans.started.length = 0;
    scans.read.length = 0;
    const call = createTestCall({ automation: 'ecr-rescan', clock, store, remainingMs: world.remainingMs });
    await runEcrRescan(deps, { trigger: 'tick' }, call);
    const said = call.verdicts.map(
      ({ target, action, reason }) => `${action} ${target.replace(/0{60,}/, '')} ${reason}`,
    );
    const images = said.filter((line) => line.includes(' image/'));
    return { call, said, images, last: call.verdicts.at(-1) };
  };
  return { clock, store, scans, world, calls, notifications, deps, tick };
};

const runs = (number: number, repository = 'shop/web') =>
  podRunning(`w${number}`, `${REGISTRY_HOST}/${repository}@${digest(number)}`);
const tagged = (...numbers: number[]): TaggedImage[] =>
  numbers.map((number) => ({ digest: digest(number), tags: [`v${number}`] }));

describe('an image that was never looked at', () => {
  it('and never scanned, is scanned', async () => {
    const { tick, world, scans } = createScene();
    world.pods.staging = [runs(1)];
    const { images, call } = await tick();
    expect(scans.started).toEqual([digest(1)]);
    expect(images).toEqual(['start-scan image/shop/web@sha256:1 never-scanned']);
    expect(call.verdicts[0]?.detail).toMatchObject({ outcome: 'scanned' });
  });

  it('but scanned an hour ago by somebody else, becomes a baseline and waits', async () => {
    const { tick, world, scans, clock, store } = createScene();
    world.pods.staging = [runs(1)];
    scans.results.set(digest(1), complete(clock.now() - HOUR, [finding('CVE-1')]));
    const { images, call } = await tick();
    expect(scans.started).toEqual([]);
    expect(images).toEqual(['none image/shop/web@sha256:1 too-soon']);
    expect(call.verdicts[0]?.detail).toMatchObject({
      outcome: 'too-soon',
      eligibleAt: '2026-11-20T11:05:00.000Z',
    });
    expect(store.items().some(({ sk }) => sk === `${digest(1)}#result`)).toBe(true);
  });

  it('but scanned two days ago, becomes a baseline and is scanned', async () => {
    const { tick, world, scans, clock } = createScene();
    world.pods.staging = [runs(1)];
    scans.results.set(digest(1), complete(clock.now() - 48 * HOUR));
    expect((await tick()).images).toEqual(['start-scan image/shop/web@sha256:1 due']);
    expect(scans.started).toEqual([digest(1)]);
  });
});

describe('the next scan', () => {
  it('comes no earlier than 24 hours and 5 minutes after the last', async () => {
    const { tick, world, scans, clock } = createScene({ refreshMinutes: 5 });
    world.pods.staging = [runs(1)];
    await tick();
    const startedAt = clock.now();
    const starts: number[] = [];
    for (let minutes = 5; minutes <= 50 * 60; minutes += 5) {
      clock.set(startedAt + minutes * MINUTE);
      scans.results.set(digest(1), complete(startedAt + 1_000));
      await tick();
      if (scans.started.length > 0) starts.push((clock.now() - startedAt) / MINUTE);
    }
    // The first scan ended a second after it began, so that the tick at 24 h 5 min is a second too early.
    expect(starts).toEqual([24 * 60 + 10, 48 * 60 + 15]);
  });
});

describe('each image has one outcome a pass', () => {
  it.each<[string, ScanResult | Error | undefined, StartResult | Error | undefined, string, string]>([
    ['ECR says too soon', undefined, { kind: 'too-soon' }, 'too-soon', 'too-soon'],
    ['the quota is used up', undefined, { kind: 'quota', message: 'm' }, 'quota-exceeded', 'error'],
    [
      'ECR cannot scan its type',
      undefined,
      { kind: 'unsupported', message: 'm' },
      'unsupported',
      'unsupported',
    ],
    ['it is archived', undefined, { kind: 'archived' }, 'image-archived', 'archived'],
    ['it is gone', undefined, { kind: 'not-found', message: 'm' }, 'image-not-found', 'not-found'],
    [
      'enhanced scanning was just switched on',
      undefined,
      { kind: 'disabled', message: 'm' },
      'enhanced-scanning',
      'disabled',
    ],
    ['the right is missing', undefined, awsError('AccessDeniedException'), 'missing-right', 'error'],
    ['ECR throttles', undefined, awsError('ThrottlingException'), 'throttled', 'error'],
    ['ECR fails', undefined, awsError('ServerException'), 'scan-error', 'error'],
    ['the last scan cannot be read', awsError('ServerException'), undefined, 'scan-error', 'error'],
    ['a scan is running', { kind: 'running' }, undefined, 'too-soon', 'too-soon'],
    ['its last result says archived', { kind: 'archived' }, undefined, 'image-archived', 'archived'],
    ['its last result says gone', { kind: 'image-not-found' }, undefined, 'image-not-found', 'not-found'],
    [
      'its last result says unsupported',
      { kind: 'unsupported', description: '' },
      undefined,
      'unsupported',
      'unsupported',
    ],
    [
      'it has enhanced findings',
      { kind: 'unavailable', status: 'ACTIVE' },
      undefined,
      'scan-unavailable',
      'disabled',
    ],
    ['its last scan failed', { kind: 'failed', description: '' }, undefined, 'never-scanned', 'scanned'],
  ])('%s; the others are scanned all the same', async (_name, result, start, reason, outcome) => {
    const { tick, world, scans } = createScene();
    world.pods.staging = [runs(1), runs(2), runs(3)];
    if (result !== undefined) scans.results.set(digest(2), result);
    if (start !== undefined) scans.starts.set(digest(2), start);
    const { call, images, last } = await tick();
    expect(images).toHaveLength(3);
    const verdict = call.verdicts.find(({ target }) => target.endsWith(digest(2)));
    expect([verdict?.reason, verdict?.detail?.outcome]).toEqual([reason, outcome]);
    expect(scans.started).toEqual(expect.arrayContaining([digest(1), digest(3)]));
    const fails = outcome === 'error' && reason !== 'throttled' && reason !== 'quota-exceeded';
    expect(call.failures).toHaveLength(fails ? 1 : 0);
    const counts = Object.values(last?.detail?.outcomes as Record<string, number>);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  it('a foreign image is reported and ECR is never called for it', async () => {
    const { tick, world, scans } = createScene();
    const other = `602401143452.dkr.ecr.${REGION}.amazonaws.com/eks/kube-proxy@${digest(4)}`;
    world.pods.staging = [
      podRunning('proxy', other),
      podRunning('nginx', `docker.io/library/nginx@${digest(5)}`),
    ];
    const { call, images } = await tick();
    expect(images).toHaveLength(2);
    expect(call.verdicts.filter(({ reason }) => reason === 'foreign')).toHaveLength(2);
    expect([scans.read, scans.started]).toEqual([[], []]);
  });

  it('an image without a digest is reported as not found', async () => {
    const { tick, world } = createScene();
    world.pods.staging = [podRunning('web', `${REGISTRY_HOST}/shop/web:1.4`)];
    expect((await tick()).images).toEqual([`none image/${REGISTRY_HOST}/shop/web:1.4 digest-unknown`]);
  });

  it('an unsupported image is not asked for again for a day', async () => {
    const { tick, world, scans, clock } = createScene();
    world.pods.staging = [runs(1)];
    scans.starts.set(digest(1), { kind: 'unsupported', message: 'an index' });
    await tick();
    clock.advance(HOUR);
    const { images } = await tick();
    expect(images).toEqual(['none image/shop/web@sha256:1 unsupported']);
    expect([scans.read, scans.started]).toEqual([[], []]);
  });
});

describe('modes', () => {
  it('observe plans the scan and starts none', async () => {
    const { tick, world, scans } = createScene();
    world.mode = 'observe';
    world.pods.staging = [runs(1)];
    const { images, call } = await tick();
    expect(images).toEqual(['start-scan image/shop/web@sha256:1 never-scanned']);
    expect(call.verdicts[0]).toMatchObject({ mode: 'observe', detail: { outcome: 'planned' } });
    expect(scans.started).toEqual([]);
  });

  it('a scan that a change of mode stopped in the middle of a tick is not told as started', async () => {
    const { tick, world, scans, deps } = createScene();
    world.pods.staging = [runs(1)];
    const changing: EcrRescanDeps['scans'] = {
      ...deps.scans,
      result: async (identity) => {
        world.mode = 'observe';
        return deps.scans.result(identity);
      },
    };
    const call = createTestCall({ automation: 'ecr-rescan', clock: deps.clock, store: deps.store });
    await runEcrRescan({ ...deps, scans: changing }, { trigger: 'tick' }, call);
    await call.recorder.finish('act');
    expect(call.verdicts[0]).toMatchObject({ action: 'start-scan', mode: 'observe' });
    expect(scans.started).toEqual([]);
    expect(call.published).toEqual([]);
    world.mode = 'act';
    expect((await tick()).images).toEqual([]);
  });

  it('a cluster that is off is not listed', async () => {
    const { tick, world, calls } = createScene();
    world.modes.staging = 'off';
    expect((await tick()).said).toContain('none cluster/staging mode-off');
    expect(calls.filter((call) => call.startsWith('pods'))).toEqual(['pods prod']);
  });

  it('an ENHANCED registry is never asked for a scan', async () => {
    const { tick, world, scans } = createScene();
    scans.facts = { registry: '111122223333', region: REGION, scanning: 'ENHANCED' };
    world.pods.staging = [runs(1)];
    expect((await tick()).images).toEqual(['none image/shop/web@sha256:1 enhanced-scanning']);
    expect([scans.read, scans.started]).toEqual([[], []]);
  });
});

describe('the image list', () => {
  it('has the tagged images of configured repositories, and of no other', async () => {
    const { tick, world, scans, calls } = createScene({ repositories: ['shop/*'] });
    world.repositories = { 'shop/web': tagged(1, 2), 'tools/ci': tagged(3) };
    await tick();
    expect([...scans.started].sort()).toEqual([digest(1), digest(2)]);
    expect(calls).not.toContain('images tools/ci');
  });

  it('is worked on in slices, running images first, and each image comes once', async () => {
    const { tick, world, scans } = createScene({ repositories: ['*'], imagesPerTick: 2 });
    world.repositories = { a: tagged(1, 2, 3, 4) };
    world.pods.staging = [runs(9, 'a')];
    const slices: string[][] = [];
    for (let count = 0; count < 3; count += 1) {
      await tick();
      slices.push([...scans.started].sort());
    }
    expect(slices).toEqual([[digest(1), digest(9)], [digest(2), digest(3)], [digest(4)]]);
  });

  it('once done, an idle tick calls neither ECR nor a cluster', async () => {
    const { tick, world, calls, clock } = createScene();
    world.pods.staging = [runs(1)];
    expect((await tick()).last?.reason).toBe('pass-done');
    clock.advance(5 * MINUTE);
    const { said } = await tick();
    expect(calls).toEqual([]);
    expect(said).toEqual(['none inventory/images nothing-due']);
  });

  it('is made again after refreshMinutes', async () => {
    const { tick, world, calls, clock } = createScene({ refreshMinutes: 30 });
    await tick();
    world.pods.prod = [runs(2)];
    clock.advance(30 * MINUTE);
    expect((await tick()).images).toEqual(['start-scan image/shop/web@sha256:2 never-scanned']);
    expect(calls).toContain('pods prod');
  });

  it('stops in time before the end of the invocation and goes on in the next tick', async () => {
    const { tick, world, scans } = createScene();
    world.pods.staging = [runs(1)];
    world.remainingMs = 59_000;
    expect((await tick()).last?.reason).toBe('out-of-time');
    expect(scans.started).toEqual([]);
    world.remainingMs = 300_000;
    await tick();
    expect(scans.started).toEqual([digest(1)]);
  });
});

describe('a source that cannot be read', () => {
  it.each([
    ['does not answer', new ClusterUnreachableError('staging', 'no address'), 'cluster-unreachable'],
    [
      'forbids the list',
      new KubernetesApiError({ status: 403, reason: 'Forbidden', message: 'no', causes: [] }),
      'missing-right',
    ],
  ])(
    'a cluster that %s says so, the other is scanned, the run fails at the end',
    async (_name, error, reason) => {
      const { tick, world, scans } = createScene();
      world.pods = { staging: error, prod: [runs(2)] };
      const { said, call } = await tick();
      expect(said).toContain(`none cluster/staging ${reason}`);
      expect(scans.started).toEqual([digest(2)]);
      expect(call.failures).toEqual([error]);
    },
  );

  it('what ran there is still known, and it is asked again after 15 minutes', async () => {
    const { tick, world, clock, scans } = createScene();
    world.pods.staging = [runs(1)];
    scans.results.set(digest(1), complete(clock.now() - HOUR));
    await tick();
    world.pods.staging = new ClusterUnreachableError('staging', 'no address');
    clock.advance(HOUR);
    expect((await tick()).images).toEqual(['none image/shop/web@sha256:1 too-soon']);
    world.pods.staging = [];
    clock.advance(15 * MINUTE);
    expect((await tick()).images).toEqual([]);
  });

  it.each([
    [
      'a repository',
      { broken: awsError('ServerException') },
      undefined,
      'none repository/broken repository-unreadable',
      1,
    ],
    [
      'a repository without the right',
      { broken: awsError('AccessDeniedException') },
      undefined,
      'none repository/broken missing-right',
      1,
    ],
    ['the list of repositories', {}, awsError('ServerException'), 'none registry/own registry-unreadable', 0],
  ])('%s', async (_name, broken, listing, said, scanned) => {
    const { tick, world, scans } = createScene({ repositories: ['*'] });
    world.repositories = { ...broken, fine: tagged(1) };
    world.listing = listing;
    const result = await tick();
    expect(result.said).toContain(said);
    expect(result.call.failures).toHaveLength(1);
    expect(scans.started).toHaveLength(scanned);
  });

  it('a repository deleted while it was listed is no failure', async () => {
    const { tick, world } = createScene({ repositories: ['*'] });
    world.repositories = { gone: awsError('RepositoryNotFoundException') };
    expect((await tick()).call.failures).toEqual([]);
  });

  it('the registry: no scan is started without knowing its kind', async () => {
    const { tick, world, scans } = createScene();
    world.pods.staging = [runs(1)];
    scans.facts = awsError('ServerException') as Error;
    const { said, call } = await tick();
    expect(said).toEqual(['none registry/own registry-unreadable']);
    expect(scans.started).toEqual([]);
    expect(call.failures).toHaveLength(1);
  });
});

describe('results that no event brought', () => {
  const scanned = async () => {
    const scene = createScene();
    scene.world.pods.staging = [runs(1)];
    scene.scans.results.set(digest(1), complete(scene.clock.now() - 48 * HOUR));
    await scene.tick();
    return { ...scene, startedAt: scene.clock.now() };
  };

  it('are asked for after ten minutes, compared and told like any other', async () => {
    const { tick, clock, scans, notifications, startedAt } = await scanned();
    scans.results.set(digest(1), complete(startedAt + MINUTE, [finding('CVE-1')]));
    clock.advance(9 * MINUTE);
    await tick();
    expect(scans.read).toEqual([]);
    clock.advance(MINUTE);
    expect((await tick()).images).toEqual(['report image/shop/web@sha256:1 new-findings']);
    expect(notifications[0]?.text).toContain('staging/shop/StatefulSet/w1');
    clock.advance(10 * MINUTE);
    await tick();
    expect(scans.read).toEqual([]);
  });

  it('are not mixed up with the result of the scan before', async () => {
    const { tick, clock, scans } = await scanned();
    clock.advance(10 * MINUTE);
    expect((await tick()).images).toEqual(['none image/shop/web@sha256:1 result-not-yet']);
    expect(scans.read).toEqual([digest(1)]);
  });

  it('of a scan that failed leave the last result, marked stale, and are not asked for again', async () => {
    const { tick, clock, scans, store } = await scanned();
    scans.results.set(digest(1), { kind: 'failed', description: 'why' });
    clock.advance(10 * MINUTE);
    expect((await tick()).images).toEqual(['none image/shop/web@sha256:1 scan-failed']);
    const item = store.items().find(({ sk }) => sk === `${digest(1)}#result`);
    expect(item?.stale).toMatchObject({ reason: 'scan-failed' });
    clock.advance(10 * MINUTE);
    expect((await tick()).images).toEqual([]);
  });

  it('are asked for in observe too: another one may have started the scan', async () => {
    const { tick, clock, scans, world, notifications, startedAt } = await scanned();
    world.mode = 'observe';
    scans.results.set(digest(1), complete(startedAt + MINUTE, [finding('CVE-1')]));
    clock.advance(10 * MINUTE);
    await tick();
    expect(notifications).toHaveLength(1);
  });
});

it('a tick that names a cluster is refused, for the image list spans all of them', async () => {
  const { deps, clock, store } = createScene();
  const call = createTestCall({ automation: 'ecr-rescan', clock, store });
  await expect(runEcrRescan(deps, { trigger: 'tick', cluster: 'staging' }, call)).rejects.toThrow(
    MalformedEventError,
  );
});
