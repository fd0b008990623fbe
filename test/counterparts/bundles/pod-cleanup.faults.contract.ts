import { describe, expect, it } from '@jest/globals';
import type { KillPoint } from '../../../infra/local/runtime/messages.ts';
import { only } from '../../e2e/support/scene.ts';
import { nodeGroup } from '../../e2e/support/specs.ts';
import { clean, createFailed, names, placeIn, said, sayTerminated } from './support/cleanup.ts';
import { sameOnBoth } from './support/compare.ts';
import { createOwner, failPod } from './support/failed-pods.ts';
import { create, isHealthy, patch, podsIn, remove } from './support/objects.ts';
import type { Side } from './support/side.ts';
import { useSides } from './support/sides.ts';
import { createNamespace, createPod } from './support/workloads.ts';

/** With every limit that has to know all pods before the first one goes. */
const CONFIG = only('podCleanup', [
  'maximumNamespacePercent: 80',
  'keepNewestPerOwner: 1',
  'labelSelector: "tier notin (evidence)"',
]);
const sides = useSides({ config: CONFIG, cluster: { addons: [], nodeGroups: [nodeGroup()] } });

const ended = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `ended-${index}` }));

/** Pods that nobody runs, so that a namespace holds more than what is left behind. */
const createOthers = async (side: Side, namespace: string, count: number) => {
  for (let index = 0; index < count; index += 1)
    await createPod(side, placeIn(namespace), {
      name: `other-${index}`,
      spec: { nodeSelector: { nowhere: 'yes' }, schedulerName: 'nobody' },
    });
};

describe('limits', () => {
  const [mixed, crowded, kept] = ['limits-mixed', 'limits-crowded', 'limits-kept'].map(placeIn) as [
    ReturnType<typeof placeIn>,
    ReturnType<typeof placeIn>,
    ReturnType<typeof placeIn>,
  ];

  it('hold: the newest of an owner, a share of a namespace, the selector, the namespace that opts out, the Job', async () => {
    const run = async (side: Side) => {
      for (const place of [mixed, crowded, kept]) await createNamespace(side, place);
      await patch(side, `/api/v1/namespaces/${kept.namespace}`, {
        metadata: { annotations: { 'eks-caretaker/keep-failed-pods': 'true' } },
      });
      const owner = await createOwner(side, mixed, 'ReplicaSet', { replicas: 0 });
      // The Job controller counts the pods of Jobs that it manages, and those that name no Job as their controller.
      const job = await createOwner(side, mixed, 'Job', { suspend: true, managedBy: 'example.com/nobody' });
      const owned = { ownerReferences: [owner] };
      const tracked = {
        ownerReferences: [{ ...job, controller: true }],
        finalizers: ['batch.kubernetes.io/job-tracking'],
      };
      await createOthers(side, mixed.namespace, 2);
      await createFailed(side, mixed, [
        { name: 'oldest', failedMinutesAgo: 90, metadata: owned },
        { name: 'older', failedMinutesAgo: 60, metadata: owned },
        { name: 'newest', failedMinutesAgo: 30, metadata: owned },
        { name: 'tracked', metadata: tracked },
        { name: 'evidence', metadata: { labels: { tier: 'evidence' } } },
      ]);
      await createFailed(side, crowded, ended(3));
      await createFailed(side, kept, ended(1));
      const verdicts = await clean(side);
      const share = verdicts.find(({ target }) => target === `namespace/${crowded.namespace}`);
      return {
        said: [mixed, crowded, kept].map((place) => said(verdicts, place)),
        share: share?.detail,
        left: (await names(side, mixed)).filter((name) => !/^(owner|other)-/.test(name)),
      };
    };
    const end = await sameOnBoth(
      sides,
      'What limits and opt-outs keep of left-over pods',
      run,
      (all) => `${all.said.flat().join('; ')}; share ${JSON.stringify(all.share)}`,
    );
    expect(end).toEqual({
      said: [
        [
          'newest none: newest-of-owner',
          'older delete: terminated',
          'oldest delete: terminated',
          'tracked none: job-not-counted-yet',
        ],
        ended(3).map(({ name }) => `${name} none: namespace-share-exceeded`),
        ['ended-0 none: namespace-opted-out'],
      ],
      share: { wouldDelete: 3, pods: 3, percent: 100, maximumPercent: 80 },
      left: ['evidence', 'newest', 'tracked'],
    });
  });

  it('take one request to count a namespace, by what the API server says remains', () => {
    const counts = sides.real.audit
      .calls({ verb: 'list', resource: 'pods', namespace: mixed.namespace })
      .map(({ requestUri }) => requestUri);
    expect(counts).toEqual([`/api/v1/namespaces/${mixed.namespace}/pods?limit=1`]);
  });
});

