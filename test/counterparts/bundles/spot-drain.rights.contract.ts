import { describe, expect, it } from '@jest/globals';
import { envelope, instanceStateChange } from '../../../infra/local/world/events.ts';
import { only } from '../../e2e/support/scene.ts';
import { sameOnBoth } from './support/compare.ts';
import type { DrainStage } from './support/drain-stage.ts';
import { drainGroups, prepareNode, skipTo, verdictsOn, warn } from './support/drain-stage.ts';
import { create, isHealthy, nodeNamed, podsOn, remove } from './support/objects.ts';
import type { Right } from './support/rights.ts';
import { nameOf, refusalOf, shippedRights, verdictsNaming, withoutRight } from './support/rights.ts';
import type { Side } from './support/side.ts';
import { useSides } from './support/sides.ts';
import type { Place } from './support/workloads.ts';
import { createBudget, createPod, createWorkload } from './support/workloads.ts';

const CONFIG = only('spotDrain', ['namespaceOptOuts: true']);
const sides = useSides({ config: CONFIG, cluster: drainGroups(16) });

/** The node's object as if EC2 and the kubelet did not agree about its name. */
const rename = async (side: Side, node: string, name: string): Promise<void> => {
  const path = `/api/v1/nodes/${node}`;
  const { spec } = await nodeNamed(side, node);
  await remove(side, path);
  const metadata = { name, annotations: { 'kwok.x-k8s.io/node': 'fake' } };
  await create(side, '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata,
    spec: { providerID: spec.providerID },
  });
};

interface Recipe {
  /** What stands on the node; nothing where left out. */
  readonly pods?: (side: Side, place: Place) => Promise<number>;
  readonly alsoWithout?: Right;
  /** What happens once the node is cordoned. */
  readonly afterwards?: (side: Side, stage: DrainStage) => void;
  /** The node is registered under another name than EC2's. */
  readonly renamed?: true;
  /** They are not touched, as long as new ones may come: so many are still there. */
  readonly stay?: number;
  /** The verdict's reason; `log`: it holds nothing up, so a line of the log is enough. */
  readonly says: 'missing-right' | 'budget-blocked' | 'log';
}

const two = async (side: Side, place: Place): Promise<number> => {
  await createWorkload(side, place, { kind: 'Deployment', name: 'web', replicas: 2 });
  return 2;
};
const guarded = async (side: Side, place: Place): Promise<number> => {
  await createBudget(side, place, { of: 'web', name: 'guard', allows: { minAvailable: 2 } });
  return two(side, place);
};
/** Then the API server names neither; and the pod stays to the end, so that they are looked up for the report. */
const guardedTwice = async (side: Side, place: Place): Promise<number> => {
  for (const name of ['first', 'second'])
    await createBudget(side, place, { of: 'alone', name, allows: { minAvailable: 1 } });
  await createPod(side, place, { name: 'alone', metadata: { finalizers: ['example.com/stay'] } });
  return 1;
};
const shutDown = ({ scene: { account } }: Side, { instanceId }: DrainStage): void => {
  const { arn } = account.world.instances.get(instanceId);
  const { accountId, region, ground } = account.world;
  account.putEvent(
    envelope(instanceStateChange(instanceId, arn, 'shutting-down'), {
      accountId,
      region,
      now: account.clock.now(),
      id: ground.newUuid(),
    }),
  );
};
const cordonOfIntake: Right = { entryId: 'spot-drain', verb: 'patch', resource: 'nodes' };

/** How each right of the two roles comes to be needed. */
const recipes: Readonly<Record<string, Recipe>> = {
  'spot-drain: get nodes': { says: 'missing-right' },
  'spot-drain: list nodes': { says: 'missing-right', renamed: true },
  'spot-drain: patch nodes': { says: 'missing-right' },
  'spot-drain: list pods': { says: 'log', pods: two, afterwards: shutDown },
  'spot-drain: create events': { says: 'log' },
  'spot-drain-worker: get nodes': {
    says: 'missing-right',
    pods: two,
    alsoWithout: cordonOfIntake,
    stay: 2,
  },
  'spot-drain-worker: patch nodes': {
    says: 'missing-right',
    pods: two,
    alsoWithout: cordonOfIntake,
    stay: 2,
  },
  'spot-drain-worker: list pods': { says: 'missing-right', pods: two },
  'spot-drain-worker: delete pods': { says: 'missing-right', pods: guarded },
  'spot-drain-worker: create pods/eviction': { says: 'missing-right', pods: two },
  // Its absence leaves a pod without the names of its budgets.
  'spot-drain-worker: list poddisruptionbudgets': { says: 'budget-blocked', pods: guardedTwice },
  'spot-drain-worker: list namespaces': { says: 'log', pods: two },
  'spot-drain-worker: create events': { says: 'log', pods: two },
};

