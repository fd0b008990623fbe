import { describeError } from '../../shared/core/errors.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import { isLeased, isOpen } from './decide/record.ts';
import type { IntakeDeps } from './intake.ts';
import type { CheckMessage } from './messages.ts';
import { sendCheck, startWorker } from './start-worker.ts';

/** A drain that no worker could bring to its end is not followed for ever. */
const GIVE_UP_AFTER_DEADLINE_MS = 300_000;

const runCheck = async (deps: IntakeDeps, check: CheckMessage, call: Call): Promise<void> => {
  const { cluster } = check;
  const mode = await deps.readMode(cluster);
  if (mode !== 'act') return;
  const now = deps.clock.now();
  const found = await Promise.all(
    check.records.map(async (ref) => ({ ref, record: await deps.records.get({ cluster, ...ref }) })),
  );
  const open = found.flatMap(({ ref, record }) =>
    record !== undefined && isOpen(record) && now < (record.deadlineAt ?? 0) + GIVE_UP_AFTER_DEADLINE_MS
      ? [{ ref, record }]
      : [],
  );
  const orphaned = open.filter(({ record }) => !isLeased(record, now));
  const cared = open.filter(({ record }) => isLeased(record, now));
  for (const { record } of orphaned) {
    call.recorder.record(
      {
        cluster,
        target: `node/${record.node.name}`,
        action: 'none',
        reason: 'lease-expired',
        detail: {
          instanceId: record.instanceId,
          holder: record.worker?.holder ?? 'nobody',
          takenOverBy: 'another worker',
        },
      },
      mode,
    );
  }
  if (orphaned.length > 0) {
    await startWorker(deps, { cluster, nodes: orphaned.map(({ ref }) => ref), checkLater: true });
  }
  if (cared.length > 0) {
    await sendCheck(
      deps,
      cluster,
      cared.map(({ ref }) => ref),
    );
  }
};

/** Our own delayed messages: drains without a living worker get another one. Answers the ids that failed. */
export const runChecks = async (
  deps: IntakeDeps,
  checks: readonly { readonly messageId: string; readonly check: CheckMessage }[],
  call: Call,
): Promise<readonly string[]> => {
  const failed = await Promise.all(
    checks.map(async ({ messageId, check }) => {
      try {
        await runCheck(deps, check, call);
        return [];
      } catch (error) {
        deps.logger.warn('a check of running drains failed', { error: describeError(error) });
        call.recorder.fail(error);
        return [messageId];
      }
    }),
  );
  return failed.flat();
};
