import { describe, expect, it } from '@jest/globals';
import { podCleanupSchema } from '../../../../functions/pod-cleanup/config.ts';
import { podCleanupEntries } from '../../../../functions/pod-cleanup/manifest.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import { testScope } from '../../../fixtures/scope.ts';

const entries = (mode: Mode, clusterMode?: Mode) =>
  podCleanupEntries(
    {
      version: 1,
      mode,
      clusters: [{ name: 'staging', ...(clusterMode === undefined ? {} : { mode: clusterMode }) }],
      notifications: { topic: true },
      podCleanup: podCleanupSchema.parse({}),
    },
    testScope,
  );

describe('the rights of pod-cleanup follow the configuration', () => {
  it.each<[Mode, Mode | undefined, readonly string[] | undefined]>([
    ['act', undefined, ['list', 'delete']],
    ['act', 'observe', ['list']],
    ['observe', undefined, ['list']],
    ['observe', 'act', ['list']],
    ['off', undefined, undefined],
    ['act', 'off', undefined],
  ])('global %s, cluster %s: verbs on pods %j', (mode, clusterMode, verbs) => {
    const [entry] = entries(mode, clusterMode);
    expect(entry?.kubernetesRules[0]?.verbs).toEqual(verbs);
    expect(entry?.statements.some(({ actions }) => actions.includes('events:PutEvents')) ?? false).toBe(
      verbs?.includes('delete') ?? false,
    );
  });

  it('describes its clusters and no other', () => {
    const [entry] = entries('act');
    expect(entry?.statements).toContainEqual({
      actions: ['eks:DescribeCluster'],
      resources: ['arn:aws:eks:eu-central-1:111122223333:cluster/staging'],
    });
  });
});

describe('podCleanup of caretaker.yaml', () => {
  it('has careful defaults', () => {
    expect(podCleanupSchema.parse({})).toEqual({ minimumAgeMinutes: 10, maximumDeletesPerRun: 2_000 });
  });

  it.each([
    [{ minimumAgeMinutes: -1 }, 'minimumAgeMinutes'],
    [{ minimumAgeMinutes: 1.5 }, 'minimumAgeMinutes'],
    [{ minimumAgeMinutes: '10m' }, 'minimumAgeMinutes'],
    [{ maximumDeletesPerRun: 0 }, 'maximumDeletesPerRun'],
    [{ preset: 'shell-loop' }, ''],
  ])('refuses %j', (section, path) => {
    const { error } = podCleanupSchema.safeParse(section);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});
