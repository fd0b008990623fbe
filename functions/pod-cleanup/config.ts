import * as z from 'zod/mini';
import type { SharedConfig } from '../../shared/core/config.ts';
import { sectionShape, wholeNumber } from '../../shared/core/config.ts';
import type { ConfigurationIssue } from '../../shared/core/config-problems.ts';
import { labelSelectorProblem } from './decide/label-selector.ts';
import { LOOP_REASONS, PRESET_REASONS } from './decide/reasons.ts';

const texts = (form: RegExp, error: string) =>
  z.array(z.string({ error }).check(z.regex(form, { error })), { error: `a list: ${error}` });

const reason = 'a status.reason such as Terminated or OutOfcpu';
const namespacePattern = 'the name of a namespace, * for any characters';
const ownerKind = 'the kind of an owner such as StatefulSet, or none';
const exitCode = 'an exit code from 1 to 4294967295';
const minutesOfTheHour = 'one of 5, 10, 15, 20, 30, 60';
const yesOrNo = z.boolean({ error: 'true or false' });

/** Both lists narrow: what is not included, or is excluded, is left alone. No list of what is included means all. */
const narrowing = (form: RegExp, error: string) =>
  z._default(
    z.strictObject({
      include: z._default(texts(form, error), []),
      exclude: z._default(texts(form, error), []),
    }),
    { include: [], exclude: [] },
  );

const given = z.strictObject({
  ...sectionShape,
  /** What the keys below are where they are left out. `shell-loop`: as the kubectl, jq and xargs loop does. */
  preset: z._default(z.enum(['careful', 'shell-loop'], { error: 'careful or shell-loop' }), 'careful'),
  /** A tick for every cluster; the clusters' ticks are spread over this time. */
  everyMinutes: z._default(z.literal([5, 10, 15, 20, 30, 60], { error: minutesOfTheHour }), 15),
  /** `status.reason` of pods that may go; `TerminationByKubelet` is the condition's. Default: the preset's. */
  reasons: z.optional(texts(/^[A-Za-z][A-Za-z0-9./_-]{0,127}$/, reason)),
  /** Pods go as well where every container that failed ended with one of these. */
  exitCodes: z._default(
    z.array(
      z
        .int({ error: exitCode })
        .check(z.gte(1, { error: exitCode }), z.lte(4_294_967_295, { error: exitCode })),
      {
        error: `a list: ${exitCode}`,
      },
    ),
    [],
  ),
  /** How long ago a pod must have failed. 0 deletes at once, even where the time is not known. Default: 10, shell-loop 0. */
  minimumAgeMinutes: z.optional(wholeNumber({ unit: 'minutes', min: 0, max: 10_080 })),
  /** Pods of Jobs too, once their Job has counted them. Default: false, shell-loop true. */
  deleteJobPods: z.optional(yesOrNo),
  /** Pods in phase Succeeded too, where a shutdown ended them and their owner still wants them to run. */
  deleteSucceededPods: z._default(yesOrNo, false),
  namespaces: narrowing(/^[a-z0-9*][a-z0-9*-]{0,62}$/, namespacePattern),
  /** As `kubectl get --selector`: pods that it does not select are not even listed. */
  labelSelector: z.optional(
    z.string({ error: 'a label selector' }).check(
      z.refine((text) => labelSelectorProblem(text) === undefined, {
        error: (issue) => labelSelectorProblem(String(issue.input)),
      }),
    ),
  ),
  /** By the kind of the controlling owner; `none` are pods without one. */
  ownerKinds: narrowing(/^([A-Z][A-Za-z0-9]{0,62}|none)$/, ownerKind),
  /** Of the pods of one owner that would go, so many that failed last stay. */
  keepNewestPerOwner: z._default(wholeNumber({ unit: 'pods', min: 0, max: 1_000 }), 0),
  /** Leave namespaces alone that carry the annotation; needs the right to list namespaces. */
  namespaceOptOut: z._default(yesOrNo, true),
  /** Deletes of one run over all its clusters; what is left waits for the next run. */
  maximumDeletesPerRun: z._default(wholeNumber({ unit: 'deletes', min: 1, max: 100_000 }), 2_000),
  /** Deletes under way at once in a cluster. */
  concurrentDeletes: z._default(wholeNumber({ unit: 'deletes', min: 1, max: 64 }), 20),
  /** Refuse a namespace of whose pods, of any phase, a larger share would go. 100 refuses none. */
  maximumNamespacePercent: z._default(wholeNumber({ unit: 'percent', min: 1, max: 100 }), 100),
  /** Look at what a terminated node left behind, without deleting anything. */
  verifyGoneNodes: z._default(yesOrNo, true),
});

type Given = z.infer<typeof given>;

/** What a preset says where the file says nothing. */
const PRESETS = {
  careful: { reasons: PRESET_REASONS, minimumAgeMinutes: 10, deleteJobPods: false },
  'shell-loop': { reasons: LOOP_REASONS, minimumAgeMinutes: 0, deleteJobPods: true },
} as const;

const withPreset = (section: Given) => {
  const preset = PRESETS[section.preset];
  return {
    ...section,
    reasons: section.reasons ?? [...preset.reasons],
    minimumAgeMinutes: section.minimumAgeMinutes ?? preset.minimumAgeMinutes,
    deleteJobPods: section.deleteJobPods ?? preset.deleteJobPods,
  };
};

/** `podCleanup` of caretaker.yaml. What is parsed is complete, and parsing it again changes nothing. */
export const podCleanupSchema = z.prefault(z.pipe(given, z.transform(withPreset)), {});

export type PodCleanupConfig = z.infer<typeof podCleanupSchema>;

/** What the rules look at. */
export type CleanupRules = Pick<
  PodCleanupConfig,
  | 'reasons'
  | 'exitCodes'
  | 'minimumAgeMinutes'
  | 'deleteJobPods'
  | 'deleteSucceededPods'
  | 'namespaces'
  | 'ownerKinds'
  | 'keepNewestPerOwner'
  | 'maximumNamespacePercent'
>;

/** Without a reason and without an exit code no pod would ever go. */
export const checkPodCleanup = (
  config: SharedConfig & { podCleanup: PodCleanupConfig },
): ConfigurationIssue[] =>
  config.podCleanup.reasons.length + config.podCleanup.exitCodes.length > 0
    ? []
    : [
        {
          path: ['podCleanup', 'reasons'],
          found: '[]',
          allowed: 'at least one reason, or an exit code in exitCodes; to do nothing, set mode: off',
        },
      ];
