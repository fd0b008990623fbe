import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Fault } from '../../../infra/local/kubernetes/faults.ts';
import { envelope, rebalanceRecommendation } from '../../../infra/local/world/events.ts';
import { EXCLUDE_LABEL } from '../../../shared/kubernetes/nodes.ts';
import { only } from '../../e2e/support/scene.ts';
import { placeOf } from '../../e2e/support/spot-drain.ts';
import { onBoth, sameEnds } from './support/compare.ts';
import type { DrainStage } from './support/drain-stage.ts';
import { drainGroups, verdictsOn } from './support/drain-stage.ts';
import { busy } from './support/fault-proxy.ts';
import { forEach, PODS, prepareWeb } from './support/faulty-drains.ts';
import type { WireNode } from './support/objects.ts';
import { nodeNamed, patch, podsOn } from './support/objects.ts';
import type { Side } from './support/side.ts';
import { useSides } from './support/sides.ts';

/** A cordon that would be followed by a drain if there were a newer node; it ends by itself. */
const MINUTES = 3;
const CONFIG = only('spotDrain', [
  'policy: { rebalance: { managed: drain } }',
  `rebalanceCordonMinutes: ${MINUTES}`,
  'rebalanceReplacementMinutes: 1',
  'excludeFromLoadBalancers: true',
]);
/** Until a message whose patch failed for good has come again. */
const PASSING_SECONDS = 60 * (MINUTES + 3);
const TAINT = 'eks-caretaker/rebalance';

/** What the API server does wrong when the cordon is to be undone. */
const spoilt: readonly {
  readonly name: string;
  readonly what: string;
  readonly fault?: Fault;
  times: number;
}[] = [
  { name: 'left-alone', what: 'answers', times: 0 },
  { name: 'cut', what: 'cuts the connection', fault: 'reset', times: 2 },
  { name: 'lost', what: 'cuts the connection when it has done it', fault: 'reset-after-apply', times: 1 },
  { name: 'broken', what: 'answers 500 more often than it is tried', fault: { status: 500 }, times: 7 },
  { name: 'busy', what: 'is overloaded', fault: busy(1), times: 2 },
];
/** What a person does meanwhile; the embedded API does not say who did what. */
const people = ['cordoned-anew', 'made-schedulable', 'cordoned-at-the-last-moment'] as const;

const sides = useSides({
  config: CONFIG,
  cluster: drainGroups(spoilt.length + people.length),
  faultProxy: true,
});

interface Marks {
  readonly unschedulable: boolean;
  readonly ourTaint: boolean;
  readonly excluded: boolean;
  readonly ourAnnotations: number;
}
const marksOf = ({ metadata, spec }: WireNode): Marks => ({
  unschedulable: spec.unschedulable === true,
  ourTaint: spec.taints?.some(({ key }) => key === TAINT) === true,
  excluded: metadata.labels?.[EXCLUDE_LABEL] !== undefined,
  ourAnnotations: Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith('eks-caretaker/'))
    .length,
});
const CORDONED: Marks = { unschedulable: true, ourTaint: true, excluded: true, ourAnnotations: 2 };
const FREE: Marks = { unschedulable: false, ourTaint: false, excluded: false, ourAnnotations: 0 };

const marksOn = async (side: Side, { node }: DrainStage) => marksOf(await nodeNamed(side, node));
const said = (side: Side, stage: DrainStage) =>
  verdictsOn(side, stage).map(({ action, reason }) => `${action}: ${reason}`);

const recommend = ({ scene }: Side, { instanceId }: DrainStage): void => {
  const place = { ...placeOf(scene), id: randomUUID() };
  scene.account.putEvent(envelope(rebalanceRecommendation(instanceId, 'eu-central-1a'), place));
};

interface End {
  readonly before: Marks;
  readonly after: Marks;
  readonly said: readonly string[];
  readonly pods: number;
  readonly team: string | undefined;
}

const stages = new Map<string, DrainStage>();
const stageOf = (name: string): DrainStage => {
  const stage = stages.get(name);
  if (stage === undefined) throw new Error(`there is no node ${name}`);
  return stage;
};
const patchesOf = (name: string) =>
  sides.real.audit.calls({ resource: 'nodes', verb: 'patch', name: stageOf(name).node });

/** Who the API server says set `spec.unschedulable`. */
const unschedulableBy = async (name: string): Promise<readonly string[]> => {
  const { metadata } = await nodeNamed(sides.real, stageOf(name).node);
  const { managedFields = [] } = metadata as {
    managedFields?: readonly { manager: string; fieldsV1: { 'f:spec'?: object } }[];
  };
  return managedFields
    .filter(({ fieldsV1 }) => 'f:unschedulable' in (fieldsV1['f:spec'] ?? {}))
    .map(({ manager }) => manager);
};

const kubectl = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await sides.real.controlPlane.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
};
const cordonAnew = async (name: string): Promise<void> => {
  const { node } = stageOf(name);
  await kubectl('uncordon', node);
  await kubectl('cordon', node);
};

const managers: { ours?: readonly string[]; theirs?: readonly string[] } = {};

/** People act on the real cluster, the last of them while our patch is on its way. */
const whilePeopleAct = async (
  pass: Promise<void>,
  isHeld: () => boolean,
  letGo: () => void,
): Promise<void> => {
  const { real } = sides;
  await real.until('the patch is on its way', () => (isHeld() ? true : undefined));
  await cordonAnew('cordoned-at-the-last-moment');
  letGo();
  await pass;
};

