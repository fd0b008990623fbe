import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Observation } from '../../../../shared/drain/observe.ts';
import type { DrainState } from '../../../../shared/drain/state.ts';
import { resumeDrain, startDrain } from '../../../../shared/drain/state.ts';
import type { DrainAction } from '../../../../shared/drain/step.ts';
import { step } from '../../../../shared/drain/step.ts';
import type { RemovalOutcome } from '../../../../shared/drain/types.ts';
import { podOf } from '../../../fixtures/pods.ts';

/** What the API server does with a removal; `lost` was applied, but its answer never arrived. */
type Fate =
  | 'accept'
  | 'lost'
  | 'fail'
  | 'budget'
  | 'two-budgets'
  | 'pressure'
  | 'conflict'
  | 'gone'
  | 'forbidden';
const FATES: readonly Fate[] = [
  'accept',
  'lost',
  'fail',
  'budget',
  'two-budgets',
  'pressure',
  'conflict',
  'gone',
  'forbidden',
];

interface WorldPod {
  readonly uid: string;
  readonly graceSeconds: number;
  readonly boundAfterMs: number;
  readonly doomed: boolean;
  readonly ready: boolean;
  readonly evictOnly: boolean;
  readonly daemonSet: boolean;
  readonly priority: number;
  stopsAt?: number;
}

interface Script {
  readonly pods: readonly {
    graceSeconds: number;
    boundAfterMs: number;
    doomed: boolean;
    ready: boolean;
    evictOnly: boolean;
    daemonSet: boolean;
    priority: number;
  }[];
  readonly includeDaemonSets: boolean;
  readonly byPriority: boolean;
  readonly evictAfterSeconds: number;
  readonly knowsBudgets: boolean;
  readonly fates: readonly Fate[];
  readonly delays: readonly number[];
  readonly listFails: readonly boolean[];
  readonly resumes: readonly number[];
  readonly secondsToDeadline: number;
  readonly deleteAtDeadline: boolean;
}

const script: fc.Arbitrary<Script> = fc.record({
  pods: fc.array(
    fc.record({
      graceSeconds: fc.integer({ min: 0, max: 200 }),
      boundAfterMs: fc.constantFrom(0, 0, 0, 3_000, 20_000),
      doomed: fc.boolean(),
      ready: fc.boolean(),
      evictOnly: fc.boolean(),
      daemonSet: fc.constantFrom(false, false, false, true),
      priority: fc.constantFrom(0, 0, 1_000, -10),
    }),
    { maxLength: 6 },
  ),
  includeDaemonSets: fc.boolean(),
  byPriority: fc.boolean(),
  evictAfterSeconds: fc.constantFrom(0, 0, 3, 60),
  knowsBudgets: fc.boolean(),
  fates: fc.array(fc.constantFrom(...FATES), { minLength: 1, maxLength: 30 }),
  delays: fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 10 }),
  listFails: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
  resumes: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 2 }),
  secondsToDeadline: fc.integer({ min: 1, max: 150 }),
  deleteAtDeadline: fc.boolean(),
});

const START = 1_000_000;
const RUNS = 200;

