import type { Fault, FaultMatch } from '../../../../infra/local/kubernetes/faults.ts';
import type { Verdict } from '../../../../shared/core/verdict.ts';
import type { DrainStage } from './drain-stage.ts';
import { drainEnds, prepareNode, summaryOf, verdictsOn, warn } from './drain-stage.ts';
import { busy, unauthorized } from './fault-proxy.ts';
import { nodeNamed, podsOn } from './objects.ts';
import type { Side } from './side.ts';
import { createWorkload } from './workloads.ts';

/** Drains under one fault each, all at once. */

/** What the API server does wrong, as often as it is said. */
export interface FaultyDrain {
  readonly name: string;
  readonly what: string;
  readonly where: 'cordon' | 'list' | 'eviction';
  readonly hits: (stage: DrainStage) => FaultMatch;
  readonly fault: Fault;
  readonly times: number;
}

/**
 * Evictions are to wait for longer than the lists beside them, whose wait is that of all drains of a worker. Twice the
 * wait of a cordon has to fit well into the seven seconds that the intake has for it.
 */
export const RETRY_AFTER_SECONDS = { cordon: 2, list: 2, eviction: 6 } as const;
const spoilt = {
  cut: { what: 'cuts the connection', fault: 'reset', times: 2 },
  silent: { what: 'does not answer', fault: 'hang', times: 1 },
  overloaded: { what: 'is overloaded', fault: busy(1), times: 2 },
  mistrusting: { what: 'does not believe the token', fault: unauthorized, times: 2 },
  broken: { what: 'answers 500', fault: { status: 500 }, times: 2 },
  down: { what: 'answers 503', fault: { status: 503 }, times: 2 },
  lost: { what: 'cuts the connection when it has done it', fault: 'reset-after-apply', times: 1 },
} as const satisfies Readonly<Record<string, Pick<FaultyDrain, 'what' | 'fault' | 'times'>>>;
type Spoilt = keyof typeof spoilt;

/** The cordon's patch is tried five times by the intake, and then by the worker until it works. */
const PATCHES = 9;

const at = (
  where: FaultyDrain['where'],
  kinds: readonly Spoilt[],
  hits: FaultyDrain['hits'],
): readonly FaultyDrain[] =>
  kinds.map((kind) => {
    const { what, fault, times } = spoilt[kind];
    const isLong = where === 'cordon' && kind === 'broken';
    return {
      name: `${where}-${kind}`,
      what: `${where}: the API server ${what}`,
      where,
      hits,
      fault: kind === 'overloaded' ? busy(RETRY_AFTER_SECONDS[where]) : fault,
      times: isLong ? PATCHES : times,
    };
  });

export const faultyDrains: readonly FaultyDrain[] = [
  ...at('cordon', ['cut', 'silent', 'overloaded', 'mistrusting', 'broken', 'lost'], ({ node }) => ({
    verb: 'patch',
    resource: 'nodes',
    name: node,
  })),
  ...at('list', ['cut', 'silent', 'overloaded', 'down'], ({ node }) => ({
    verb: 'list',
    resource: 'pods',
    contains: `spec.nodeName=${node}`,
  })),
  ...at(
    'eviction',
    ['cut', 'silent', 'overloaded', 'mistrusting', 'broken', 'lost'],
    ({ place: { namespace } }) => ({
      verb: 'create',
      resource: 'pods/eviction',
      contains: `/namespaces/${namespace}/`,
    }),
  ),
];

/** The nodes of `home` have to hold all of them. */
export const PODS = 2;

/** Two pods of `web` on a node of their own. */
export const prepareWeb = (side: Side, name: string): Promise<DrainStage> =>
  prepareNode(side, name, async (place) => {
    await createWorkload(side, place, { kind: 'Deployment', name: 'web', replicas: PODS });
    return PODS;
  });

/** On a machine with other work. */
const WITHIN_SECONDS = 120;
/** Longer than any of them takes. */
const EMBEDDED_SECONDS = 30;

/** On the real cluster all at once; the embedded one has but one time. */
export const forEach = async <T, R>(
  { name }: Side,
  items: readonly T[],
  run: (item: T) => Promise<R>,
): Promise<readonly R[]> => {
  if (name === 'real') return Promise.all(items.map(run));
  const results: R[] = [];
  for (const item of items) results.push(await run(item));
  return results;
};

export const cordonsSaid = (side: Side, stage: DrainStage): readonly Verdict[] =>
  verdictsOn(side, stage).filter(({ action }) => action === 'cordon');

/** How a drain ended, in what has to be the same whatever went wrong on the way. */
export interface DrainEnd {
  readonly reason: string;
  readonly deleted: number;
  readonly remaining: number;
  readonly isCordoned: boolean;
  readonly cordonsSaid: number;
  readonly podsOnNode: number;
}

const endOf = async (side: Side, stage: DrainStage): Promise<DrainEnd> => {
  const { reason, deleted, remaining } = summaryOf(await drainEnds(side, stage, WITHIN_SECONDS));
  const { spec } = await nodeNamed(side, stage.node);
  return {
    reason,
    deleted,
    remaining,
    isCordoned:
      spec.unschedulable === true &&
      spec.taints?.some(({ key }) => key === 'eks-caretaker/spot-interruption') === true,
    cordonsSaid: cordonsSaid(side, stage).length,
    podsOnNode: (await podsOn(side, stage.node)).length,
  };
};

/** Prepares all, arms each with its fault, warns of all within the same moment, and waits for their ends. */
export const runFaultyDrains = async (
  side: Side,
  prepared: (stages: readonly DrainStage[]) => Promise<void>,
): Promise<ReadonlyMap<string, DrainEnd>> => {
  const stages = await forEach(side, faultyDrains, ({ name }) => prepareWeb(side, name));
  await prepared(stages);
  const pairs = stages.flatMap((stage, index) => {
    const drain = faultyDrains[index];
    return drain === undefined ? [] : [{ stage, drain }];
  });
  for (const { stage, drain } of pairs) {
    side.failNext(drain.hits(stage), drain.fault, drain.times);
    warn(side, stage);
  }
  // In one go: there is no need to look again and again.
  if (side.name === 'embedded') await side.pass(EMBEDDED_SECONDS);
  const ends = await forEach(
    side,
    pairs,
    async ({ stage, drain }) => [drain.name, await endOf(side, stage)] as const,
  );
  return new Map(ends);
};
