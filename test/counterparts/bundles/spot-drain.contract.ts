import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KillPoint } from '../../../infra/local/runtime/messages.ts';
import { only } from '../../e2e/support/scene.ts';
import { sameOnBoth } from './support/compare.ts';
import type { DrainStage, DrainSummary } from './support/drain-stage.ts';
import {
  drainEnds,
  drainGroups,
  finalOf,
  inWords,
  prepareNode,
  skipTo,
  summaryOf,
  warn,
} from './support/drain-stage.ts';
import { acceptedOnce, answersByUid, evictionsIn, listsOf } from './support/evictions.ts';
import type { WirePod } from './support/objects.ts';
import { isHealthy, nodeNamed, patch, podsIn, podsOn, read } from './support/objects.ts';
import type { PodWatch } from './support/pod-watch.ts';
import { watchPods } from './support/pod-watch.ts';
import type { Side } from './support/side.ts';
import { useSides } from './support/sides.ts';
import { createBudget, createPod, createWorkload } from './support/workloads.ts';

const sides = useSides({ config: only('spotDrain'), cluster: drainGroups(5) });

/** Six pods of `web` of which two may be missing, `db-0` and `db-1`, one alone, an agent, one that has finished. */
const prepareMixed = (side: Side) =>
  prepareNode(side, 'mixed', async (place) => {
    await createBudget(side, place, { of: 'web', allows: { maxUnavailable: 2 } });
    await createWorkload(side, place, { kind: 'Deployment', name: 'web', replicas: 6 });
    await createWorkload(side, place, { kind: 'StatefulSet', name: 'db', replicas: 2 });
    await createWorkload(side, place, { kind: 'DaemonSet', name: 'agent' });
    await createPod(side, place, { name: 'alone' });
    await createPod(side, place, { name: 'done' });
    await side.until('the pod that is going to have finished runs', async () =>
      (await podsIn(side, 'mixed')).find(
        ({ metadata, status }) => metadata.name === 'done' && status.phase === 'Running',
      ),
    );
    await patch(side, '/api/v1/namespaces/mixed/pods/done/status', {
      status: {
        phase: 'Succeeded',
        conditions: [{ type: 'Ready', status: 'False', reason: 'PodCompleted' }],
      },
    });
    return 10;
  });

/** One pod whose budget lets nothing go. */
const prepareGuarded = (side: Side) =>
  prepareNode(side, 'guarded', async (place) => {
    await createBudget(side, place, { of: 'only', name: 'guard', allows: { minAvailable: 1 } });
    await createWorkload(side, place, {
      kind: 'Deployment',
      name: 'only',
      replicas: 1,
      pod: { terminationGracePeriodSeconds: 1 },
    });
    return 1;
  });

/** SQS delivers again what a killed intake had; a check message looks after a worker's nodes. */
const VISIBILITY_SECONDS = 61;
const CHECK_SECONDS = 25;

