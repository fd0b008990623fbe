import { describe, expect, it } from '@jest/globals';
import { nodeGroupScheduleSchema } from '../../../../functions/node-group-schedule/config.ts';
import { nodeGroupScheduleEntries } from '../../../../functions/node-group-schedule/manifest.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import { testScope } from '../../../fixtures/scope.ts';

const entriesOf = (mode: Mode, clusters: readonly { name: string; mode?: Mode }[] = [{ name: 'staging' }]) =>
  nodeGroupScheduleEntries(
    {
      version: 1,
      mode,
      clusters: [...clusters],
      notifications: { topic: true },
      nodeGroupSchedule: nodeGroupScheduleSchema.parse({}),
    },
    testScope,
  );

const actionsOf = (...args: Parameters<typeof entriesOf>) =>
  entriesOf(...args).flatMap(({ statements }) => statements.flatMap(({ actions }) => actions));

describe('the rights of node-group-schedule follow the configuration', () => {
  it('off: no entry at all', () => {
    expect(entriesOf('off')).toEqual([]);
    expect(entriesOf('act', [{ name: 'staging', mode: 'off' }])).toEqual([]);
  });

  it('observe: reads AWS, writes the table, has no right in the cluster', () => {
    const [entry] = entriesOf('observe');
    expect(entry?.kubernetesRules).toEqual([]);
    expect(actionsOf('observe')).toEqual(
      expect.arrayContaining(['eks:ListNodegroups', 'eks:DescribeNodegroup', 'eks:DescribeUpdate']),
    );
    for (const action of ['eks:UpdateNodegroupConfig', 'events:PutEvents', 'eks:DescribeCluster']) {
      expect(actionsOf('observe')).not.toContain(action);
    }
  });

  it('act: may resize the node groups of the clusters on which it acts, and no others', () => {
    const [entry] = entriesOf('act', [{ name: 'staging' }, { name: 'prod', mode: 'observe' }]);
    const resize = entry?.statements.filter(({ actions }) => actions.includes('eks:UpdateNodegroupConfig'));
    expect(resize).toEqual([
      {
        actions: ['eks:UpdateNodegroupConfig'],
        resources: ['arn:aws:eks:eu-central-1:111122223333:nodegroup/staging/*/*'],
      },
    ]);
  });

  it('act: evicts, and has no right to delete a pod', () => {
    const [entry] = entriesOf('act');
    const rights = entry?.kubernetesRules.flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    );
    expect(rights).toEqual([
      'get nodes',
      'list nodes',
      'patch nodes',
      'list pods',
      'create pods/eviction',
      'list poddisruptionbudgets',
    ]);
  });

  it('names a wildcard only where the action knows no resource', () => {
    const wide = entriesOf('act').flatMap(({ statements }) =>
      statements.filter(({ resources }) => resources.includes('*')).flatMap(({ actions }) => actions),
    );
    expect(wide).toEqual(['autoscaling:DescribeAutoScalingGroups']);
  });

  it('ticks every five minutes, one at a time', () => {
    expect(entriesOf('act')[0]).toMatchObject({
      id: 'node-group-schedule',
      handler: 'handler',
      trigger: { kind: 'tick', everyMinutes: 5, input: { trigger: 'tick' } },
      timeoutSeconds: 300,
      reservedConcurrency: 1,
    });
  });
});
