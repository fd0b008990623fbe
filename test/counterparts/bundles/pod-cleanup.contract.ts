import { describe, expect, it } from '@jest/globals';
import type { Verdict } from '../../../shared/core/verdict.ts';
import { isAnotherObject, KubernetesApiError } from '../../../shared/kubernetes/errors.ts';
import { only } from '../../e2e/support/scene.ts';
import { nodeGroup } from '../../e2e/support/specs.ts';
import { clean, createFailed, names, placeIn, said, sayTerminated } from './support/cleanup.ts';
import { sameOnBoth } from './support/compare.ts';
import { createOwner } from './support/failed-pods.ts';
import { patch, podsIn } from './support/objects.ts';
import type { Right } from './support/rights.ts';
import { nameOf, refusalOf, shippedRights, verdictsNaming, withoutRight } from './support/rights.ts';
import type { Side } from './support/side.ts';
import { useSides } from './support/sides.ts';
import type { Place } from './support/workloads.ts';
import { createNamespace, createWorkload } from './support/workloads.ts';

const CONFIG = only('podCleanup', ['deleteSucceededPods: true']);
const sides = useSides({ config: CONFIG, cluster: { addons: [], nodeGroups: [nodeGroup()] } });

describe('what node shutdowns left behind', () => {
  const place = placeIn('left');

  it('is deleted, and nothing else is', async () => {
    const run = async (side: Side) => {
      await createNamespace(side, place);
      const job = await createOwner(side, place, 'Job', { suspend: true });
      const replicas = await createOwner(side, place, 'ReplicaSet', { replicas: 1 });
      const keep = { annotations: { 'eks-caretaker/keep-failed-pods': 'yes' } };
      await createFailed(side, place, [
        { name: 'terminated' },
        { name: 'refused', reason: 'NodeShutdown', message: 'Pod was rejected', refused: true },
        { name: 'young', failedMinutesAgo: 1 },
        { name: 'pressure', reason: 'Evicted', message: 'The node was low on resource: memory.' },
        { name: 'crashed', reason: 'Error', message: 'exit code 1' },
        { name: 'kept', metadata: keep },
        { name: 'of-a-job', metadata: { ownerReferences: [job] } },
        { name: 'succeeded', phase: 'Succeeded', metadata: { ownerReferences: [replicas] } },
      ]);
      await createWorkload(side, place, { kind: 'Deployment', name: 'web', replicas: 1 });
      const verdicts = await clean(side);
      await side.until('what was deleted is gone', async () =>
        (await names(side, place)).includes('terminated') ? undefined : true,
      );
      return {
        said: said(verdicts, place),
        left: (await names(side, place)).filter((name) => !/^(web|owner)-/.test(name)),
      };
    };
    const { left, ...end } = await sameOnBoth(sides, 'Failed pods of eight kinds are looked at', run, (all) =>
      all.said.join('; '),
    );
    expect(end.said).toEqual([
      'crashed none: not-a-shutdown',
      'kept none: pod-opted-out',
      'of-a-job none: job-pod',
      'pressure none: not-a-shutdown',
      'refused delete: node-shutdown',
      'succeeded delete: succeeded-in-shutdown',
      'terminated delete: terminated',
      'young none: too-young',
    ]);
    expect(left).toEqual(['crashed', 'kept', 'of-a-job', 'pressure', 'young']);
  });

  it('goes by uid and resourceVersion, with one request a pod', () => {
    const deletes = sides.real.audit.calls({ verb: 'delete', resource: 'pods', namespace: place.namespace });
    expect(deletes.map(({ name, code }) => [name, code]).toSorted()).toEqual([
      ['refused', 200],
      ['succeeded', 200],
      ['terminated', 200],
    ]);
    for (const { body } of deletes)
      expect(body).toMatchObject({
        preconditions: {
          uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
          resourceVersion: expect.stringMatching(/^\d+$/),
        },
      });
  });
});

const listsOfPods = () =>
  sides.real.audit.calls({ group: 'eks-caretaker:pod-cleanup', resource: 'pods', verb: 'list' });

/** How often a run reads the table before it lists the pods: then comes the mode, and then the deletes. */
const readsBeforeTheList = async (): Promise<number> => {
  const reads: number[] = [];
  const stop = sides.real.scene.account.onExchange(({ operation }) => {
    if (operation === 'GetItem') reads.push(Date.now());
  });
  const earlier = listsOfPods().length;
  await clean(sides.real);
  stop();
  const [list] = listsOfPods().slice(earlier);
  return reads.filter((at) => at <= (list?.at ?? 0)).length;
};

/** From now on so many reads of the table are answered, and the two after them are not. */
const holdUpAfter = (reads: number): void => {
  const { account } = sides.real.scene;
  let left = reads;
  const stop = account.onExchange(({ operation }) => {
    if (operation !== 'GetItem') return;
    left -= 1;
    if (left > 0) return;
    stop();
    account.failNext('dynamodb', 'GetItem', 'hang', 2);
  });
};