describe('a run that is killed', () => {
  const PODS = 8;
  const points: readonly (readonly [string, (namespace: string) => KillPoint])[] = [
    [
      'at the count of a namespace',
      (namespace) => ({
        request: 1,
        when: 'after-apply',
        service: 'kubernetes',
        method: 'GET',
        contains: `/namespaces/${namespace}/pods`,
      }),
    ],
    [
      'in the middle of the deletes',
      () => ({ request: PODS / 2, when: 'after-apply', service: 'kubernetes', method: 'DELETE' }),
    ],
    [
      'before it is journaled',
      () => ({ request: 1, when: 'before-send', service: 'dynamodb', contains: 'BatchWriteItem' }),
    ],
  ];

  it.each(points)(
    '%s is followed by another: all are gone, and no pod was deleted twice',
    async (when, pointIn) => {
      const place = placeIn(`killed-${when.replaceAll(' ', '-')}`);
      const run = async (side: Side) => {
        const { account } = side.scene;
        await createNamespace(side, place);
        await createOthers(side, place.namespace, PODS);
        await createFailed(side, place, ended(PODS));
        account.killAt('pod-cleanup', pointIn(place.namespace));
        const killed = await account.invoke('pod-cleanup', { trigger: 'tick' });
        const { ok } = await account.invoke('pod-cleanup', { trigger: 'tick' });
        // The API server marks a pod first (registry/generic/registry/store.go, Delete). Where the client dies before it
        // is removed, the pod is Terminating, which is not ours to judge: the pod garbage collector removes it within 20 s.
        await side.until('every left-over pod is gone', async () =>
          (await names(side, place)).some((name) => name.startsWith('ended-')) ? undefined : true,
        );
        return {
          killed: (killed.payload as { errorType?: string }).errorType,
          ok,
          leftBehind: (await names(side, place)).filter((name) => name.startsWith('ended-')).length,
          others: (await names(side, place)).filter((name) => name.startsWith('other-')).length,
        };
      };
      const end = await sameOnBoth(
        sides,
        `pod-cleanup killed ${when}`,
        run,
        ({ ok, leftBehind, others }) =>
          `the next run is ${ok ? 'done' : 'failed'}, ${leftBehind} left-over pods and ${others} others are there`,
      );
      expect(end).toEqual({ killed: 'Runtime.ExitError', ok: true, leftBehind: 0, others: PODS });
      const deletes = sides.real.audit.calls({ verb: 'delete', namespace: place.namespace });
      const answers = Map.groupBy(deletes, ({ name }) => name);
      expect(answers.size).toBe(PODS);
      // 504 is what the API server notes where the client has died: done, or begun, or not, but then it is asked once more.
      for (const calls of answers.values())
        expect([[200], [504], [504, 200]]).toContainEqual(calls.map(({ code }) => code));
    },
  );
});

describe('a policy of the cluster that keeps pods', () => {
  it('is obeyed: the pod stays, the others go, and nothing fails', async () => {
    const { real } = sides;
    const place = placeIn('policy');
    const path = '/apis/admissionregistration.k8s.io/v1';
    const apiVersion = 'admissionregistration.k8s.io/v1';
    const metadata = { name: 'keep-marked-pods' };
    await create(real, `${path}/validatingadmissionpolicies`, {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['pods'] },
          ],
        },
        validations: [
          {
            expression: "!('marked' in oldObject.metadata.?labels.orValue({}))",
            message: 'it is marked',
          },
        ],
      },
    });
    await create(real, `${path}/validatingadmissionpolicybindings`, {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: metadata.name, validationActions: ['Deny'] },
    });
    await createNamespace(real, place);
    await createOthers(real, place.namespace, 2);
    await createFailed(real, place, [
      { name: 'free' },
      { name: 'marked', metadata: { labels: { marked: 'yes' } } },
    ]);
    const marked = `/api/v1/namespaces/${place.namespace}/pods/marked`;
    await real.until('the policy holds', async () =>
      (await real.request('DELETE', `${marked}?dryRun=All`)).status === 200 ? undefined : true,
    );
    const verdicts = await clean(real);
    await remove(real, `${path}/validatingadmissionpolicybindings/${metadata.name}`);
    expect(said(verdicts, place)).toEqual(['free delete: terminated', 'marked none: delete-denied']);
    expect(verdicts.find(({ reason }) => reason === 'delete-denied')?.detail?.error).toContain(
      'it is marked',
    );
    expect(verdicts.find(({ reason }) => reason === 'report')?.detail).toMatchObject({
      deleted: 1,
      failed: 0,
    });
  });
});

describe('a node whose instance is terminated', () => {
  const place = placeIn('gone');

  it('is looked at: what is left behind is told and stays; a Node that is gone needs nothing', async () => {
    const run = async (side: Side) => {
      await createNamespace(side, place);
      const [first, second] = side.scene.account.world.instances.all();
      if (first === undefined || second === undefined) throw new Error('two instances are needed');
      await createPod(side, place, { name: 'left', spec: { nodeName: first.hostname } });
      await side.until('the pod runs', async () =>
        (await podsIn(side, place.namespace)).every(isHealthy) ? true : undefined,
      );
      await failPod(side, place, { name: 'left' });
      const [there] = await sayTerminated(side, first);
      await remove(side, `/api/v1/nodes/${second.hostname}`);
      const [gone] = await sayTerminated(side, second);
      return { there: [there?.reason, there?.detail], gone: gone?.reason, left: await names(side, place) };
    };
    const end = await sameOnBoth(
      sides,
      'What a terminated instance left behind',
      run,
      ({ there, gone }) => `${JSON.stringify(there)}; ${gone}`,
    );
    expect(end).toEqual({
      there: ['left-behind', { failedPods: 1, wouldDelete: 1, kept: 0, reasons: { terminated: 1 } }],
      gone: 'node-gone',
      left: ['left'],
    });
    expect(sides.real.audit.calls({ group: 'eks-caretaker:pod-cleanup-verify', verb: 'delete' })).toEqual([]);
  });
});
