import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Fault } from '../../../infra/local/kubernetes/faults.ts';
import { clean, createFailed, names, placeIn, said } from './support/cleanup.ts';
import { onBoth, sameEnds, sameOnBoth } from './support/compare.ts';
import type { DrainStage } from './support/drain-stage.ts';
import { drainEnds, drainGroups, finalOf, verdictsOn, warn } from './support/drain-stage.ts';
import { acceptedOnce, answersByUid, evictionsIn } from './support/evictions.ts';
import type { ProxiedRequest } from './support/fault-proxy.ts';
import { busy, tooSoon, unauthorized } from './support/fault-proxy.ts';
import type { DrainEnd } from './support/faulty-drains.ts';
import {
  cordonsSaid,
  faultyDrains,
  PODS,
  prepareWeb,
  RETRY_AFTER_SECONDS,
  runFaultyDrains,
} from './support/faulty-drains.ts';
import type { WirePod } from './support/objects.ts';
import { isHealthy, nodeNamed, podsIn, read } from './support/objects.ts';
import type { Side } from './support/side.ts';
import { useSides } from './support/sides.ts';
import { createNamespace } from './support/workloads.ts';

const CONFIG = `
version: 1
mode: act
clusters:
  - name: staging
nodeGroupSchedule: { mode: off }
ecrRescan: { mode: off }
clusterUpgrade: { mode: off }
`;
/** One a faulty drain, and those of the cases that follow. */
const NODES = faultyDrains.length + 2;
const sides = useSides({ config: CONFIG, cluster: drainGroups(NODES), faultProxy: true });

const proxied = (filter: (request: ProxiedRequest) => boolean): readonly ProxiedRequest[] => {
  const { proxy } = sides.real;
  if (proxy === undefined) throw new Error('the real side has no proxy');
  return proxy.requests.filter(filter);
};
const isFaulty = ({ fault }: ProxiedRequest) => fault !== undefined;
/** The server had done it all the same. */
const isLost = ({ fault }: ProxiedRequest) => fault === 'reset-after-apply';
const evictionsOf = (namespace: string) =>
  proxied((request) => request.resource === 'pods/eviction' && request.namespace === namespace);
const listsAt = (node: string) => proxied(({ url }) => url.includes(`spec.nodeName=${node}`));
const patchesOf = (node: string) =>
  proxied(({ verb, resource, name }) => verb === 'patch' && resource === 'nodes' && name === node);

/** The account's time is the machine's but for a few milliseconds. */
const CLOCKS_DIFFER_MS = 50;

/** After which nothing comes any more. */
const QUIET_MS = 700;

/** Half a minute, on a machine that does nothing else. */
const LIMIT_MS = 240_000;