interface WireEvent {
  readonly reason: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

const app = (pods: readonly WirePod[], name: string) =>
  pods.filter(({ metadata }) => metadata.labels?.app === name);

describe('a warning for two nodes, with pods of every kind on one and a budget in the way on the other', () => {
  let mixed: DrainStage;
  let guarded: DrainStage;
  let before: readonly WirePod[];
  let watch: PodWatch;
  let summaries: readonly DrainSummary[];

  let skips = 0;
  const run = async (side: Side): Promise<readonly DrainSummary[]> => {
    const stages = [await prepareMixed(side), await prepareGuarded(side)] as const;
    if (side.name === 'real') {
      [mixed, guarded] = stages;
      before = await podsIn(side, 'mixed');
      watch = await watchPods(sides.real.controlPlane, 'mixed');
    }
    warn(side, stages[0]);
    const deadline = warn(side, stages[1], 30);
    if (side.name === 'real') {
      await side.until('the budget has said no, the rest is on its way', () =>
        evictionsIn(sides.real.audit, 'guarded').length > 1 &&
        answersByUid(evictionsIn(sides.real.audit, 'mixed')).size === 9
          ? true
          : undefined,
      );
      skips = await skipTo(side, deadline, 8);
    }
    return Promise.all(stages.map(async (stage) => summaryOf(await drainEnds(side, stage))));
  };
  beforeAll(async () => {
    summaries = await sameOnBoth(
      sides,
      'A node with pods of six kinds, and one whose budget lets nothing go, are drained',
      run,
      (both) => both.map(inWords).join(' / '),
    );
  });

  it('is reported as it was', () => {
    expect(summaries).toEqual([
      {
        reason: 'drained',
        evicted: 9,
        deleted: 0,
        remaining: 0,
        budgets: [],
        skipped: ['daemonset-pod', 'finished'],
      },
      { reason: 'budget-blocked', evicted: 0, deleted: 1, remaining: 0, budgets: ['guard'], skipped: [] },
    ]);
  });

  it('is told by Events on its nodes', async () => {
    const { items } = await read<{ items: readonly WireEvent[] }>(
      sides.real,
      '/api/v1/namespaces/default/events',
    );
    const ours = items.filter(({ reason }) => reason.startsWith('SpotDrain'));
    const toldOf = ({ node }: DrainStage) =>
      ours
        .filter(({ involvedObject: { kind, name } }) => kind === 'Node' && name === node)
        .map(({ reason }) => reason)
        .toSorted();
    expect(toldOf(mixed)).toEqual(['SpotDrainCordoned', 'SpotDrainFinished']);
    expect(toldOf(guarded)).toEqual(['SpotDrainBlocked', 'SpotDrainCordoned']);
  });

  it('keeps new pods off, under our taint', async () => {
    for (const { node } of [mixed, guarded])
      expect(await nodeNamed(sides.real, node)).toMatchObject({
        spec: {
          unschedulable: true,
          taints: expect.arrayContaining([{ key: 'eks-caretaker/spot-interruption', effect: 'NoSchedule' }]),
        },
      });
  });

  it('has its pods brought back on other nodes by their controllers, those of the StatefulSet by name', async () => {
    const { real } = sides;
    const elsewhere = (pods: readonly WirePod[], name: string) =>
      app(pods, name).filter((pod) => isHealthy(pod) && pod.spec.nodeName !== mixed.node);
    const after = await real.until('eight pods run elsewhere', async () => {
      const pods = await podsIn(real, 'mixed');
      const found = [...elsewhere(pods, 'web'), ...elsewhere(pods, 'db')];
      return found.length === 8 ? found : undefined;
    });
    expect(
      app(after, 'db')
        .map(({ metadata }) => metadata.name)
        .toSorted(),
    ).toEqual(['db-0', 'db-1']);
    const uids = new Set(before.map(({ metadata }) => metadata.uid));
    expect(after.filter(({ metadata }) => uids.has(metadata.uid))).toEqual([]);
    const stayed = await podsOn(real, mixed.node);
    expect(stayed.map(({ metadata }) => metadata.labels?.app).toSorted()).toEqual(['agent', 'done']);
    expect(stayed.every(({ metadata }) => uids.has(metadata.uid))).toBe(true);
    expect((await podsIn(real, 'guarded')).filter(isHealthy)).toHaveLength(1);
  });

  it('never has more pods missing than the budget allows', () => {
    watch.stop();
    const fewest = watch.fewestHealthy('web', 6);
    expect(fewest).toBeGreaterThanOrEqual(4);
    expect(fewest).toBeLessThan(6);
  });

  it('costs one patch a node, one list a round, and one accepted eviction a pod', () => {
    const { audit } = sides.real;
    for (const { node } of [mixed, guarded]) {
      const cordons = audit.calls({ resource: 'nodes', verb: 'patch', name: node });
      expect(cordons.map(({ group, code }) => [group, code])).toEqual([['eks-caretaker:spot-drain', 200]]);
      const rounds = listsOf(audit, node);
      expect(rounds.length).toBeGreaterThan(1);
      // A round a second, the first one besides, and one for each time that was skipped.
      const seconds = ((rounds.at(-1)?.at ?? 0) - (rounds.at(0)?.at ?? 0)) / 1000;
      expect(rounds.length).toBeLessThanOrEqual(Math.ceil(seconds) + 1 + skips);
    }
    const evictions = evictionsIn(audit, 'mixed');
    const evicted = before.filter(({ metadata }) => !['agent', 'done'].includes(metadata.labels?.app ?? ''));
    expect(answersByUid(evictions)).toEqual(acceptedOnce(evicted));
    expect(audit.calls({ namespace: 'mixed', verb: 'delete' })).toEqual([]);
  });

  it('deletes what the budget held by uid and with the pod’s own grace, and only once asking was over', () => {
    const { audit } = sides.real;
    const codes = evictionsIn(audit, 'guarded').map(({ code }) => code);
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter((code) => code !== 429)).toEqual([]);
    const deletes = audit.calls({ namespace: 'guarded', verb: 'delete' });
    expect(deletes).toMatchObject([{ code: 200, body: { preconditions: { uid: expect.any(String) } } }]);
    expect(deletes[0]?.body).not.toHaveProperty('gracePeriodSeconds');
  });
});

