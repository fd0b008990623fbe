import * as z from 'zod/mini';
import type { SharedConfig } from '../../shared/core/config.ts';
import { sectionShape, wholeNumber } from '../../shared/core/config.ts';
import type { ConfigurationIssue } from '../../shared/core/config-problems.ts';

/** EKS puts it on the groups of managed node groups and completes it itself. */
export const EKS_TERMINATE_HOOK = 'Terminate-LC-Hook';

/** Auto Scaling: 1-255 characters of these. */
const hookName = z
  .string({ error: 'the name of a lifecycle hook' })
  .check(z.regex(/^[A-Za-z0-9\-_/]{1,255}$/, { error: 'the name of a lifecycle hook' }));

/** `spotDrain` of caretaker.yaml. */
export const spotDrainSchema = z.prefault(
  z.strictObject({
    ...sectionShape,
    /** A drain ends this long before the instance goes. */
    deadlineMarginSeconds: z._default(wholeNumber({ unit: 'seconds', min: 0, max: 60 }), 10),
    /** Terminate lifecycle hooks whose actions are completed once the node is empty, by name; of others nothing is done. */
    lifecycleHooks: z._default(z.array(hookName, { error: 'a list of names of lifecycle hooks' }), []),
    /** Evictions under way at once, over all nodes of a cluster that are drained together. */
    evictionConcurrency: z._default(wholeNumber({ unit: 'evictions', min: 1, max: 1_000 }), 110),
    /** Delete, past the budgets, what could not be evicted when the time left reaches a pod's grace period. */
    deleteAtDeadline: z._default(z.boolean({ error: 'true or false' }), true),
  }),
  {},
);

export type SpotDrainConfig = z.infer<typeof spotDrainSchema>;

export const checkSpotDrain = (config: SharedConfig & { spotDrain: SpotDrainConfig }): ConfigurationIssue[] =>
  config.spotDrain.lifecycleHooks.flatMap((name, index) =>
    name === EKS_TERMINATE_HOOK
      ? [
          {
            path: ['spotDrain', 'lifecycleHooks', index],
            found: `"${name}"`,
            allowed: "hooks of your own; this one is EKS's, and EKS completes it itself",
          },
        ]
      : [],
  );