const run = async (side: Side): Promise<ReadonlyMap<string, End>> => {
  const isReal = side.name === 'real';
  const names = [...spoilt.map(({ name }) => name), ...(isReal ? people : [])];
  const prepared = await forEach(side, names, async (name) => [name, await prepareWeb(side, name)] as const);
  if (isReal) for (const [name, stage] of prepared) stages.set(name, stage);
  for (const [, stage] of prepared) recommend(side, stage);
  await side.until('all are cordoned', async () => {
    const marks = await forEach(side, prepared, ([, stage]) => marksOn(side, stage));
    return marks.every(({ unschedulable }) => unschedulable) ? true : undefined;
  });
  const before = new Map(
    await forEach(side, prepared, async ([name, stage]) => [name, await marksOn(side, stage)] as const),
  );
  // What others write on a node meanwhile does not make its cordon theirs.
  for (const [, { node }] of prepared)
    await patch(side, `/api/v1/nodes/${node}`, { metadata: { labels: { team: 'shop' } } });
  for (const { name, fault, times } of spoilt) {
    const [, stage] = prepared.find(([is]) => is === name) ?? [];
    if (fault !== undefined && stage !== undefined)
      side.failNext({ verb: 'patch', resource: 'nodes', name: stage.node }, fault, times);
  }
  if (isReal) {
    const { real } = sides;
    managers.ours = await unschedulableBy('cordoned-anew');
    await cordonAnew('cordoned-anew');
    managers.theirs = await unschedulableBy('cordoned-anew');
    await kubectl('uncordon', stageOf('made-schedulable').node);
    const { node } = stageOf('cordoned-at-the-last-moment');
    const { promise: heldUntil, resolve } = Promise.withResolvers<void>();
    real.proxy?.failNext({ verb: 'patch', resource: 'nodes', name: node }, { heldUntil });
    const isHeld = () =>
      real.proxy?.requests.some(
        ({ name, fault }) => name === node && typeof fault === 'object' && 'heldUntil' in fault,
      ) === true;
    await whilePeopleAct(real.pass(PASSING_SECONDS), isHeld, resolve);
  } else await side.pass(PASSING_SECONDS);
  const ends = await forEach(side, prepared, async ([name, stage]) => {
    const node = await nodeNamed(side, stage.node);
    const end: End = {
      before: before.get(name) ?? FREE,
      after: marksOf(node),
      said: said(side, stage),
      pods: (await podsOn(side, stage.node)).length,
      team: node.metadata.labels?.team,
    };
    return [name, end] as const;
  });
  return new Map(ends);
};

/** Half a minute, on a machine that does nothing else. */
const LIMIT_MS = 240_000;

describe('a cordon that ends by itself', () => {
  let ends: { readonly real: ReadonlyMap<string, End>; readonly embedded: ReadonlyMap<string, End> };
  beforeAll(async () => {
    ends = await onBoth(sides, run);
  }, LIMIT_MS);

  it.each(spoilt)(
    'is undone where the API server $what: taint, label and annotations go, all else stays',
    ({ name, what }) => {
      const end = sameEnds(
        { real: ends.real.get(name), embedded: ends.embedded.get(name) },
        `Uncordon after a rebalance recommendation: the API server ${what}`,
        (found) => `${found?.said.join(', ')}; ${JSON.stringify(found?.after)}`,
      );
      expect(end).toEqual({
        before: CORDONED,
        after: FREE,
        // Where a look came to nothing, the next one does it.
        said: [
          'cordon: rebalance',
          ...(name === 'broken' ? ['none: look-failed'] : []),
          'uncordon: cordon-expired',
        ],
        pods: PODS,
        team: 'shop',
      });
      expect(patchesOf(name).map(({ code }) => code)).toEqual([200, 200]);
    },
  );

  it('is known by what the API server says of its fields', () => {
    expect(managers.ours).toEqual(['eks-caretaker']);
    expect(managers.theirs).toHaveLength(1);
    expect(managers.theirs).not.toEqual(managers.ours);
  });

  it('stays where a person has cordoned the node anew with kubectl', async () => {
    expect(ends.real.get('cordoned-anew')).toMatchObject({
      after: { unschedulable: true },
      said: ['cordon: rebalance', 'none: changed-by-others'],
      pods: PODS,
    });
    expect(await unschedulableBy('cordoned-anew')).toEqual(managers.theirs);
    expect(patchesOf('cordoned-anew')).toHaveLength(1);
  });

  it('stays where a person has done so between our look and our patch', async () => {
    expect(ends.real.get('cordoned-at-the-last-moment')).toMatchObject({
      after: { unschedulable: true },
      said: ['cordon: rebalance', 'none: changed-by-others'],
    });
    expect(patchesOf('cordoned-at-the-last-moment').map(({ code }) => code)).toEqual([200, 409]);
  });

  it('takes its taint and label from a node that a person has made schedulable', () => {
    expect(ends.real.get('made-schedulable')).toMatchObject({
      after: FREE,
      said: ['cordon: rebalance', 'uncordon: cordon-expired'],
    });
  });

  it('lets the scheduler use the node again', async () => {
    const { node } = stageOf('left-alone');
    await sides.real.until('the node controller has taken its own taint away', async () =>
      (await nodeNamed(sides.real, node)).spec.taints === undefined ? true : undefined,
    );
  });
});
