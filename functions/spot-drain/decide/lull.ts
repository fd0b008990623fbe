import type { DrainRecord } from './record.ts';

/** More drains than this under way at the same time are a storm. */
export const STORM_NODES = 5;
/** How long the first drains of a storm hold still; nobody waits for longer, whatever an order says. */
export const LONGEST_LULL_MS = 2_000;
/** With less time left than this, every second goes into the drain. */
const HURRIED_MS = 60_000;

/**
 * Until when drains that are to begin together hold still (epoch ms); undefined: they begin at once. A batch with many
 * nodes is seldom the last: pods that are moved before the other batches' nodes are cordoned may move onto one that is
 * about to go, and evictions take from the API server what those cordons need.
 */
export const lullUntil = (
  records: readonly Pick<DrainRecord, 'deadlineAt'>[],
  now: number,
): number | undefined => {
  const isHurried = records.some(
    ({ deadlineAt = Number.POSITIVE_INFINITY }) => deadlineAt - now < HURRIED_MS,
  );
  return records.length <= STORM_NODES || isHurried ? undefined : now + LONGEST_LULL_MS;
};