describe('nodes that are taken away while the API server fails', () => {
  let ends: {
    readonly real: ReadonlyMap<string, DrainEnd>;
    readonly embedded: ReadonlyMap<string, DrainEnd>;
  };
  const before = new Map<string, { readonly stage: DrainStage; readonly pods: readonly WirePod[] }>();
  const remember = async (side: Side, stage: DrainStage) => {
    const { namespace } = stage.place;
    if (side.name === 'real') before.set(namespace, { stage, pods: await podsIn(side, namespace) });
  };
  /** The real server alone takes its time: the embedded one has none. */
  const drainWithLateAnswers = async () => {
    const { real } = sides;
    const stage = await prepareWeb(real, 'late');
    await remember(real, stage);
    const late = { slowMs: 1_500 };
    real.proxy?.failNext({ verb: 'patch', resource: 'nodes', name: stage.node }, late);
    real.proxy?.failNext({ resource: 'pods/eviction', contains: '/namespaces/late/' }, late, PODS);
    real.proxy?.failNext({ verb: 'list', contains: `spec.nodeName=${stage.node}` }, late, 2);
    warn(real, stage);
    await drainEnds(real, stage);
  };
  beforeAll(async () => {
    [ends] = await Promise.all([
      onBoth(sides, (side) =>
        runFaultyDrains(side, async (stages) => {
          for (const stage of stages) await remember(side, stage);
        }),
      ),
      drainWithLateAnswers(),
    ]);
  }, LIMIT_MS);

  const knownOf = (name: string) => {
    const known = before.get(name);
    if (known === undefined) throw new Error(`there is no drain ${name}`);
    return known;
  };

  it.each(faultyDrains)('$what: the end is the same', ({ name, what }) => {
    const [real, embedded] = [ends.real.get(name), ends.embedded.get(name)];
    const end = sameEnds(
      { real, embedded },
      `Drain, ${what}`,
      (found) =>
        `${found?.reason}, ${found?.podsOnNode} pods left, said to be cordoned ${found?.cordonsSaid} time`,
    );
    expect(end).toEqual({
      reason: 'drained',
      deleted: 0,
      remaining: 0,
      isCordoned: true,
      cordonsSaid: 1,
      podsOnNode: 0,
    });
  });

  it.each(faultyDrains)('$what: and so it was, and each pod was evicted once', async ({ name, times }) => {
    const { stage, pods } = knownOf(name);
    const spoilt = [...evictionsOf(name), ...listsAt(stage.node), ...patchesOf(stage.node)].filter(isFaulty);
    expect(spoilt).toHaveLength(times);
    expect(pods).toHaveLength(PODS);
    expect(answersByUid(evictionsIn(sides.real.audit, name))).toEqual(acceptedOnce(pods));
    expect(sides.real.audit.calls({ namespace: name, verb: 'delete' })).toEqual([]);
    await sides.real.until('all pods are back', async () =>
      (await podsIn(sides.real, name)).filter(isHealthy).length === PODS ? true : undefined,
    );
  });

  it.each(faultyDrains)('$what: it is cordoned once, and not said to be before it is', ({ name }) => {
    const { stage } = knownOf(name);
    const cordons = sides.real.audit.calls({ resource: 'nodes', verb: 'patch', name: stage.node, code: 200 });
    expect(cordons).toHaveLength(1);
    const [told] = cordonsSaid(sides.real, stage);
    const cordonedAt = (cordons[0]?.at ?? Number.POSITIVE_INFINITY) - CLOCKS_DIFFER_MS;
    expect(Date.parse(told?.at ?? '')).toBeGreaterThanOrEqual(cordonedAt);
    const [first] = evictionsIn(sides.real.audit, name);
    expect(first?.at).toBeGreaterThanOrEqual(cordons[0]?.at ?? Number.POSITIVE_INFINITY);
  });

  it.each(faultyDrains)('$what: each failure costs one more request', ({ name }) => {
    const { stage } = knownOf(name);
    const undone = (requests: readonly ProxiedRequest[]) =>
      requests.filter((request) => isFaulty(request) && !isLost(request)).length;
    const [evictions, patches] = [evictionsOf(name), patchesOf(stage.node)];
    expect([evictions.length, patches.length]).toEqual([PODS + undone(evictions), 1 + undone(patches)]);
  });

  it('leaves a server alone that asks for time', () => {
    const pressed = faultyDrains.filter(
      ({ fault }) => typeof fault === 'object' && 'status' in fault && fault.status === 429,
    );
    expect(pressed).toHaveLength(3);
    for (const { name, where } of pressed) {
      const { stage } = knownOf(name);
      const requests = {
        cordon: patchesOf(stage.node),
        list: listsAt(stage.node),
        eviction: evictionsOf(name),
      };
      expect(requests[where].filter(isFaulty)).toHaveLength(2);
      expect(tooSoon(requests[where], RETRY_AFTER_SECONDS[where])).toEqual([]);
    }
  });

  it('leaves a server alone for a while that cannot list', () => {
    const failing = faultyDrains.filter(({ where }) => where === 'list');
    expect(failing.length).toBeGreaterThan(3);
    for (const { name } of failing) {
      const lists = listsAt(knownOf(name).stage.node);
      const waits = lists.flatMap((list, index) => {
        const next = lists[index + 1];
        return isFaulty(list) && next !== undefined ? [next.atMs - list.atMs] : [];
      });
      expect(waits.length).toBeGreaterThan(0);
      expect(Math.min(...waits)).toBeGreaterThan(450);
    }
  });

  it('gives up no message', () => {
    for (const { scene } of [sides.real, sides.embedded])
      expect(scene.account.queues.deadLetters.counts().visible).toBe(0);
  });

  it('waits for answers that come late, and asks for nothing twice', () => {
    const { stage, pods } = knownOf('late');
    expect(finalOf(sides.real, stage)).toMatchObject({
      reason: 'drained',
      detail: { evicted: PODS, deleted: 0 },
    });
    expect(cordonsSaid(sides.real, stage)).toHaveLength(1);
    expect([patchesOf(stage.node).length, evictionsOf('late').length]).toEqual([1, PODS]);
    expect(answersByUid(evictionsIn(sides.real.audit, 'late'))).toEqual(acceptedOnce(pods));
  });
});