/** Plays a drain against a small world in which everything takes time and goes wrong as the script says. */
const play = (script: Script) => {
  const deadlineAt = START + script.secondsToDeadline * 1000;
  const world: WorldPod[] = script.pods.map((pod, index) => ({
    ...pod,
    uid: `uid-${index}`,
    ...(pod.doomed && index % 3 === 0 ? { stopsAt: START + 40_000 } : {}),
  }));
  const actions: { action: DrainAction; now: number; shown: ReadonlyMap<string, boolean> }[] = [];
  const acceptedEvictions = new Map<string, number>();
  const shown = new Map<string, boolean>(); // UID -> with deletionTimestamp, in the lists so far
  const inbox: { at: number; observation: Observation }[] = [];
  let fate = 0;
  let delay = 0;
  let lists = 0;
  let now = START;

  const after = () => script.delays[delay++ % script.delays.length] ?? 1;
  const listNow = () =>
    world
      .filter((pod) => START + pod.boundAfterMs <= now && (pod.stopsAt === undefined || pod.stopsAt > now))
      .map((pod) =>
        podOf({
          name: pod.uid,
          uid: pod.uid,
          graceSeconds: pod.graceSeconds,
          ready: pod.ready,
          priority: pod.priority,
          ...(pod.daemonSet ? { owner: 'DaemonSet' } : {}),
          ...(pod.evictOnly ? { annotations: { 'eks-caretaker/evict-only': '' } } : {}),
          ...(pod.stopsAt === undefined ? {} : { deletionTimestamp: 'set' }),
        }),
      );
  const removalAnswer = (action: Exclude<DrainAction, { kind: 'list' }>): RemovalOutcome => {
    const pod = world.find(({ uid }) => uid === action.request.uid);
    if (pod === undefined || (pod.stopsAt !== undefined && pod.stopsAt <= now)) return { kind: 'gone' };
    const chosen = script.fates[fate++ % script.fates.length] ?? 'accept';
    if (chosen === 'accept' || chosen === 'lost') {
      if (action.kind === 'evict') acceptedEvictions.set(pod.uid, (acceptedEvictions.get(pod.uid) ?? 0) + 1);
      pod.stopsAt ??= now + 1000 * (action.request.graceSeconds ?? Math.max(1, pod.graceSeconds));
      return chosen === 'accept' ? { kind: 'accepted' } : { kind: 'failed', message: 'reset' };
    }
    if (chosen === 'gone') pod.stopsAt = now;
    const answers: Record<Exclude<Fate, 'accept' | 'lost'>, RemovalOutcome> = {
      fail: { kind: 'failed', message: 'reset' },
      budget: { kind: 'budget', budgets: ['web'], message: 'full' },
      'two-budgets': { kind: 'budget-misconfigured', message: 'two' },
      pressure: { kind: 'pressure', retryAfterSeconds: 2 },
      conflict: { kind: 'conflict' },
      gone: { kind: 'gone' },
      forbidden: { kind: 'forbidden', message: 'no' },
    };
    return answers[chosen];
  };

  let state: DrainState = startDrain(
    {
      node: { name: 'node-1', uid: 'node-uid' },
      cluster: 'staging',
      deadlineAt,
      marginSeconds: 5,
      deleteAtDeadline: script.deleteAtDeadline,
      taintKeys: [],
      optOuts: { keep: [], evictOnly: [] },
      includeDaemonSets: script.includeDaemonSets,
      order: script.byPriority ? 'by-priority' : 'at-once',
      evictAfterSeconds: script.evictAfterSeconds,
    },
    now,
  );
  const resumes = [...script.resumes].map((seconds) => START + seconds * 1000).sort((a, b) => a - b);
  let observation: Observation = { kind: 'time' };
  let steps = 0;
  let replaysChangeNothing = true;
  for (;;) {
    steps += 1;
    const next = step(state, observation, now);
    const again = step(next.state, observation, now);
    replaysChangeNothing &&=
      again.actions.length === 0 && JSON.stringify(again.state) === JSON.stringify(next.state);
    state = next.state;
    if (next.nextAt === undefined || steps > 20_000) break;
    for (const action of next.actions) {
      actions.push({ action, now, shown: new Map(shown) });
      if (action.kind === 'list') {
        const fails = script.listFails[lists++ % script.listFails.length] === true && lists % 2 === 0;
        const pods = listNow();
        inbox.push({
          at: now + after(),
          observation: fails
            ? { kind: 'list-failed', list: action.list, message: 'down' }
            : {
                kind: 'pods',
                list: action.list,
                pods,
                ...(script.knowsBudgets ? { budgets: new Map(world.map(({ uid }) => [uid, ['web']])) } : {}),
              },
        });
      } else {
        const outcome = removalAnswer(action);
        const { uid } = action.request;
        inbox.push({
          at: now + after(),
          observation: { kind: 'outcome', uid, attempt: action.attempt, verb: action.kind, outcome },
        });
      }
    }
    inbox.sort((a, b) => a.at - b.at);
    const resumeAt = resumes[0] ?? Number.POSITIVE_INFINITY;
    const answerAt = inbox[0]?.at ?? Number.POSITIVE_INFINITY;
    now = Math.max(now, Math.min(next.nextAt, answerAt, resumeAt));
    observation = { kind: 'time' };
    if (now === resumeAt) {
      // The worker is gone, with every answer that was on its way; what it had sent was applied.
      resumes.shift();
      inbox.length = 0;
      state = resumeDrain(JSON.parse(JSON.stringify(state)) as DrainState, now);
    } else if (now === answerAt) {
      observation = inbox.shift()?.observation ?? observation;
      if (observation.kind === 'pods') {
        for (const pod of observation.pods) {
          shown.set(pod.metadata?.uid ?? '', pod.metadata?.deletionTimestamp !== undefined);
        }
      }
    }
  }
  return { state, actions, acceptedEvictions, deadlineAt, now, steps, replaysChangeNothing };
};

