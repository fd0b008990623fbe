import * as z from 'zod/mini';
import type { ConfigurationIssue } from '../../shared/core/config-problems.ts';

/**
 * What is done about an event: `drain` (cordon and drain), `cordon` alone, `record` (written down, nothing else),
 * or `observe`: left to whoever owns the node, and done all the same where they turn out not to act.
 */
const ACTIONS = ['drain', 'cordon', 'record', 'observe'] as const;
export type PolicyAction = (typeof ACTIONS)[number];

const action = () => z.enum(ACTIONS, { error: `one of ${ACTIONS.join(', ')}` });

/** By owner. Karpenter and Auto Mode handle interruptions of their nodes themselves. */
const row = (ours: PolicyAction) =>
  z.prefault(
    z.strictObject({
      managed: z._default(action(), ours),
      selfManaged: z._default(action(), ours),
      karpenter: z._default(action(), 'observe'),
      autoMode: z._default(action(), 'observe'),
    }),
    {},
  );

/** `policy`: event by owner, every cell with a default. */
export const policySchema = z.prefault(
  z.strictObject({
    spotInterruption: row('drain'),
    terminateLifecycle: row('drain'),
    rebalance: row('record'),
    /** AWS Health: retirement, stop, degraded hardware. */
    retirement: row('drain'),
    /** AWS Health: reboot and other maintenance. */
    maintenance: row('drain'),
  }),
  {},
);

export type Policy = z.infer<typeof policySchema>;
export type PolicyEvent = keyof Policy;
export type PolicyRow = Policy[PolicyEvent];
export type PolicyOwner = keyof PolicyRow;

const ownRow = () =>
  z.optional(
    z.strictObject({
      managed: z.optional(action()),
      selfManaged: z.optional(action()),
      karpenter: z.optional(action()),
      autoMode: z.optional(action()),
    }),
  );

/** The same for one cluster: what is left out is as for all. */
export const ownPolicySchema = z.optional(
  z.strictObject({
    spotInterruption: ownRow(),
    terminateLifecycle: ownRow(),
    rebalance: ownRow(),
    retirement: ownRow(),
    maintenance: ownRow(),
  }),
);

export type OwnPolicy = z.infer<typeof ownPolicySchema>;

/** A lifecycle action is held for a drain or not at all: with a cordon alone nobody would ever complete it. */
export const checkPolicy = (policy: OwnPolicy, path: readonly (string | number)[]): ConfigurationIssue[] =>
  Object.entries(policy?.terminateLifecycle ?? {}).flatMap(([owner, value]) =>
    value === 'cordon'
      ? [
          {
            path: [...path, 'terminateLifecycle', owner],
            found: '"cordon"',
            allowed: 'drain, record, observe: nobody would complete the lifecycle action of a cordon alone',
          },
        ]
      : [],
  );
