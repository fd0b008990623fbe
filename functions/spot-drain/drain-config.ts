import * as z from 'zod/mini';
import { wholeNumber } from '../../shared/core/config.ts';

/** How nodes are drained; each may differ from cluster to cluster. */

const yesOrNo = z.boolean({ error: 'true or false' });
const ORDERS = ['at-once', 'by-priority'] as const;

/** Without their defaults. */
export const drainOptions = {
  /** Evict pods of DaemonSets too, after all others. Those that tolerate our taint stay: they would come straight back. */
  includeDaemonSets: yesOrNo,
  /** `by-priority`: pods of a lower priority class are gone before those of a higher one are asked. */
  evictionOrder: z.enum(ORDERS, { error: `one of ${ORDERS.join(', ')}` }),
  /** Label the node so that external load balancers take it out of their targets. */
  excludeFromLoadBalancers: yesOrNo,
  /** Between the cordon and the first eviction; never more than half of the time that a pod can spare. */
  evictionDelaySeconds: wholeNumber({ unit: 'seconds', min: 0, max: 90 }),
  /** Read the namespaces, so that one may opt out for all of its pods. */
  namespaceOptOuts: yesOrNo,
  /** Taint the node of a terminated instance out of service, so that volumes are detached at once. */
  outOfServiceTaint: yesOrNo,
  /** How long an Auto Scaling hook is held at the most. Auto Scaling itself: 48 hours, or 100 heartbeat time-outs. */
  lifecycleHoldMinutes: wholeNumber({ unit: 'minutes', min: 1, max: 2_880 }),
} as const;

export const drainDefaults = {
  includeDaemonSets: z._default(drainOptions.includeDaemonSets, false),
  evictionOrder: z._default(drainOptions.evictionOrder, 'at-once'),
  excludeFromLoadBalancers: z._default(drainOptions.excludeFromLoadBalancers, false),
  evictionDelaySeconds: z._default(drainOptions.evictionDelaySeconds, 0),
  namespaceOptOuts: z._default(drainOptions.namespaceOptOuts, false),
  outOfServiceTaint: z._default(drainOptions.outOfServiceTaint, false),
  lifecycleHoldMinutes: z._default(drainOptions.lifecycleHoldMinutes, 15),
} as const;

export const drainOverrides = {
  includeDaemonSets: z.optional(drainOptions.includeDaemonSets),
  evictionOrder: z.optional(drainOptions.evictionOrder),
  excludeFromLoadBalancers: z.optional(drainOptions.excludeFromLoadBalancers),
  evictionDelaySeconds: z.optional(drainOptions.evictionDelaySeconds),
  namespaceOptOuts: z.optional(drainOptions.namespaceOptOuts),
  outOfServiceTaint: z.optional(drainOptions.outOfServiceTaint),
  lifecycleHoldMinutes: z.optional(drainOptions.lifecycleHoldMinutes),
} as const;