describe('a node that cannot be cordoned', () => {
  /** Until its end; the worker tries for as long. */
  const SECONDS = 5;
  const PAUSE_MS = 100;
  const nodes = new Map<Side, string>();

  it('is never said to be: not by a verdict, the record or an event', async () => {
    const name = 'never-cordoned';
    const run = async (side: Side) => {
      const stage = await prepareWeb(side, name);
      nodes.set(side, stage.node);
      side.failNext({ verb: 'patch', resource: 'nodes', name: stage.node }, { status: 500 }, 500);
      warn(side, stage, SECONDS);
      await drainEnds(side, stage);
      const events = await read<{ items: { reason: string; involvedObject: { name: string } }[] }>(
        side,
        '/api/v1/namespaces/default/events',
      );
      const records = (await side.scene.items('drain#')).map(
        ({ record }) => record as { node: { name: string }; cordonedAt?: number },
      );
      return {
        isCordoned: (await nodeNamed(side, stage.node)).spec.unschedulable === true,
        cordonsSaid: cordonsSaid(side, stage).length,
        isTriedAgain: verdictsOn(side, stage).filter(({ reason }) => reason === 'cordon-failed').length > 1,
        records: records
          .filter(({ node }) => node.name === stage.node)
          .map((record) => ({ isCordoned: 'cordonedAt' in record })),
        events: events.items.filter(
          ({ reason, involvedObject }) =>
            reason === 'SpotDrainCordoned' && involvedObject.name === stage.node,
        ).length,
      };
    };
    const end = await sameOnBoth(
      sides,
      'Drain of a node whose cordon the API server never takes',
      run,
      (found) => `said to be cordoned ${found.cordonsSaid} times, tried again: ${found.isTriedAgain}`,
    );
    expect(end).toEqual({
      isCordoned: false,
      cordonsSaid: 0,
      isTriedAgain: true,
      records: [{ isCordoned: false }],
      events: 0,
    });
  });

  it('is asked for with a pause after each fault, so that a struggling API server is not hit harder', () => {
    const patches = patchesOf(nodes.get(sides.real) ?? '');
    const pauses = patches.slice(1).map(({ atMs }, index) => atMs - (patches[index]?.atMs ?? 0));
    const tooShort = pauses.filter((pauseMs) => pauseMs < PAUSE_MS);
    // One function may begin its five when another has just ended.
    expect(pauses.length).toBeGreaterThanOrEqual(4);
    expect(tooShort.length).toBeLessThanOrEqual(Math.floor(patches.length / 5));
  });
});