/** What is said at the deadline is said soon; a machine with other work gets that far all the same. */
const SECONDS_LEFT = 30;

/** Where a worker has done all but wait for its deadline: it was refused, or nothing is left to move. */
const waitsForTheEnd = async (stage: DrainStage, { entryId, verb, resource }: Right): Promise<boolean> => {
  const { real } = sides;
  const group = `eks-caretaker:${entryId}`;
  return (
    real.audit.calls({ group, verb, resource, code: 403 }).length > 0 ||
    (await podsOn(real, stage.node)).length === 0
  );
};

/** What was said since, by whom `says` wants it said: reasons of verdicts, or that the log has it. */
const heard = (
  side: Side,
  { right, node, says }: { right: Right; node: string; says: Recipe['says'] },
): (() => readonly string[] | undefined) => {
  const before = { verdicts: side.scene.verdicts().length, logs: side.scene.logs().length };
  return () => {
    // Workers of tests before may still be at their nodes.
    const verdicts = verdictsNaming(side.scene.verdicts().slice(before.verdicts), right).filter(
      ({ target }) => target === `node/${node}` || !target.startsWith('node/'),
    );
    const lines = side.scene.logs().slice(before.logs);
    const said =
      says === 'log'
        ? lines.filter((line) => refusalOf(right).test(line)).map(() => says)
        : verdicts.map(({ reason }) => reason);
    return said.length === 0 ? undefined : [...new Set(said)];
  };
};

describe('a right that the role lacks', () => {
  it('is each one that is shipped, and no other', () => {
    expect(Object.keys(recipes).toSorted()).toEqual(shippedRights(CONFIG).map(nameOf).toSorted());
  });

  it.each(shippedRights(CONFIG).map((right) => [nameOf(right), right] as const))(
    '%s is named',
    async (name, right) => {
      const recipe = recipes[name];
      if (recipe === undefined) throw new Error(`say in "recipes" how ${name} comes to be needed`);
      const { pods = async () => 0, alsoWithout, says, stay } = recipe;
      const run = async (side: Side): Promise<readonly string[]> => {
        const stage = await prepareNode(side, name.replace(/[^a-z]+/g, '-'), (place) => pods(side, place));
        if (recipe.renamed) await rename(side, stage.node, stage.instanceId);
        const warned = async () => {
          const listen = heard(side, { right, says, node: stage.node });
          const intakes = side.scene.invocationsOf('spot-drain').length;
          const deadline = warn(side, stage, SECONDS_LEFT);
          if (recipe.afterwards !== undefined) {
            await side.until('the node is cordoned', () => verdictsOn(side, stage)[0]);
            recipe.afterwards(side, stage);
          }
          if (side.name === 'real' && right.entryId === 'spot-drain-worker') {
            await side.until('the intake is done, the worker waits', async () =>
              side.scene.invocationsOf('spot-drain').length > intakes && (await waitsForTheEnd(stage, right))
                ? true
                : undefined,
            );
            await skipTo(side, deadline, 2);
          }
          const said = await side.until(`something says that ${name} is missing`, listen);
          if (stay === undefined) return said;
          // It was said by a worker that has come to its end: what it does to pods it has done.
          const left = (await podsOn(side, stage.node)).filter(isHealthy);
          return [...said, `${left.length} pods stay`];
        };
        return withoutRight(side, right, () =>
          alsoWithout === undefined ? warned() : withoutRight(side, alsoWithout, warned),
        );
      };
      const reasons = await sameOnBoth(sides, `Without the right ${name}`, run, (all) => all.join(', '));
      expect(reasons).toEqual(stay === undefined ? [says] : [says, `${stay} pods stay`]);
    },
  );
});
