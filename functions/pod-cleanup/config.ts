import * as z from 'zod/mini';
import type { SharedConfig } from '../../shared/core/config.ts';
import { sectionShape, wholeNumber } from '../../shared/core/config.ts';
import type { ConfigurationIssue } from '../../shared/core/config-problems.ts';

/** `podCleanup` of caretaker.yaml. */
export const podCleanupSchema = z.prefault(
  z.strictObject({
    ...sectionShape,
    /** How long ago a pod must have failed before it is deleted. 0 deletes at once, even where the time is not known. */
    minimumAgeMinutes: z._default(wholeNumber({ unit: 'minutes', min: 0, max: 10_080 }), 10),
    /** Deletes of one run over all clusters; what is left waits for the next run. */
    maximumDeletesPerRun: z._default(wholeNumber({ unit: 'deletes', min: 1, max: 100_000 }), 2_000),
  }),
  {},
);

export type PodCleanupConfig = z.infer<typeof podCleanupSchema>;

/** The section refers to no other part of the file, so that the schema alone says everything. */
export const checkPodCleanup = (
  _config: SharedConfig & { podCleanup: PodCleanupConfig },
): ConfigurationIssue[] => [];
