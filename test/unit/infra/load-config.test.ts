import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { renderJsonSchema } from '../../../infra/config/schema.ts';
import { loadConfigFile, parseConfig } from '../../../infra/load-config.ts';
import type { ConfigurationProblem } from '../../../shared/core/errors.ts';
import { ConfigurationError } from '../../../shared/core/errors.ts';

const problemsOf = (text: string): readonly ConfigurationProblem[] => {
  try {
    parseConfig(text, 'caretaker.yaml');
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
};

const minimal = 'version: 1\nclusters:\n  - name: staging\n';

describe('caretaker.yaml', () => {
  it('needs a version and a cluster; everything else has a default, and the mode is observe', () => {
    const config = parseConfig(minimal, 'caretaker.yaml');
    expect(config).toMatchObject({
      mode: 'observe',
      notifications: { topic: true },
      podCleanup: { minimumAgeMinutes: 10 },
      spotDrain: { deadlineMarginSeconds: 10 },
      clusterUpgrade: { approvalTimeoutHours: 24 },
      ecrRescan: { repositories: [], minimumSeverity: 'HIGH' },
      nodeGroupSchedule: { groups: [] },
    });
  });

  it('comes out of validation as valid input again, for the bundles validate what the build wrote', () => {
    const config = loadConfigFile('infra/config/caretaker.yaml');
    expect(parseConfig(JSON.stringify(config), 'config.json')).toEqual(config);
  });

  it.each<[string, string, Partial<ConfigurationProblem>]>([
    [
      'an unknown key at the top',
      `${minimal}podClean: {}\n`,
      {
        path: 'podClean',
        line: 4,
        found: 'an unknown key',
        allowed:
          'one of version, mode, clusters, notifications, networks, nodeGroupSchedule, ecrRescan, spotDrain, clusterUpgrade, podCleanup',
      },
    ],
    [
      'an unknown key in a section',
      `${minimal}podCleanup:\n  minAge: 3\n`,
      {
        path: 'podCleanup.minAge',
        line: 5,
        allowed: expect.stringMatching(/^one of mode, .*minimumAgeMinutes/) as unknown as string,
      },
    ],
    [
      'an unknown key of a cluster',
      `${minimal}    acount: "1"\n`,
      {
        path: 'clusters[0].acount',
        line: 4,
        allowed: expect.stringMatching(/^one of name, /) as unknown as string,
      },
    ],
    [
      'an unknown key under a name of the user’s own',
      `${minimal}spotDrain: { clusters: { staging: { delete: true } } }\n`,
      {
        path: 'spotDrain.clusters.staging.delete',
        line: 4,
        allowed: expect.stringContaining('deleteAtDeadline') as unknown as string,
      },
    ],
    [
      'an option that is not built yet',
      `${minimal}notifications: { slack: {} }\n`,
      { path: 'notifications.slack', line: 4 },
    ],
    [
      'a negative duration',
      `${minimal}podCleanup: { minimumAgeMinutes: -1 }\n`,
      { path: 'podCleanup.minimumAgeMinutes', line: 4, found: '-1' },
    ],
    ['a fractional duration', `${minimal}podCleanup:\n  minimumAgeMinutes: 1.5\n`, { line: 5, found: '1.5' }],
    [
      '30s where a number is meant',
      `${minimal}spotDrain:\n\n  deadlineMarginSeconds: 30s\n`,
      {
        path: 'spotDrain.deadlineMarginSeconds',
        line: 6,
        found: '"30s"',
        allowed: expect.stringContaining('a whole number of seconds') as unknown as string,
      },
    ],
    [
      'an unknown mode',
      `${minimal}mode: dry-run\n`,
      { path: 'mode', found: '"dry-run"', allowed: 'one of off, observe, act' },
    ],
    ['no clusters', 'version: 1\n', { path: 'clusters', found: 'nothing' }],
    ['two clusters of one name', `${minimal}  - name: staging\n`, { path: 'clusters[1].name', line: 4 }],
    [
      'an endpoint over http',
      `${minimal}    endpoint: http://example.com\n`,
      { path: 'clusters[0].endpoint', line: 4 },
    ],
    [
      'another version',
      'version: 2\nclusters: [{ name: staging }]\n',
      { path: 'version', line: 1, found: '2', allowed: '1' },
    ],
    [
      'an unknown zone',
      `${minimal}nodeGroupSchedule:\n  schedules:\n    office: { timeZone: Europe/Atlantis, awake: ["Mon-Fri 07:00-20:00"] }\n`,
      { line: 6, found: expect.stringContaining('Europe/Atlantis') as unknown as string },
    ],
    [
      'an unknown cluster',
      `${minimal}nodeGroupSchedule:\n  schedules:\n    office: { timeZone: Europe/Berlin, awake: ["Mon-Fri 07:00-20:00"] }\n  groups:\n    - { cluster: stagin, nodeGroup: web, schedule: office }\n`,
      {
        path: 'nodeGroupSchedule.groups[0].cluster',
        line: 8,
        found: expect.stringContaining('stagin') as unknown as string,
      },
    ],
    ['what is no YAML', 'version: [1\n', { found: expect.any(String) as unknown as string }],
    ['an empty file', '', { path: 'version' }],
  ])('is refused for %s, with path, line, what was found and what is allowed', (_name, text, expected) => {
    expect(problemsOf(text)).toContainEqual(expect.objectContaining(expected));
    expect(problemsOf(text).every(({ allowed }) => allowed !== '')).toBe(true);
  });

  it('is refused with every problem at once', () => {
    const paths = problemsOf(
      'version: 1\nclusters: [{ name: "-" }]\nmode: no\npodCleanup: { minimumAgeMinutes: -1, x: 1, y: 2 }\n',
    ).map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'clusters[0].name',
        'mode',
        'podCleanup.minimumAgeMinutes',
        'podCleanup.x',
        'podCleanup.y',
      ]),
    );
  });

  it('is refused by name when the file is not there', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'caretaker-')), 'none.yaml');
    expect(() => loadConfigFile(file)).toThrow(
      /none\.yaml could not be read \(ENOENT\); name the file with --config/,
    );
  });

  it('prints a problem in one line that says what to do', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'caretaker-')), 'caretaker.yaml');
    writeFileSync(file, `${minimal}mode: dry\n`);
    expect(() => loadConfigFile(file)).toThrow(
      'mode (line 4): found "dry", allowed: one of off, observe, act',
    );
  });

  it('has a JSON Schema for editors that is not stale', () => {
    expect(readFileSync('infra/config/caretaker.schema.json', 'utf8')).toBe(renderJsonSchema());
  });
});
