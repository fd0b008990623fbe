import { keyOf } from './decide/record.ts';
import type { Followed } from './follow.ts';
import type { IntakeDeps } from './intake.ts';
import type { CheckMessage, DrainOrder, NodeRef } from './messages.ts';

/** After this long somebody looks whether the drains are still cared for: a lease holds for 15 s. */
export const CHECK_DELAY_SECONDS = 20;
/** SQS: the longest delay of a message. What is further away is reached in hops. */
const LONGEST_DELAY_SECONDS = 900;
/** Looks that are further away than this are sent once; of nearer ones there may be several. */
const PROMISED_FROM_SECONDS = 60;

/** Looks that are no further apart than this are one: the drains of a batch renew their leases seconds apart. */
const TOGETHER_SECONDS = 5;

const refOf = ({ instanceId, nodeUid }: NodeRef): NodeRef => ({ instanceId, nodeUid });

export const sendCheck = (
  deps: Pick<IntakeDeps, 'checks'>,
  check: Omit<CheckMessage, 'kind'> & { readonly delaySeconds: number },
): Promise<void> => {
  const { records, delaySeconds, ...rest } = check;
  const message: CheckMessage = {
    kind: 'check',
    ...rest,
    records: records.map(refOf),
  };
  return deps.checks.send(message, { delaySeconds });
};

/**
 * Starts one drain worker for the nodes and sees to it that somebody checks on them. Throws where either
 * fails: then the messages come again, and a second worker finds the lease of the first.
 */
export const startWorker = async (
  deps: Pick<IntakeDeps, 'worker' | 'checks'>,
  start: Omit<DrainOrder, 'kind'> & { readonly checkLater: boolean },
): Promise<void> => {
  const { checkLater, ...what } = start;
  const { cluster, nodes } = what;
  const order: DrainOrder = { kind: 'drain', ...what };
  const results = await Promise.allSettled([
    deps.worker.invoke(order),
    ...(checkLater ? [sendCheck(deps, { cluster, records: nodes, delaySeconds: CHECK_DELAY_SECONDS })] : []),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};

const refTo = ({ record }: Followed): NodeRef => ({
  instanceId: record.instanceId,
  nodeUid: record.node.uid,
});

/** Seconds until a look, in one hop; rounded up, so that it is not too early. */
const delayUntil = (at: number, now: number): number =>
  Math.min(Math.max(Math.ceil((at - now) / 1000), 1), LONGEST_DELAY_SECONDS);

/** A look that comes in time anyhow needs no message of its own. */
const isExpected = ({ record }: Followed, delaySeconds: number, now: number): boolean => {
  const { lookAt } = record;
  return (
    delaySeconds >= PROMISED_FROM_SECONDS &&
    lookAt !== undefined &&
    lookAt > now &&
    lookAt <= now + (delaySeconds + 5) * 1000
  );
};

interface Wanted {
  readonly each: Followed;
  readonly delaySeconds: number;
}

/** Looks by the delay of their message; near ones that are due at nearly the same time have the last one's. */
const byDelay = (wanted: readonly Wanted[]): ReadonlyMap<number, readonly Wanted[]> => {
  const latestFirst = [...wanted].sort((a, b) => b.delaySeconds - a.delaySeconds);
  let together = Number.POSITIVE_INFINITY;
  return Map.groupBy(latestFirst, ({ delaySeconds }) => {
    const isNear = delaySeconds < PROMISED_FROM_SECONDS && together < PROMISED_FROM_SECONDS;
    if (!isNear || delaySeconds < together - TOGETHER_SECONDS) together = delaySeconds;
    return together;
  });
};

/**
 * Sends what the records want to be looked at again, one message for all that come at the same time. The promise is
 * written after the message is on its way: a message too many is dropped when it comes, one too few would be missed.
 */
export const lookAgain = async (
  deps: Pick<IntakeDeps, 'checks' | 'records' | 'clock'>,
  cluster: string,
  followed: readonly Followed[],
): Promise<void> => {
  const now = deps.clock.now();
  const wanted = followed.flatMap((each) => {
    if (each.lookAt === undefined) return [];
    const delaySeconds = delayUntil(each.lookAt, now);
    return isExpected(each, delaySeconds, now) ? [] : [{ each, delaySeconds }];
  });
  await Promise.all(
    [...byDelay(wanted)].map(async ([delaySeconds, looks]) => {
      const records = looks.map(({ each }) => refTo(each));
      if (delaySeconds < PROMISED_FROM_SECONDS) return sendCheck(deps, { cluster, records, delaySeconds });
      const promisedAt = now + delaySeconds * 1000;
      await sendCheck(deps, { cluster, records, delaySeconds, promisedAt });
      await Promise.all(
        looks.map(({ each }) =>
          deps.records.change(keyOf(each.record), (current) =>
            current === undefined ? undefined : { ...current, lookAt: promisedAt },
          ),
        ),
      );
    }),
  );
};
