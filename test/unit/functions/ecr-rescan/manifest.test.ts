import { describe, expect, it } from '@jest/globals';
import type { EcrRescanConfig } from '../../../../functions/ecr-rescan/config.ts';
import { checkEcrRescan, ecrRescanSchema } from '../../../../functions/ecr-rescan/config.ts';
import { ecrRescanEntries } from '../../../../functions/ecr-rescan/manifest.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import { testScope } from '../../../fixtures/scope.ts';

const configWith = (mode: Mode, section: Partial<EcrRescanConfig> = {}) => ({
  version: 1 as const,
  mode,
  clusters: [{ name: 'staging' }, { name: 'lab', mode: 'off' as const }],
  notifications: { topic: true },
  ecrRescan: ecrRescanSchema.parse(section),
});
const entries = (mode: Mode, section: Partial<EcrRescanConfig> = {}) =>
  ecrRescanEntries(configWith(mode, section), testScope);
const actionsOf = (entry: ReturnType<typeof entries>[number] | undefined) =>
  entry?.statements.flatMap(({ actions }) => actions) ?? [];

describe('the rights of ecr-rescan follow the configuration', () => {
  it('off asks for nothing', () => {
    expect(entries('off')).toEqual([]);
    expect(entries('act', { mode: 'off' })).toEqual([]);
  });

  it.each([
    ['act' as const, true],
    ['observe' as const, false],
  ])('in %s the tick may start scans: %s', (mode, may) => {
    const [tick, findings] = entries(mode);
    expect(actionsOf(tick).includes('ecr:StartImageScan')).toBe(may);
    expect(actionsOf(findings)).not.toContain('ecr:StartImageScan');
  });

  it('lists images of the configured repositories alone, and none where none is configured', () => {
    const [tick] = entries('act', { repositories: ['shop/*'] });
    expect(tick?.statements).toContainEqual({
      actions: ['ecr:DescribeImages'],
      resources: ['arn:aws:ecr:eu-central-1:111122223333:repository/shop/*'],
    });
    expect(actionsOf(entries('act')[0])).not.toContain('ecr:DescribeImages');
  });

  it('only the tick sees clusters, and only those that are not off', () => {
    const [tick, findings] = entries('act');
    expect(
      tick?.statements.find(({ actions }) => actions.includes('eks:DescribeCluster'))?.resources,
    ).toEqual(['arn:aws:eks:eu-central-1:111122223333:cluster/staging']);
    expect(tick?.kubernetesRules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }]);
    expect(actionsOf(findings)).not.toContain('eks:DescribeCluster');
    expect(findings?.kubernetesRules).toEqual([]);
  });
});

describe('ecrRescan of caretaker.yaml', () => {
  it('has careful defaults', () => {
    expect(ecrRescanSchema.parse({})).toEqual({
      repositories: [],
      minimumSeverity: 'HIGH',
      imagesPerTick: 200,
      refreshMinutes: 60,
    });
  });

  it.each([
    [{ minimumSeverity: 'high' }, 'minimumSeverity'],
    [{ repositories: ['Shop/*'] }, 'repositories.0'],
    [{ repositories: 'shop/*' }, 'repositories'],
    [{ imagesPerTick: 341 }, 'imagesPerTick'],
    [{ refreshMinutes: 4 }, 'refreshMinutes'],
    [{ refreshMinutes: '30s' }, 'refreshMinutes'],
    [{ onlyFixable: true }, ''],
  ])('refuses %j', (section, path) => {
    const { error } = ecrRescanSchema.safeParse(section);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it('refuses a repository pattern given twice', () => {
    expect(
      checkEcrRescan(configWith('act', { repositories: ['a', 'b', 'a'] })).map(({ path }) => path),
    ).toEqual([['ecrRescan', 'repositories', 2]]);
    expect(checkEcrRescan(configWith('act', { repositories: ['a', 'b'] }))).toEqual([]);
  });
});
