import { imageKey } from '../../shared/core/image-scans.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { InventoryImage } from './decide/inventory.ts';
import type { Pending } from './records.ts';
import { readPending } from './records.ts';
import { readAndSettle, unsettled } from './settle.ts';
import type { SettleDeps } from './subject.ts';

/** Events are best effort and usually come within a minute or two; after this the tick asks by itself. */
const ASK_AFTER_MS = 10 * 60_000;
/** Asked at most this many a tick; the others are older by then and come first. */
const ASKS_A_TICK = 100;
/** ECR's clock and ours need not agree to the second. */
const CLOCK_SLACK_MS = 60_000;

/** Reads the results that no event brought, and sends the reports that were not sent. */
export const pollPending = async (
  deps: SettleDeps,
  { call, mode, images }: { call: Call; mode: Mode; images: () => Promise<readonly InventoryImage[]> },
): Promise<void> => {
  const overdue: Pending[] = [];
  for await (const pending of readPending(deps.store)) {
    if (deps.clock.now() - pending.since >= ASK_AFTER_MS) overdue.push(pending);
  }
  if (overdue.length === 0) return;
  const known = new Map((await images()).map((image) => [image.key, image]));
  const errors: unknown[] = [];
  for (const pending of overdue.sort((a, b) => a.since - b.since).slice(0, ASKS_A_TICK)) {
    const { identity } = pending;
    const { tags = [], workloads = [] } = known.get(imageKey(identity)) ?? {};
    try {
      const { decision, error } = await readAndSettle(
        deps,
        { identity, tags, workloads },
        pending.awaits === 'scan' ? { completedSince: pending.since - CLOCK_SLACK_MS } : {},
      );
      call.recorder.record(decision, mode);
      if (error !== undefined) errors.push(error);
    } catch (error) {
      call.recorder.record(unsettled(identity, error), mode);
      errors.push(error);
    }
  }
  const [first] = errors;
  if (first !== undefined) call.recorder.fail(first);
};
