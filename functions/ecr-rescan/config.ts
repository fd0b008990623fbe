import * as z from 'zod/mini';
import type { SharedConfig } from '../../shared/core/config.ts';
import { sectionShape, wholeNumber } from '../../shared/core/config.ts';
import type { ConfigurationIssue } from '../../shared/core/config-problems.ts';
import { SEVERITIES } from '../../shared/core/image-scans.ts';

const globError = 'a repository name of lower-case letters, digits and ._/- in which * stands for anything';

/** `ecrRescan` of caretaker.yaml. */
export const ecrRescanSchema = z.prefault(
  z.strictObject({
    ...sectionShape,
    /** Repositories whose tagged images are scanned besides those that run; `*` crosses slashes, as in ECR's own filters. */
    repositories: z._default(
      z.array(
        z
          .string({ error: globError })
          .check(z.regex(/^[a-z0-9*][a-z0-9._/*-]{0,255}$/, { error: globError })),
        { error: 'a list of repository names' },
      ),
      [],
    ),
    /** What people hear about: this severity and graver ones. */
    minimumSeverity: z._default(
      z.enum(SEVERITIES, { error: `one of ${[...SEVERITIES].reverse().join(', ')}` }),
      'HIGH',
    ),
    /** Images looked at in one tick. 340 a tick of 5 minutes stay within ECR's 100,000 scans in 24 hours. */
    imagesPerTick: z._default(wholeNumber({ unit: 'images', min: 1, max: 340 }), 200),
    /** How long the list of images is used before pods and repositories are listed again. */
    refreshMinutes: z._default(wholeNumber({ unit: 'minutes', min: 5, max: 1_440 }), 60),
  }),
  {},
);

export type EcrRescanConfig = z.infer<typeof ecrRescanSchema>;

/** A pattern given twice would be listed once anyway, but somebody meant another one. */
export const checkEcrRescan = (config: SharedConfig & { ecrRescan: EcrRescanConfig }): ConfigurationIssue[] =>
  config.ecrRescan.repositories.flatMap((glob, index, all) =>
    all.indexOf(glob) === index
      ? []
      : [
          {
            path: ['ecrRescan', 'repositories', index],
            found: `"${glob}" a second time`,
            allowed: 'each repository pattern once',
          },
        ],
  );
