import * as z from 'zod/mini';
import type { SharedConfig } from '../../shared/core/config.ts';
import { clusterName, sectionShape, wholeNumber } from '../../shared/core/config.ts';
import type { ConfigurationIssue } from '../../shared/core/config-problems.ts';
import { drainDefaults, drainOverrides } from './drain-config.ts';
import { checkPolicy, ownPolicySchema, policySchema } from './policy-config.ts';

/** EKS puts it on the groups of managed node groups and completes it itself. */
export const EKS_TERMINATE_HOOK = 'Terminate-LC-Hook';

/** Auto Scaling: 1-255 characters of these. */
const hookName = z
  .string({ error: 'the name of a lifecycle hook' })
  .check(z.regex(/^[A-Za-z0-9\-_/]{1,255}$/, { error: 'the name of a lifecycle hook' }));

const arn = (service: string, form: RegExp) => {
  const error = `the ARN of ${service}`;
  return z.string({ error }).check(z.regex(form, { error }));
};
const topicArn = arn('an SNS topic', /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/);
const roleArn = arn('an IAM role', /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/);

/** What may differ from cluster to cluster, without its defaults. */
const options = {
  /** A drain ends this long before the instance goes. */
  deadlineMarginSeconds: wholeNumber({ unit: 'seconds', min: 0, max: 60 }),
  /** Terminate lifecycle hooks whose actions are completed once the node is empty, by name; of others nothing is done. */
  lifecycleHooks: z.array(hookName, { error: 'a list of names of lifecycle hooks' }),
  /** Delete, past the budgets, what could not be evicted when the time left reaches a pod's grace period. */
  deleteAtDeadline: z.boolean({ error: 'true or false' }),
  /** After a rebalance recommendation: how long a cordon holds where EC2 does not take the instance. */
  rebalanceCordonMinutes: wholeNumber({ unit: 'minutes', min: 1, max: 1440 }),
  /** Before a drain after a rebalance recommendation: how long a Ready replacement is waited for; 0: not at all. */
  rebalanceReplacementMinutes: wholeNumber({ unit: 'minutes', min: 0, max: 240 }),
  /** How long before a scheduled reboot or maintenance the drain begins. */
  maintenanceLeadMinutes: wholeNumber({ unit: 'minutes', min: 5, max: 10_080 }),
  /** How long a drain goes on that nothing hurries: a retirement that is weeks ahead, a rebalance. */
  unhurriedDrainMinutes: wholeNumber({ unit: 'minutes', min: 1, max: 720 }),
} as const;

const clusterOverride = z.strictObject({
  policy: ownPolicySchema,
  deadlineMarginSeconds: z.optional(options.deadlineMarginSeconds),
  lifecycleHooks: z.optional(options.lifecycleHooks),
  deleteAtDeadline: z.optional(options.deleteAtDeadline),
  rebalanceCordonMinutes: z.optional(options.rebalanceCordonMinutes),
  rebalanceReplacementMinutes: z.optional(options.rebalanceReplacementMinutes),
  maintenanceLeadMinutes: z.optional(options.maintenanceLeadMinutes),
  unhurriedDrainMinutes: z.optional(options.unhurriedDrainMinutes),
  ...drainOverrides,
});

/** `spotDrain` of caretaker.yaml. */
export const spotDrainSchema = z.prefault(
  z.strictObject({
    ...sectionShape,
    /** What is done, by event and by the node's owner. */
    policy: policySchema,
    deadlineMarginSeconds: z._default(options.deadlineMarginSeconds, 10),
    lifecycleHooks: z._default(options.lifecycleHooks, []),
    deleteAtDeadline: z._default(options.deleteAtDeadline, true),
    rebalanceCordonMinutes: z._default(options.rebalanceCordonMinutes, 60),
    rebalanceReplacementMinutes: z._default(options.rebalanceReplacementMinutes, 15),
    maintenanceLeadMinutes: z._default(options.maintenanceLeadMinutes, 120),
    unhurriedDrainMinutes: z._default(options.unhurriedDrainMinutes, 60),
    ...drainDefaults,
    /** Evictions begun a second, in the long run, over all nodes of a cluster that are drained together. */
    evictionsPerSecond: z._default(wholeNumber({ unit: 'evictions', min: 1, max: 1_000 }), 100),
    /** Evictions under way at once, over the same nodes. */
    evictionConcurrency: z._default(wholeNumber({ unit: 'evictions', min: 1, max: 1_000 }), 110),
    /** Who besides EventBridge may send lifecycle notifications to the queue: hooks that name it, or a topic, as target. */
    autoScalingNotifications: z.prefault(
      z.strictObject({
        /** SNS topics that the queue is subscribed to. */
        topics: z._default(z.array(topicArn, { error: 'a list of ARNs of SNS topics' }), []),
        /** Roles that Auto Scaling assumes to send to the queue itself: the hook's `RoleARN`. */
        roles: z._default(z.array(roleArn, { error: 'a list of ARNs of IAM roles' }), []),
      }),
      {},
    ),
    /** What is different for a cluster, by its name. */
    clusters: z._default(z.record(clusterName, clusterOverride, { error: 'options by cluster name' }), {}),
  }),
  {},
);

export type SpotDrainConfig = z.infer<typeof spotDrainSchema>;

type Path = readonly (string | number)[];

const eksHooks = (names: readonly string[] | undefined, path: Path): ConfigurationIssue[] =>
  (names ?? []).flatMap((name, index) =>
    name === EKS_TERMINATE_HOOK
      ? [
          {
            path: [...path, index],
            found: `"${name}"`,
            allowed: "hooks of your own; this one is EKS's, and EKS completes it itself",
          },
        ]
      : [],
  );

export const checkSpotDrain = ({
  clusters,
  spotDrain,
}: SharedConfig & { spotDrain: SpotDrainConfig }): ConfigurationIssue[] => [
  ...checkPolicy(spotDrain.policy, ['spotDrain', 'policy']),
  ...eksHooks(spotDrain.lifecycleHooks, ['spotDrain', 'lifecycleHooks']),
  ...Object.entries(spotDrain.clusters).flatMap(([name, own]) => [
    ...checkPolicy(own.policy, ['spotDrain', 'clusters', name, 'policy']),
    ...eksHooks(own.lifecycleHooks, ['spotDrain', 'clusters', name, 'lifecycleHooks']),
    ...(clusters.some((cluster) => cluster.name === name)
      ? []
      : [
          {
            path: ['spotDrain', 'clusters', name],
            found: `"${name}"`,
            allowed: `one of the clusters: ${clusters.map((cluster) => cluster.name).join(', ')}`,
          },
        ]),
  ]),
];