/** As many pods as a kill needs to have a middle. */
const PODS = 8;
const CLIENT_GONE = 504;

describe('a function that is killed', () => {
  interface Kill {
    readonly when: string;
    readonly entryId: string;
    /** Where it is killed; by hand, once the node is empty and nobody has said so, where left out. */
    readonly point?: KillPoint;
    /** Until what comes again has come again. */
    readonly waits: number;
    readonly wasEmpty: boolean;
  }
  const kills: readonly Kill[] = [
    {
      when: 'after the cordon',
      entryId: 'spot-drain',
      point: { request: 1, when: 'after-apply', service: 'kubernetes', method: 'PATCH' },
      waits: VISIBILITY_SECONDS,
      wasEmpty: false,
    },
    {
      when: 'in the middle of the evictions',
      entryId: 'spot-drain-worker',
      point: { request: PODS / 2, when: 'after-apply', service: 'kubernetes', contains: '/eviction' },
      waits: CHECK_SECONDS,
      wasEmpty: false,
    },
    {
      when: 'before the record is closed',
      entryId: 'spot-drain-worker',
      waits: CHECK_SECONDS,
      wasEmpty: true,
    },
  ];

  const isEmpty = async (side: Side, { node }: DrainStage) =>
    app(await podsOn(side, node), 'web').length === 0;

  it.each(kills)('$when is followed by another: the node is empty and no pod evicted twice', async (kill) => {
    const { when, entryId, point, waits } = kill;
    const name = `killed-${when.replaceAll(' ', '-')}`;
    let before: readonly WirePod[] = [];
    const run = async (side: Side) => {
      const { account } = side.scene;
      const stage = await prepareNode(side, name, async (place) => {
        await createWorkload(side, place, { kind: 'Deployment', name: 'web', replicas: PODS });
        return PODS;
      });
      if (side.name === 'real') before = await podsIn(side, name);
      const earlier = side.scene.invocationsOf(entryId).length;
      if (point !== undefined) account.killAt(entryId, point);
      warn(side, stage);
      if (point === undefined) {
        await side.until('the node is empty', async () => ((await isEmpty(side, stage)) ? true : undefined));
        account.kill(entryId);
      }
      const killed = await side.until(
        `${entryId} is killed`,
        () => side.scene.invocationsOf(entryId)[earlier],
      );
      const atTheKill = { wasEmpty: await isEmpty(side, stage), isOpen: finalOf(side, stage) === undefined };
      await side.pass(waits);
      const { reason, remaining } = summaryOf(await drainEnds(side, stage));
      return {
        killed: killed.error?.errorType,
        ...atTheKill,
        reason,
        remaining,
        isEmpty: await isEmpty(side, stage),
        deadLetters: account.queues.deadLetters.counts().visible,
      };
    };
    const end = await sameOnBoth(
      sides,
      `spot-drain killed ${when}`,
      run,
      (found) => `${found.reason}, the node is ${found.isEmpty ? 'empty' : 'not empty'}`,
    );
    expect(end).toEqual({
      killed: 'Runtime.ExitError',
      wasEmpty: kill.wasEmpty,
      isOpen: true,
      reason: 'drained',
      remaining: 0,
      isEmpty: true,
      deadLetters: 0,
    });
    const answers = answersByUid(evictionsIn(sides.real.audit, name));
    expect([...answers.keys()].toSorted()).toEqual(before.map(({ metadata }) => metadata.uid).toSorted());
    // 504 is what the API server notes where the client has died: done or not, but then it is asked once more.
    for (const codes of answers.values())
      expect([[201], [CLIENT_GONE], [CLIENT_GONE, 201]]).toContainEqual(codes);
    await sides.real.until('all pods are back', async () =>
      (await podsIn(sides.real, name)).filter(isHealthy).length === PODS ? true : undefined,
    );
  });
});