describe('a pod that is another one when the delete comes', () => {
  it('stays: one that a StatefulSet made anew, one that somebody changed', async () => {
    const { real } = sides;
    const place = placeIn('anew');
    await createNamespace(real, place);
    holdUpAfter(await readsBeforeTheList());
    // Name and labels of the first are those of the pod that a StatefulSet is going to make.
    await createFailed(real, place, [
      { name: 'db-0', metadata: { labels: { app: 'db' } } },
      { name: 'touched' },
    ]);
    const [old] = await podsIn(real, place.namespace);
    const earlier = listsOfPods().length;
    const running = clean(real);
    await real.until('the pods are listed', () => (listsOfPods().length > earlier ? true : undefined));
    await createWorkload(real, place, { kind: 'StatefulSet', name: 'db', replicas: 1 });
    await patch(real, `/api/v1/namespaces/${place.namespace}/pods/touched`, {
      metadata: { annotations: { 'example.com/looked-at': 'yes' } },
    });
    const fresh = await real.until('the StatefulSet has made its pod anew', async () =>
      (await podsIn(real, place.namespace)).find(
        ({ metadata }) => metadata.name === 'db-0' && metadata.uid !== old?.metadata.uid,
      ),
    );
    // The SDK gives both requests up, and asks again.
    real.skip(11);
    real.skip(11);
    expect(said(await running, place)).toEqual([
      'db-0 none: changed-meanwhile',
      'touched none: changed-meanwhile',
    ]);
    expect(await names(real, place)).toEqual(['db-0', 'touched']);
    const [now] = await podsIn(real, place.namespace);
    expect(now?.metadata.uid).toBe(fresh.metadata.uid);
    const deletes = real.audit.calls({ verb: 'delete', namespace: place.namespace });
    expect(deletes.map(({ code }) => code)).toEqual([409, 409]);
  });

  it('is told from one that somebody changed by the words of the conflict', async () => {
    const { real } = sides;
    const [now] = await podsIn(real, 'anew');
    const { uid = '', resourceVersion = '' } = now?.metadata ?? {};
    const conflict = async (preconditions: { uid: string; resourceVersion: string }) => {
      const path = '/api/v1/namespaces/anew/pods/db-0';
      const { status, body } = await real.request('DELETE', path, { body: { preconditions } });
      const { message = '' } = body as { message?: string };
      return new KubernetesApiError({ status, reason: 'Conflict', message, causes: [] });
    };
    const another = await conflict({ uid: '0'.repeat(8), resourceVersion });
    const changed = await conflict({ uid, resourceVersion: '1' });
    expect([another.status, changed.status]).toEqual([409, 409]);
    expect([another, changed].map(isAnotherObject)).toEqual([true, false]);
  });
});

/** How each right of the two roles comes to be needed. */
const prepare: Readonly<Record<string, (side: Side, place: Place) => Promise<unknown>>> = {
  'list pods': async () => undefined,
  'list nodes': async () => undefined,
  'list namespaces': async () => undefined,
  'delete pods': (side, place) => createFailed(side, place, [{ name: 'terminated' }]),
  ...Object.fromEntries(
    (['ReplicaSet', 'StatefulSet', 'DaemonSet'] as const).map((kind) => [
      `get ${kind.toLowerCase()}s`,
      async (side: Side, place: Place) => {
        const owner = await createOwner(side, place, kind, kind === 'DaemonSet' ? {} : { replicas: 0 });
        await createFailed(side, place, [
          { name: 'succeeded', phase: 'Succeeded', metadata: { ownerReferences: [owner] } },
        ]);
      },
    ]),
  ),
};

const trigger = (side: Side, { entryId }: Right): Promise<readonly Verdict[]> => {
  if (entryId === 'pod-cleanup') return clean(side);
  const [instance] = side.scene.account.world.instances.all();
  if (instance === undefined) throw new Error('no instance runs');
  return sayTerminated(side, instance);
};

describe('a right that the role lacks', () => {
  it('is each one that is shipped, and no other', () => {
    const shipped = shippedRights(CONFIG).map(({ verb, resource }) => `${verb} ${resource}`);
    expect(Object.keys(prepare).toSorted()).toEqual([...new Set(shipped)].toSorted());
  });

  it.each(shippedRights(CONFIG).map((right) => [nameOf(right), right] as const))(
    '%s is named',
    async (name, right) => {
      const what = `${right.verb} ${right.resource}`;
      const makeNeeded = prepare[what];
      if (makeNeeded === undefined) throw new Error(`say in "prepare" how ${name} comes to be needed`);
      const place = placeIn(name.replace(/[^a-z]+/g, '-'));
      const run = async (side: Side): Promise<readonly string[]> => {
        await createNamespace(side, place);
        await makeNeeded(side, place);
        const verdicts = await withoutRight(side, right, () => trigger(side, right));
        const words = verdictsNaming(verdicts, right).map(
          ({ reason, detail }) => `${reason}: ${String(detail?.verb)} ${String(detail?.resource)}`,
        );
        // Pods of tests before may be due as well.
        return [...new Set(words)];
      };
      const words = await sameOnBoth(sides, `Without the right ${name}`, run, (all) => all.join(', '));
      expect(words).toEqual([`missing-right: ${what}`]);
      expect(refusalOf(right).test(`cannot ${right.verb} resource "${right.resource}"`)).toBe(true);
    },
  );
});
