import { describe, expect, it } from '@jest/globals';
import { causeOf, endedByShutdown } from '../../../../../functions/pod-cleanup/decide/cause.ts';
import { decideCleanup } from '../../../../../functions/pod-cleanup/decide/decide.ts';
import { failedAt } from '../../../../../functions/pod-cleanup/decide/failed-at.ts';
import { jobReason } from '../../../../../functions/pod-cleanup/decide/job.ts';
import { optOutOf } from '../../../../../functions/pod-cleanup/decide/opt-out.ts';
import type { EndedPod, Owner } from '../../../../../functions/pod-cleanup/decide/pod.ts';
import {
  containersOf,
  essenceOf,
  identityOf,
  KEEP_ANNOTATION,
  ownerOf,
  timeOf,
} from '../../../../../functions/pod-cleanup/decide/pod.ts';
import { succeededInShutdown } from '../../../../../functions/pod-cleanup/decide/succeeded.ts';
import { inputOf, limitsOf, OLD, podOf, sectionOf, terminated } from '../support.ts';

const IDENTITY = { namespace: 'shop', name: 'cart-0', uid: 'u', resourceVersion: '41' };
const ended = (exitCode: number) => ({ state: { terminated: { exitCode, finishedAt: OLD } } });

describe('the identity of a pod', () => {
  it('is what makes it that pod in that state', () => {
    expect(identityOf({ metadata: { ...IDENTITY, finalizers: [] } })).toEqual(IDENTITY);
  });

  it.each(Object.keys(IDENTITY))('is not known without its %s', (key) => {
    expect(identityOf({ metadata: { ...IDENTITY, [key]: '' } })).toBeUndefined();
    expect(identityOf({ metadata: { ...IDENTITY, [key]: undefined } })).toBeUndefined();
  });
});

describe('the owner of a pod', () => {
  const owner = (kind: string, controller?: boolean): Owner => ({ kind, name: 'n', uid: kind, controller });

  it.each<[string, readonly Owner[] | undefined, string | undefined]>([
    ['is the one that controls it', [owner('Parent'), owner('ReplicaSet', true)], 'ReplicaSet'],
    ['is the first where none controls it', [owner('Parent'), owner('Other', false)], 'Parent'],
    ['is nobody where none is named', [], undefined],
    ['is nobody where the list is left out', undefined, undefined],
  ])('%s', (_, ownerReferences, kind) => {
    expect(ownerOf({ metadata: { ownerReferences } })?.kind).toBe(kind);
  });

  it('is a Job too where the Job does not control it', () => {
    const pod = { metadata: { ownerReferences: [owner('Workflow', true), owner('Job')] } };
    expect(jobReason(pod, { deleteJobPods: false })).toBe('job-pod');
  });
});

describe('a time', () => {
  it.each([
    ['2026-11-19T21:00:00Z', Date.parse(OLD)],
    [new Date(OLD), Date.parse(OLD)],
    [undefined, undefined],
    [null, undefined],
    ['yesterday', undefined],
  ])('written %s is %s', (value, expected) => {
    expect(timeOf(value)).toBe(expected);
  });
});

describe('what the API server leaves out', () => {
  it('is neither a cause nor a reason to keep a pod', () => {
    for (const bare of [{}, { metadata: {}, spec: {}, status: {} }] satisfies EndedPod[]) {
      expect(causeOf(bare, { reasons: ['Terminated', 'TerminationByKubelet'], exitCodes: [1] })).toBe(
        undefined,
      );
      expect([failedAt(bare), ownerOf(bare), identityOf(bare)]).toEqual([undefined, undefined, undefined]);
      expect(optOutOf(bare, sectionOf(), new Set())).toBeUndefined();
      expect(jobReason(bare, { deleteJobPods: false })).toBeUndefined();
      expect([endedByShutdown(bare), succeededInShutdown(bare)]).toEqual([false, false]);
      expect(containersOf(bare)).toEqual([]);
    }
    expect(succeededInShutdown({ spec: { restartPolicy: 'Always' } })).toBe(false);
  });

  it('may be all of it: then the object is incomplete', () => {
    expect(decideCleanup([{}], inputOf(), limitsOf()).decisions).toStrictEqual([
      { cluster: 'staging', target: 'pod//', action: 'none', reason: 'incomplete-object', detail: {} },
    ]);
  });

  it('may be the status: then nothing speaks of a shutdown', () => {
    expect(decideCleanup([{ metadata: IDENTITY }], inputOf(), limitsOf()).decisions).toMatchObject([
      { action: 'none', reason: 'not-a-shutdown' },
    ]);
  });

  it('may be how some containers ended: then the others count', () => {
    const pod: EndedPod = { status: { containerStatuses: [{}, { state: {} }, ended(137)] } };
    expect(causeOf(pod, { reasons: [], exitCodes: [137] })).toBe('listed-exit-code');
    expect(failedAt(pod)).toBe(Date.parse(OLD));
  });
});

describe('what is kept of a pod in memory', () => {
  it('is all that the rules look at, and nothing else', () => {
    const metadata = {
      ...IDENTITY,
      deletionTimestamp: OLD,
      finalizers: ['example.com/mine'],
      ownerReferences: [{ kind: 'Job', name: 'nightly', uid: 'j', controller: true }],
    };
    const status = { phase: 'Failed', reason: 'Terminated', message: 'shutdown', startTime: OLD };
    const conditions = [{ type: 'Ready', status: 'False', reason: 'PodFailed', lastTransitionTime: OLD }];
    const pod = {
      metadata: { ...metadata, labels: { a: 'b' }, annotations: { a: 'b' } },
      spec: { restartPolicy: 'Always', containers: [] },
      status: {
        ...status,
        conditions,
        hostIP: '10.0.0.1',
        containerStatuses: [
          ended(1),
          { state: { terminated: undefined, running: {} } },
          { name: 'c', state: undefined },
        ],
        initContainerStatuses: [ended(0)],
        ephemeralContainerStatuses: [ended(2)],
      },
    };
    expect(essenceOf(pod)).toStrictEqual({
      metadata: { ...metadata, annotations: undefined },
      spec: { restartPolicy: 'Always' },
      status: {
        ...status,
        conditions,
        containerStatuses: [ended(1), { state: undefined }, { state: undefined }, ended(0), ended(2)],
      },
    });
  });

  it('includes the annotation that opts out', () => {
    const annotations = { [KEEP_ANNOTATION]: 'true' };
    expect(essenceOf({ metadata: { annotations } }).metadata?.annotations).toEqual(annotations);
  });

  it('is nothing of a pod of which nothing is known', () => {
    expect(essenceOf({})).toEqual({ metadata: {}, spec: {}, status: { containerStatuses: [] } });
  });
});

describe('the decision about a pod', () => {
  it('says in which phase it was, where that is not Failed', () => {
    const pod = podOf({ ...terminated, phase: 'Succeeded', exitCodes: [0] });
    expect(decideCleanup([pod], inputOf(), limitsOf()).decisions[0]?.detail).toStrictEqual({
      phase: 'Succeeded',
      podReason: 'Terminated',
      failedAt: '2026-11-19T21:00:00.000Z',
    });
  });

  it.each([
    ['that its own rules keep', { exitCodes: [1] }],
    ['that a limit keeps', terminated],
  ])('%s is to do nothing', (_, options) => {
    const [decision] = decideCleanup([podOf(options)], inputOf(), limitsOf({ budget: 0 })).decisions;
    expect(decision?.action).toBe('none');
    expect(decision).not.toHaveProperty('pod');
  });
});