const removalsOf = (run: ReturnType<typeof play>) =>
  run.actions.flatMap(({ action, now, shown }) => (action.kind === 'list' ? [] : [{ action, now, shown }]));

const holds = (law: (run: ReturnType<typeof play>) => void) =>
  fc.assert(
    fc.property(script, (drawn) => law(play(drawn))),
    { numRuns: RUNS },
  );

describe('laws of a drain, whatever the API server answers', () => {
  it('never acts on a pod UID that no list has shown', () => {
    holds((run) => {
      expect(removalsOf(run).every(({ action, shown }) => shown.has(action.request.uid))).toBe(true);
    });
  });

  it('never removes a pod whose deletion it has seen', () => {
    holds((run) => {
      expect(removalsOf(run).filter(({ action, shown }) => shown.get(action.request.uid) === true)).toEqual(
        [],
      );
    });
  });

  it('never sends grace 0, and names the resourceVersion whenever it shortens a grace', () => {
    holds((run) => {
      for (const { action } of removalsOf(run)) {
        const { graceSeconds, resourceVersion } = action.request;
        expect(graceSeconds).not.toBe(0);
        if (graceSeconds !== undefined && graceSeconds > 1) expect(resourceVersion).toBeDefined();
      }
    });
  });

  it('has no two accepted evictions of one UID', () => {
    holds((run) => {
      expect([...run.acceptedEvictions.values()].filter((count) => count > 1)).toEqual([]);
    });
  });

  it('does nothing after the deadline and has finished by then', () => {
    holds((run) => {
      expect(run.state.finished?.at).toBeLessThanOrEqual(run.deadlineAt);
      expect(run.actions.every(({ now }) => now < run.deadlineAt)).toBe(true);
    });
  });

  it('changes nothing when an observation comes a second time', () => {
    holds((run) => {
      expect(run.replaysChangeNothing).toBe(true);
    });
  });

  it('deletes only where that is allowed, and only after an eviction was tried', () => {
    holds((run) => {
      const evicted = new Set<string>();
      for (const { action } of removalsOf(run)) {
        if (action.kind === 'evict') evicted.add(action.request.uid);
        else expect(run.state.options.deleteAtDeadline && evicted.has(action.request.uid)).toBe(true);
      }
    });
  });

  it('never deletes what its owners want evicted only, and never touches a DaemonSet unless asked', () => {
    fc.assert(
      fc.property(script, (drawn) => {
        for (const { action } of removalsOf(play(drawn))) {
          const pod = drawn.pods[Number(action.request.uid.replace('uid-', ''))];
          if (action.kind === 'delete') expect(pod?.evictOnly).toBe(false);
          if (!drawn.includeDaemonSets) expect(pod?.daemonSet).toBe(false);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('asks a pod for whatever reason it waits before the time left is its grace', () => {
    fc.assert(
      fc.property(script, (drawn) => {
        // Nothing else holds it up: the server answers at once, no list fails, nobody takes over.
        const calm = { ...drawn, fates: ['budget' as const], listFails: [false], resumes: [], delays: [1] };
        const run = play(calm);
        const firstAsked = new Map<string, number>();
        for (const { action, now } of removalsOf(run)) {
          firstAsked.set(action.request.uid, firstAsked.get(action.request.uid) ?? now);
        }
        for (const [uid, askedAt] of firstAsked) {
          const pod = drawn.pods[Number(uid.replace('uid-', ''))];
          const seenBy = START + (pod?.boundAfterMs ?? 0) + 5_010;
          const lastChance = run.deadlineAt - ((pod?.graceSeconds ?? 0) + 5) * 1000;
          // One that is never deleted asks behind the others of its budget, whose answers take a millisecond each.
          const behindOthersMs = drawn.deleteAtDeadline && pod?.evictOnly !== true ? 0 : drawn.pods.length;
          expect(askedAt).toBeLessThanOrEqual(Math.max(seenBy, lastChance) + behindOthersMs);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('lists the node once a second at most, however many pods there are', () => {
    fc.assert(
      fc.property(script, (drawn) => {
        const fates = drawn.fates.filter((fate) => fate !== 'conflict'); // asks for an early list
        const run = play({ ...drawn, fates: fates.length === 0 ? ['accept'] : fates, listFails: [false] });
        const lists = run.actions.filter(({ action }) => action.kind === 'list').length;
        expect(lists).toBeLessThanOrEqual((run.now - START) / 1000 + 1 + drawn.resumes.length);
      }),
      { numRuns: RUNS },
    );
  });
});
