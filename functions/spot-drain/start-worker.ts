import type { IntakeDeps } from './intake.ts';
import type { CheckMessage, DrainOrder, NodeRef } from './messages.ts';

/** After this long somebody looks whether the drains are still cared for: a lease holds for 15 s. */
export const CHECK_DELAY_SECONDS = 20;

const refOf = ({ instanceId, nodeUid }: NodeRef): NodeRef => ({ instanceId, nodeUid });

export const sendCheck = (
  deps: Pick<IntakeDeps, 'checks'>,
  cluster: string,
  records: readonly NodeRef[],
): Promise<void> => {
  const check: CheckMessage = { kind: 'check', cluster, records: records.map(refOf) };
  return deps.checks.send(check, { delaySeconds: CHECK_DELAY_SECONDS });
};

/**
 * Starts one drain worker for the nodes and sees to it that somebody checks on them. Throws where either
 * fails: then the messages come again, and a second worker finds the lease of the first.
 */
export const startWorker = async (
  deps: Pick<IntakeDeps, 'worker' | 'checks'>,
  start: { cluster: string; nodes: readonly NodeRef[]; checkLater: boolean },
): Promise<void> => {
  const { cluster, nodes } = start;
  const order: DrainOrder = { kind: 'drain', cluster, nodes };
  const results = await Promise.allSettled([
    deps.worker.invoke(order),
    ...(start.checkLater ? [sendCheck(deps, cluster, nodes)] : []),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};
