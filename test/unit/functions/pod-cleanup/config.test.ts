import { describe, expect, it } from '@jest/globals';
import { checkPodCleanup, podCleanupSchema } from '../../../../functions/pod-cleanup/config.ts';
import { configOf, sectionOf } from './support.ts';

describe('podCleanup of caretaker.yaml', () => {
  it('has careful defaults', () => {
    expect(sectionOf()).toEqual({
      preset: 'careful',
      everyMinutes: 15,
      reasons: ['Shutdown', 'NodeShutdown', 'Terminated', 'TerminationByKubelet'],
      exitCodes: [],
      minimumAgeMinutes: 10,
      deleteJobPods: false,
      deleteSucceededPods: false,
      namespaces: { include: [], exclude: [] },
      ownerKinds: { include: [], exclude: [] },
      keepNewestPerOwner: 0,
      namespaceOptOut: true,
      maximumDeletesPerRun: 2_000,
      concurrentDeletes: 20,
      maximumNamespacePercent: 100,
      verifyGoneNodes: true,
    });
  });

  it('the shell loop takes three reasons, every owner and no age, with the same guards', () => {
    const { preset: _preset, ...loop } = sectionOf({ preset: 'shell-loop' });
    const { preset: _careful, ...careful } = sectionOf();
    expect(loop).toEqual({
      ...careful,
      reasons: ['Shutdown', 'NodeShutdown', 'Terminated'],
      minimumAgeMinutes: 0,
      deleteJobPods: true,
    });
  });

  it.each([
    [{ minimumAgeMinutes: 30 }, { minimumAgeMinutes: 30, deleteJobPods: true }],
    [{ minimumAgeMinutes: 0 }, { minimumAgeMinutes: 0 }],
    [{ reasons: ['Evicted'] }, { reasons: ['Evicted'], minimumAgeMinutes: 0 }],
    [{ deleteJobPods: false }, { deleteJobPods: false, minimumAgeMinutes: 0 }],
  ])('what is written wins over the preset: %j', (keys, expected) => {
    expect(sectionOf({ preset: 'shell-loop', ...keys })).toMatchObject(expected);
  });

  it.each([[{}], [{ preset: 'shell-loop' }], [{ minimumAgeMinutes: 3, labelSelector: 'a=b' }]])(
    '%j, once parsed and written beside the bundle, is parsed to the same',
    (keys) => {
      const once = sectionOf(keys);
      expect(sectionOf(JSON.parse(JSON.stringify(once)) as object)).toEqual(once);
    },
  );

  it.each([
    [{ minimumAgeMinutes: -1 }, 'minimumAgeMinutes'],
    [{ minimumAgeMinutes: 1.5 }, 'minimumAgeMinutes'],
    [{ minimumAgeMinutes: '10m' }, 'minimumAgeMinutes'],
    [{ maximumDeletesPerRun: 0 }, 'maximumDeletesPerRun'],
    [{ concurrentDeletes: 65 }, 'concurrentDeletes'],
    [{ maximumNamespacePercent: 0 }, 'maximumNamespacePercent'],
    [{ maximumNamespacePercent: 101 }, 'maximumNamespacePercent'],
    [{ everyMinutes: 7 }, 'everyMinutes'],
    [{ preset: 'careless' }, 'preset'],
    [{ reasons: [''] }, 'reasons.0'],
    [{ reasons: 'Evicted' }, 'reasons'],
    [{ exitCodes: [0] }, 'exitCodes.0'],
    [{ namespaces: { include: ['Shop'] } }, 'namespaces.include.0'],
    [{ namespaces: ['shop'] }, 'namespaces'],
    [{ ownerKinds: { exclude: ['statefulset'] } }, 'ownerKinds.exclude.0'],
    [{ labelSelector: 'a in b' }, 'labelSelector'],
    [{ olderThan: 3 }, ''],
  ])('refuses %j', (section, path) => {
    const { error } = podCleanupSchema.safeParse(section);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it('refuses a section by which no pod would ever go', () => {
    const check = (podCleanup: object) => checkPodCleanup(configOf({ podCleanup }));
    expect(check({ reasons: [] })).toMatchObject([{ path: ['podCleanup', 'reasons'], found: '[]' }]);
    expect(check({ reasons: [], exitCodes: [137] })).toEqual([]);
    expect(check({})).toEqual([]);
  });
});
