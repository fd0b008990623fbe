import { describe, expect, it } from '@jest/globals';
import { clusterUpgradeSchema } from '../../../../functions/cluster-upgrade/config.ts';
import { clusterUpgradeEntries } from '../../../../functions/cluster-upgrade/manifest.ts';
import type { Entry } from '../../../../shared/core/automation.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import { testScope } from '../../../fixtures/scope.ts';

const entries = (mode: Mode, clusterModes: Record<string, Mode | undefined> = { staging: undefined }) =>
  clusterUpgradeEntries(
    {
      version: 1,
      mode,
      clusters: Object.entries(clusterModes).map(([name, clusterMode]) => ({
        name,
        ...(clusterMode === undefined ? {} : { mode: clusterMode }),
      })),
      notifications: { topic: true },
      clusterUpgrade: clusterUpgradeSchema.parse({ approvalTimeoutHours: 30 }),
    },
    testScope,
  );

const actionsOf = (entry: Entry | undefined): string[] =>
  (entry?.statements ?? []).flatMap(({ actions }) => actions);
const CHANGES = ['eks:UpdateClusterVersion', 'eks:UpdateNodegroupVersion', 'eks:UpdateAddon'];

describe('the rights of cluster-upgrade follow the configuration', () => {
  it.each<[Mode, Mode | undefined, boolean]>([
    ['act', undefined, true],
    ['act', 'observe', false],
    ['observe', 'act', false],
    ['observe', undefined, false],
  ])('global %s, cluster %s: may change something: %s', (mode, clusterMode, changes) => {
    const [plan, handler] = entries(mode, { staging: clusterMode });
    expect(CHANGES.every((action) => actionsOf(handler).includes(action))).toBe(changes);
    expect(CHANGES.some((action) => actionsOf(handler).includes(action))).toBe(changes);
    expect(CHANGES.some((action) => actionsOf(plan).includes(action))).toBe(false);
    expect(handler?.kubernetesRules.flatMap(({ resources }) => resources)).toEqual(
      changes ? ['nodes', 'pods', 'poddisruptionbudgets'] : ['nodes'],
    );
  });

  it.each<[Mode, Mode | undefined]>([
    ['off', undefined],
    ['act', 'off'],
  ])('global %s, cluster %s: there is no function at all', (mode, clusterMode) => {
    expect(entries(mode, { staging: clusterMode })).toEqual([]);
  });

  it('planning reads only, but for the refresh of the insights', () => {
    const [plan] = entries('act');
    const changing = actionsOf(plan).filter(
      (action) => action.startsWith('eks:') && !/^eks:(Describe|List)/.test(action),
    );
    expect(changing).toEqual(['eks:StartInsightsRefresh']);
    expect(plan?.kubernetesRules).toEqual([{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }]);
  });

  it('changes the clusters in mode act alone', () => {
    const [, handler] = entries('act', { staging: 'act', production: 'observe' });
    const resources = handler?.statements.flatMap((statement) =>
      statement.actions.some((action) => CHANGES.includes(action)) ? statement.resources : [],
    );
    expect(resources).toEqual([
      'arn:aws:eks:eu-central-1:111122223333:cluster/staging',
      'arn:aws:eks:eu-central-1:111122223333:nodegroup/staging/*',
      'arn:aws:eks:eu-central-1:111122223333:addon/staging/*',
    ]);
  });

  it('asks for all resources only where AWS knows no narrower ones', () => {
    const [, handler] = entries('act');
    const wide = handler?.statements
      .filter(({ resources }) => resources.includes('*'))
      .flatMap(({ actions }) => actions);
    expect(wide).toEqual(['eks:DescribeClusterVersions', 'eks:DescribeAddonVersions', 'ec2:DescribeSubnets']);
  });
});

describe('the durable function', () => {
  it('outlives approval and a week of work', () => {
    const [plan, handler] = entries('act');
    expect(handler).toMatchObject({
      id: 'cluster-upgrade',
      handler: 'handler',
      durable: { executionTimeoutDays: 9, retentionDays: 30 },
      timeoutSeconds: 900,
    });
    expect(plan).toMatchObject({ id: 'cluster-upgrade-plan', handler: 'plan' });
    expect(plan?.durable).toBeUndefined();
  });

  it('may checkpoint its own executions and nobody else’s', () => {
    const [, handler] = entries('observe');
    expect(handler?.statements).toContainEqual({
      actions: ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
      resources: ['arn:aws:lambda:eu-central-1:111122223333:function:eks-caretaker-cluster-upgrade:*'],
    });
  });
});

describe('clusterUpgrade of caretaker.yaml', () => {
  it('waits a day for approval unless it says otherwise', () => {
    expect(clusterUpgradeSchema.parse({})).toEqual({ approvalTimeoutHours: 24 });
  });

  it.each([
    [{ approvalTimeoutHours: 0 }, 'approvalTimeoutHours'],
    [{ approvalTimeoutHours: 1.5 }, 'approvalTimeoutHours'],
    [{ approvalTimeoutHours: '24h' }, 'approvalTimeoutHours'],
    [{ approvalTimeoutHours: 169 }, 'approvalTimeoutHours'],
    [{ mode: 'dry-run' }, 'mode'],
    [{ bakeHours: 4 }, ''],
  ])('refuses %j', (section, path) => {
    const { error } = clusterUpgradeSchema.safeParse(section);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});
