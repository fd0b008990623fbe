import type { LeaseRequest } from '../../shared/core/lease.ts';
import { nodeGroupLease, releaseLease, takeLease } from '../../shared/core/lease.ts';
import type { View } from './decide/next.ts';
import type { DrainRecord } from './decide/record.ts';
import type { IntakeDeps } from './intake.ts';
import { LONGEST_REST_MS } from './rest.ts';

/** Longer than between two looks at a record that has the turn: its drain may rest, and a look may come late. */
const TURN_SECONDS = LONGEST_REST_MS / 1000 + 180;

/**
 * The lease that schedules and upgrades take for a node group too: while one of them is at it, a retirement that is
 * weeks ahead can wait.
 */
const turnOf = (record: DrainRecord): LeaseRequest => ({
  resource: nodeGroupLease(record.cluster, record.group ?? record.instanceId),
  holder: `spot-drain/${record.instanceId}`,
  seconds: TURN_SECONDS,
});

/** One node of a group at a time. */
export const askForTurn = async (
  { store, clock }: Pick<IntakeDeps, 'store' | 'clock'>,
  record: DrainRecord,
): Promise<NonNullable<View['turn']>> => {
  const wanted = turnOf(record);
  const taken = await takeLease(store, clock, wanted);
  return taken.held ? { isOurs: true, holder: wanted.holder } : { isOurs: false, holder: taken.holder };
};

/** Keeps the turn for as long as the drain goes on, and gives it to the next one then. */
export const keepTurn = async (
  { store, clock }: Pick<IntakeDeps, 'store' | 'clock'>,
  record: DrainRecord,
): Promise<void> => {
  if (record.opened?.by !== 'turn') return;
  if (record.outcome === undefined && record.departed === undefined) {
    await takeLease(store, clock, turnOf(record));
  } else await releaseLease(store, turnOf(record));
};