describe('left-over pods while the API server fails', () => {
  const PRESSED_SECONDS = 1;
  const LEFT = 4;
  interface Case {
    readonly what: string;
    readonly fault: Fault;
    readonly times: number;
    /** So long a hung request is waited for. */
    readonly givenUpAfterSeconds?: number;
    readonly verb: 'list' | 'delete';
  }
  const overloaded = { what: 'is overloaded', fault: busy(PRESSED_SECONDS), times: 2 };
  const cut = { what: 'cuts the connection', fault: 'reset', times: 2 } as const;
  const mistrusting = { what: 'does not believe the token', fault: unauthorized, times: 1 };
  const silent = { what: 'does not answer', fault: 'hang', times: 1 } as const;
  const lost = {
    what: 'cuts the connection when it has done it',
    fault: 'reset-after-apply',
    times: 1,
  } as const;
  const cases: readonly Case[] = [
    { verb: 'list', ...overloaded },
    { verb: 'list', what: 'answers 503', fault: { status: 503 }, times: 2 },
    { verb: 'list', ...cut },
    { verb: 'list', ...mistrusting },
    { verb: 'list', ...silent, givenUpAfterSeconds: 16 },
    { verb: 'delete', ...overloaded },
    { verb: 'delete', what: 'answers 500', fault: { status: 500 }, times: 2 },
    { verb: 'delete', ...cut },
    { verb: 'delete', ...mistrusting },
    { verb: 'delete', ...silent, givenUpAfterSeconds: 11 },
    { verb: 'delete', ...lost },
  ];

  /** The scheduler looks at a new pod too, and writes down what it thinks of it: a pod that changes is not deleted. */
  const leftAlone = (side: Side, namespace: string) => {
    const versions = async () =>
      (await podsIn(side, namespace)).map(({ metadata }) => metadata.resourceVersion).join();
    return side.until('nobody changes the pods', async () => {
      const before = await versions();
      await sleep(QUIET_MS);
      return (await versions()) === before ? true : undefined;
    });
  };

  /** A request hangs, and nothing else is on its way: only that one is given up where time is skipped. */
  const onlyThatHangs = (side: Side, earlier: number) => {
    const came = () => proxied(() => true).slice(earlier);
    return side.until('a request hangs, and all others are answered', async () => {
      const before = came();
      if (!before.some(isFaulty) || sides.real.proxy?.underWay() !== 0) return undefined;
      await sleep(QUIET_MS);
      return came().length === before.length ? true : undefined;
    });
  };

  it.each(cases)('$verb: the API server $what: the same pods go, none twice', async (one) => {
    const { verb, what, fault, times } = one;
    const place = placeIn(`cleanup-${cases.indexOf(one)}`);
    const left = Array.from({ length: LEFT }, (_, index) => ({ name: `left-${index}` }));
    let pods: readonly WirePod[] = [];
    let earlier = 0;
    const run = async (side: Side) => {
      await createNamespace(side, place);
      await createFailed(side, place, [
        ...left,
        { name: 'crashed', reason: 'Error', message: 'exit code 1' },
      ]);
      if (side.name === 'real') {
        await leftAlone(side, place.namespace);
        pods = (await podsIn(side, place.namespace)).filter(({ metadata }) => metadata.name !== 'crashed');
        earlier = proxied(() => true).length;
      }
      const match =
        verb === 'delete' ? { verb, resource: 'pods', name: 'left-1' } : { verb, resource: 'pods' };
      side.failNext(match, fault, times);
      const running = clean(side);
      if (side.name === 'real' && one.givenUpAfterSeconds !== undefined) {
        await onlyThatHangs(side, earlier);
        side.skip(one.givenUpAfterSeconds);
      }
      const verdicts = await running;
      const { deleted, failed, postponed, kept } = (verdicts.find(({ reason }) => reason === 'report')
        ?.detail ?? {}) as Record<string, number>;
      return {
        said: said(verdicts, place),
        left: await names(side, place),
        report: { deleted, failed, postponed, kept },
      };
    };
    const end = await sameOnBoth(
      sides,
      `Cleanup, ${verb} of pods: the API server ${what}`,
      run,
      ({ report, left: names }) =>
        `${report.deleted} deleted, ${report.failed} failed; left: ${names.join(', ')}`,
    );
    expect(end.said.filter((line) => line.startsWith('left-'))).toEqual(
      left.map(({ name }) => `${name} delete: terminated`),
    );
    expect(end).toMatchObject({ left: ['crashed'], report: { deleted: LEFT, failed: 0, postponed: 0 } });
    const deletes = sides.real.audit.calls({ verb: 'delete', resource: 'pods', namespace: place.namespace });
    const accepted = deletes
      .filter(({ code }) => code === 200)
      .map(({ body }) => (body as { preconditions: { uid: string } }).preconditions.uid);
    expect(accepted.toSorted()).toEqual(pods.map(({ metadata }) => metadata.uid).toSorted());
    const came = proxied(() => true).slice(earlier);
    expect(came.filter(isFaulty)).toHaveLength(times);
    expect(came.filter(({ verb: is }) => is === 'delete')).toHaveLength(
      LEFT + (verb === 'delete' ? times : 0),
    );
    expect(
      tooSoon(
        came.filter(({ verb: is }) => is === verb),
        PRESSED_SECONDS,
      ),
    ).toEqual([]);
  });

  it('answers that come late are waited for, and nothing is asked twice', async () => {
    const { real } = sides;
    const place = placeIn('cleanup-late');
    await createNamespace(real, place);
    await createFailed(real, place, [{ name: 'left-0' }, { name: 'left-1' }]);
    const earlier = proxied(() => true).length;
    real.proxy?.failNext({ verb: 'list', resource: 'pods' }, { slowMs: 1_500 });
    real.proxy?.failNext({ contains: `/namespaces/${place.namespace}/` }, { slowMs: 1_500 }, 2);
    expect(said(await clean(real), place)).toEqual([
      'left-0 delete: terminated',
      'left-1 delete: terminated',
    ]);
    const came = proxied(() => true).slice(earlier);
    expect(came.filter(isFaulty)).toHaveLength(3);
    expect(came.filter(({ resource }) => resource === 'pods')).toHaveLength(3);
    expect(await names(real, place)).toEqual([]);
  });
});
