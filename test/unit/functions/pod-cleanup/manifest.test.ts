import { describe, expect, it } from '@jest/globals';
import { podCleanupEntries } from '../../../../functions/pod-cleanup/manifest.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import { testScope } from '../../../fixtures/scope.ts';
import { configOf } from './support.ts';

const entriesWith = (podCleanup: object = {}, modes: { global?: Mode; cluster?: Mode } = {}) =>
  podCleanupEntries(
    configOf({
      mode: modes.global ?? 'act',
      clusters: [{ name: 'staging', ...(modes.cluster === undefined ? {} : { mode: modes.cluster }) }],
      podCleanup,
    }),
    testScope,
  );

const entry = (id: string, podCleanup: object = {}, modes: { global?: Mode; cluster?: Mode } = {}) =>
  entriesWith(podCleanup, modes).find((each) => each.id === id);

/** `verb resource` of every right. */
const rightsOf = (id: string, podCleanup: object = {}, modes: { global?: Mode; cluster?: Mode } = {}) =>
  entry(id, podCleanup, modes)?.kubernetesRules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  );

describe('the rights of pod-cleanup follow the configuration', () => {
  it.each<[Mode, Mode | undefined, readonly string[] | undefined]>([
    ['act', undefined, ['list pods', 'delete pods', 'list namespaces']],
    ['act', 'observe', ['list pods', 'list namespaces']],
    ['observe', undefined, ['list pods', 'list namespaces']],
    ['observe', 'act', ['list pods', 'list namespaces']],
    ['off', undefined, undefined],
    ['act', 'off', undefined],
  ])('global %s, cluster %s: %j', (global, cluster, rights) => {
    const modes = { global, ...(cluster === undefined ? {} : { cluster }) };
    expect(rightsOf('pod-cleanup', {}, modes)).toEqual(rights);
    const publishes = entry('pod-cleanup', {}, modes)?.statements.some(({ actions }) =>
      actions.includes('events:PutEvents'),
    );
    expect(publishes ?? false).toBe(rights?.includes('delete pods') ?? false);
  });

  it.each<[object, readonly string[]]>([
    [{ namespaceOptOut: false }, ['list pods', 'delete pods']],
    [
      { namespaceOptOut: false, deleteSucceededPods: true },
      ['list pods', 'delete pods', 'get replicasets', 'get statefulsets', 'get daemonsets'],
    ],
  ])('%j: %j', (section, rights) => {
    expect(rightsOf('pod-cleanup', section)).toEqual(rights);
  });

  it.each<[object, readonly string[] | undefined]>([
    [{}, ['list nodes', 'list pods', 'list namespaces']],
    [{ namespaceOptOut: false }, ['list nodes', 'list pods']],
    [{ verifyGoneNodes: false }, undefined],
  ])('the look at terminated nodes may delete nothing, with %j: %j', (section, rights) => {
    expect(rightsOf('pod-cleanup-verify', section)).toEqual(rights);
    const actions = entry('pod-cleanup-verify', section)?.statements.flatMap((each) => each.actions) ?? [];
    expect(actions.filter((action) => /Put|Publish|Terminate|Delete/.test(action))).toEqual([]);
  });

  it('describes its clusters and no other', () => {
    for (const { statements } of entriesWith()) {
      expect(statements).toContainEqual({
        actions: ['eks:DescribeCluster'],
        resources: ['arn:aws:eks:eu-central-1:111122223333:cluster/staging'],
      });
    }
    expect(entriesWith()).toHaveLength(2);
  });
});

describe('the triggers', () => {
  it('tick every 15 minutes for each cluster that is not off', () => {
    const [cleanup] = podCleanupEntries(
      configOf({
        clusters: [{ name: 'dev' }, { name: 'old', mode: 'off' }, { name: 'staging', mode: 'observe' }],
      }),
      testScope,
    );
    expect(cleanup?.trigger).toEqual({
      kind: 'tick',
      everyMinutes: 15,
      input: { trigger: 'tick' },
      clusters: ['dev', 'staging'],
    });
  });

  it('tick as often as is configured', () => {
    expect(entry('pod-cleanup', { everyMinutes: 60 })?.trigger).toMatchObject({ everyMinutes: 60 });
  });

  it('take terminated instances alone', () => {
    expect(entry('pod-cleanup-verify')?.trigger).toEqual({
      kind: 'events',
      patterns: [
        {
          source: ['aws.ec2'],
          detailType: ['EC2 Instance State-change Notification'],
          detail: { state: ['terminated'] },
        },
      ],
    });
  });
});
