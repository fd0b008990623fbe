import { describe, expect, it } from '@jest/globals';
import { nodeGroupScheduleSchema } from '../../../../../functions/node-group-schedule/config.ts';
import { membershipOf, reconcile } from '../../../../../functions/node-group-schedule/decide/membership.ts';
import type {
  DescribedGroup,
  GroupRecord,
} from '../../../../../functions/node-group-schedule/decide/model.ts';

const schedule = { timeZone: 'UTC', awake: ['Mon 07:00-20:00'] };
const config = nodeGroupScheduleSchema.parse({
  schedules: { office: schedule, late: schedule },
  groups: [
    { cluster: 'staging', nodeGroup: 'web', schedule: 'late' },
    { cluster: 'prod', nodeGroup: 'jobs', schedule: 'late' },
  ],
});

const group = (name: string, tag?: string, arn = `arn:${name}/1`): DescribedGroup => ({
  arn,
  cluster: 'staging',
  name,
  status: 'ACTIVE',
  sizes: { min: 1, desired: 2, max: 3 },
  autoScalingGroups: [`asg-${name}`],
  tags: tag === undefined ? {} : { 'eks-caretaker/schedule': tag },
});

const record = (name: string, change: Partial<GroupRecord> = {}): GroupRecord => ({
  arn: `arn:${name}/1`,
  cluster: 'staging',
  nodeGroup: name,
  schedule: 'office',
  source: 'tag',
  autoScalingGroups: [`asg-${name}`],
  knownSince: 0,
  phase: 'awake',
  notices: {},
  ...change,
});

describe('who opts in', () => {
  it('are groups with the tag and groups in the configuration, which wins; nobody else', () => {
    const { members } = membershipOf(
      'staging',
      [group('web', 'office'), group('api', 'office'), group('db')],
      config,
    );
    expect(members.map(({ group: { name }, schedule, source }) => [name, schedule, source])).toEqual([
      ['web', 'late', 'configuration'],
      ['api', 'office', 'tag'],
    ]);
  });

  it('an entry for another cluster does not count', () => {
    const { members } = membershipOf('staging', [group('jobs')], config);
    expect(members).toEqual([]);
  });

  it.each(['nightly', '', 'constructor', 'Office'])('a tag "%s" without a schedule is reported', (tag) => {
    const { findings } = membershipOf('staging', [group('web'), group('api', tag)], config);
    expect(findings).toEqual([
      {
        cluster: 'staging',
        target: 'node-group/api',
        action: 'none',
        reason: 'unknown-schedule',
        detail: { schedule: tag, known: ['office', 'late'], stays: 'awake' },
      },
    ]);
  });

  it('a configured group that is not there is reported', () => {
    const missing = {
      cluster: 'staging',
      target: 'node-group/web',
      action: 'none',
      reason: 'node-group-not-found',
      detail: { schedule: 'late' },
    };
    expect(membershipOf('staging', [], config).findings).toEqual([missing]);
    expect(membershipOf('staging', [group('api')], config).findings).toEqual([missing]);
    expect(membershipOf('staging', [group('api'), group('web')], config).findings).toEqual([]);
  });
});

describe('a fresh look at a cluster', () => {
  const look = (records: readonly GroupRecord[], groups: readonly DescribedGroup[]) =>
    reconcile(records, groups, membershipOf('staging', groups, config).members);

  it('finds nothing where nothing changed', () => {
    expect(look([record('api')], [group('api', 'office')])).toEqual({ added: [], changed: [], gone: [] });
  });

  it.each<[string, GroupRecord, DescribedGroup, Partial<GroupRecord>]>([
    ['another schedule', record('api'), group('api', 'late'), { schedule: 'late' }],
    ['a tag that was taken off', record('api'), group('api'), { schedule: undefined }],
    [
      'the configuration instead of the tag',
      record('web', { schedule: 'late' }),
      group('web'),
      { source: 'configuration' },
    ],
    [
      'another Auto Scaling group',
      record('api', { autoScalingGroups: ['old'] }),
      group('api', 'office'),
      { autoScalingGroups: ['asg-api'] },
    ],
  ])('takes over %s', (_what, before, now, change) => {
    expect(look([before], [now]).changed).toEqual([{ ...before, ...change }]);
  });

  it('tells a group that was made again from the one that was deleted, by its ARN', () => {
    const { added, changed, gone } = look(
      [record('api', { phase: 'asleep' })],
      [group('api', 'office', 'arn:api/2')],
    );
    expect(changed).toEqual([]);
    expect(gone.map(({ arn }) => arn)).toEqual(['arn:api/1']);
    expect(added.map((member) => member.group.arn)).toEqual(['arn:api/2']);
  });
});
