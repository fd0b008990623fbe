import * as z from 'zod/mini';
import type { SharedConfig } from '../../shared/core/config.ts';
import { clusterName, sectionShape, wholeNumber } from '../../shared/core/config.ts';
import type { ConfigurationIssue } from '../../shared/core/config-problems.ts';
import { isTimeZone } from './decide/local-time.ts';
import { WINDOW_FORM, WINDOW_PATTERN, windowProblem } from './decide/windows.ts';

const zoneError = 'an IANA time zone such as Europe/Berlin';
const nameError = 'a name of up to 63 letters, digits, dots, hyphens and underscores';
const SCHEDULE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const awakeWindow = z.string({ error: WINDOW_FORM }).check(
  z.regex(WINDOW_PATTERN, { error: WINDOW_FORM, abort: true }),
  z.refine((text) => windowProblem(text) === undefined, {
    error: (issue) => windowProblem(String(issue.input)),
  }),
);

const schedule = z.strictObject({
  /** IANA time zone in which the windows are read. */
  timeZone: z.string({ error: zoneError }).check(z.refine(isTimeZone, { error: zoneError })),
  /** When node groups are awake. A window belongs to the weekday on which it starts. */
  awake: z
    .array(awakeWindow, { error: 'a list of awake windows' })
    .check(z.minLength(1, { error: 'at least one awake window' })),
});

const group = z.strictObject({
  cluster: clusterName,
  /** As EKS knows it: 1-63 letters, digits, hyphens and underscores. */
  nodeGroup: z
    .string({ error: 'the name of a managed node group' })
    .check(z.regex(/^[0-9A-Za-z][A-Za-z0-9\-_]{0,62}$/, { error: 'the name of a managed node group' })),
  schedule: z.string({ error: 'the name of a schedule' }),
  /** How long before a window opens the group is woken, so that its nodes are Ready in time. */
  leadMinutes: z._default(wholeNumber({ unit: 'minutes', min: 0, max: 240 }), 15),
  /** How long pods get to leave before the group is resized all the same. */
  drainMinutes: z._default(wholeNumber({ unit: 'minutes', min: 0, max: 120 }), 10),
});

export const nodeGroupScheduleSchema = z.prefault(
  z.strictObject({
    ...sectionShape,
    /** Calendars by name; a node group opts in by the tag `eks-caretaker/schedule=<name>` or in `groups`. */
    schedules: z._default(
      z.record(z.string().check(z.regex(SCHEDULE_NAME, { error: nameError })), schedule, {
        error: 'schedules by name',
      }),
      {},
    ),
    /** Node groups that opt in here; what is written here wins over the tag. */
    groups: z._default(z.array(group, { error: 'a list of node groups' }), []),
    /** How often node groups, their tags and their sizes are looked up again. */
    reconcileMinutes: z._default(wholeNumber({ unit: 'minutes', min: 5, max: 1440 }), 60),
  }),
  {},
);

export type NodeGroupScheduleConfig = z.infer<typeof nodeGroupScheduleSchema>;
export type ScheduleConfig = z.infer<typeof schedule>;
export type GroupConfig = z.infer<typeof group>;

/** Lead and drain of a group that opts in by tag, which carries a name alone. */
export const GROUP_DEFAULTS = { leadMinutes: 15, drainMinutes: 10 } as const;

const knownNames = (names: readonly string[]): string =>
  names.length === 0 ? 'a name that is configured; there is none yet' : names.join(', ');

/** Cross references: every group names a configured cluster and schedule, and is listed once. */
export const checkNodeGroupSchedule = (
  config: SharedConfig & { readonly nodeGroupSchedule: NodeGroupScheduleConfig },
): ConfigurationIssue[] => {
  const { groups, schedules } = config.nodeGroupSchedule;
  const clusters = config.clusters.map(({ name }) => name);
  return groups.flatMap((entry, index): ConfigurationIssue[] => {
    const path = ['nodeGroupSchedule', 'groups', index];
    const first = groups.findIndex(
      ({ cluster, nodeGroup }) => cluster === entry.cluster && nodeGroup === entry.nodeGroup,
    );
    return [
      ...(clusters.includes(entry.cluster)
        ? []
        : [
            {
              path: [...path, 'cluster'],
              found: `the unknown cluster "${entry.cluster}"`,
              allowed: knownNames(clusters),
            },
          ]),
      ...(Object.hasOwn(schedules, entry.schedule)
        ? []
        : [
            {
              path: [...path, 'schedule'],
              found: `the unknown schedule "${entry.schedule}"`,
              allowed: knownNames(Object.keys(schedules)),
            },
          ]),
      ...(first === index
        ? []
        : [
            {
              path: [...path, 'nodeGroup'],
              found: `"${entry.nodeGroup}" of cluster "${entry.cluster}" a second time`,
              allowed: `each node group once (it is groups[${first}] already)`,
            },
          ]),
    ];
  });
};
