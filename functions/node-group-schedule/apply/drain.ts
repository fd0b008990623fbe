import type { V1Node } from '@kubernetes/client-node';
import pMap from 'p-map';
import { UNSCHEDULABLE_TAINT } from '../../../shared/drain/classify.ts';
import { createConcurrencyLimit } from '../../../shared/drain/concurrency.ts';
import { runDrain } from '../../../shared/drain/loop.ts';
import type { DrainReport } from '../../../shared/drain/report.ts';
import { reportOf } from '../../../shared/drain/report.ts';
import type { DrainState } from '../../../shared/drain/state.ts';
import { startDrain } from '../../../shared/drain/state.ts';
import type { DrainApi } from '../../../shared/drain/types.ts';
import type { ClusterNodes } from '../ports.ts';
import { SLEEP_TAINT } from '../ports.ts';
import type { Work } from './work.ts';

const NODES_AT_ONCE = 20;
const EVICTIONS_AT_ONCE = 50;
/** A mode read this recently serves the drains of all nodes of a round. */
const MODE_FRESH_MS = 1_000;
/** Evictions keep the pods' own grace: what ends a round is `stopAt`, and the node goes only after the drain. */
const BEYOND_ANY_ROUND_MS = 24 * 3_600_000;

export interface BlockedPod {
  readonly pod: string;
  readonly budgets: readonly string[];
}

/** What one tick's rounds came to, all nodes of the group together. */
export interface DrainRounds {
  readonly nodes: number;
  readonly empty: boolean;
  /** Every node's pods could be listed. */
  readonly observed: boolean;
  readonly evicted: number;
  readonly blocked: readonly BlockedPod[];
  readonly remaining: readonly string[];
  /** The API server's words where evictions are not allowed to us. */
  readonly forbidden: string | undefined;
  readonly error: string | undefined;
}

/** Notes that the API server does not let us evict: then nothing was tried, and nothing is to follow from it. */
const watchForbidden = (api: DrainApi) => {
  let message: string | undefined;
  const watched: DrainApi = {
    ...api,
    evict: async (request) => {
      const outcome = await api.evict(request);
      if (outcome.kind === 'forbidden') message ??= outcome.message;
      return outcome;
    },
  };
  return { api: watched, message: () => message };
};

/** The mode, read at most once a second however many nodes ask before their rounds. */
const modeGate = (work: Work, cluster: string) => {
  let last: { readonly at: number; readonly answer: Promise<'go' | 'stop'> } | undefined;
  return (): Promise<'go' | 'stop'> => {
    const now = work.deps.clock.now();
    if (last === undefined || now - last.at >= MODE_FRESH_MS) {
      last = {
        at: now,
        answer: work.deps.readMode(cluster).then((mode) => (mode === 'act' ? 'go' : 'stop')),
      };
    }
    return last.answer;
  };
};

const summary = (states: readonly DrainState[], reports: readonly DrainReport[]) => ({
  nodes: reports.length,
  empty: reports.every(({ outcome }) => outcome === 'empty'),
  observed: states.every(({ listed }) => listed !== undefined),
  evicted: reports.reduce((sum, { evicted }) => sum + evicted, 0),
  blocked: reports.flatMap(({ blocked, remaining }) => blocked.filter(({ pod }) => remaining.includes(pod))),
  remaining: reports.flatMap(({ remaining }) => remaining),
  error: reports.find(({ error }) => error !== undefined)?.error,
});

/**
 * Cordons all nodes of a group, then drains them side by side until `stopAt`. Each tick starts afresh from
 * what the cluster holds: a pod that an earlier tick evicted is gone or on its way. Throws
 * KubernetesApiError and KubernetesConnectionError when nodes cannot be cordoned.
 */
export const drainRounds = async (
  work: Work,
  cluster: ClusterNodes,
  options: { name: string; nodes: readonly V1Node[]; stopAt: number },
): Promise<DrainRounds> => {
  const { clock } = work.deps;
  const cordoned = await pMap(options.nodes, (node) => cluster.cordon(node), { concurrency: NODES_AT_ONCE });
  const limiter = createConcurrencyLimit(EVICTIONS_AT_ONCE);
  const { api, message } = watchForbidden(cluster.drain);
  const beforeRound = modeGate(work, options.name);
  const states = await Promise.all(
    cordoned.flatMap((result) => {
      if (result.kind === 'gone') return [];
      const { name = '', uid = '' } = result.node.metadata ?? {};
      const state = startDrain(
        {
          node: { name, uid },
          cluster: options.name,
          deadlineAt: clock.now() + BEYOND_ANY_ROUND_MS,
          marginSeconds: 0,
          deleteAtDeadline: false,
          taintKeys: [SLEEP_TAINT, UNSCHEDULABLE_TAINT],
          // Cordoned by an earlier tick: no pod can have been bound since.
          ...(result.kind === 'already-cordoned' ? { settleSeconds: 0 } : {}),
        },
        clock.now(),
      );
      return [runDrain({ api, clock, state, stopAt: options.stopAt, beforeRound, limiter })];
    }),
  );
  const reports = states.map((state) => reportOf(state, clock.now()));
  return { ...summary(states, reports), forbidden: message() };
};
