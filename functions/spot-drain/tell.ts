import { describeError } from '../../shared/core/errors.ts';
import type { Verdict } from '../../shared/core/verdict.ts';
import { lineOf, notifyNode, notifyStorm } from './announce.ts';
import { STORM_NODES } from './decide/lull.ts';
import type { DrainOrder, NodeRef } from './messages.ts';
import { claim, enter, isHeld, linesOf, report, without } from './storm.ts';
import type { BookKeeper } from './storm-book.ts';
import type { WorkerDeps } from './worker.ts';

/** How one batch's ends are told: one notification a node, or one for all of a storm. */
export interface Teller {
  /** `told`: people know. `held`: it is in the book of the storm, and `sendHeld` sees to the rest. */
  tell(ref: NodeRef, verdict: Verdict): Promise<'told' | 'held'>;
  /** Waits for the other drains of the storm; whichever worker is first sends for all. False where time ran out. */
  sendHeld(until: number): Promise<boolean>;
}

const POLL_MS = 2_000;

const keyOf = ({ instanceId, nodeUid }: NodeRef): string => `${instanceId}#${nodeUid}`;

/** For a configuration without notifications. */
const SILENT: Teller = {
  tell: async () => 'told',
  sendHeld: async () => true,
};

export const createTeller = (
  deps: WorkerDeps,
  book: BookKeeper,
  batch: {
    readonly order: DrainOrder;
    readonly holder: string;
    readonly deadlines: Promise<readonly number[]>;
  },
): Teller => {
  if (!deps.config.notifications.topic) return SILENT;
  const { clock, logger } = deps;
  const { order, holder } = batch;
  const { cluster, nodes } = order;
  const held = new Set<string>();
  /** Where the book cannot be written this batch is told of by itself. */
  const alone: Verdict[] = [];

  const entered = (async (): Promise<boolean> => {
    try {
      const deadlines = await batch.deadlines;
      const drains = Object.fromEntries(
        nodes.map((ref, index) => [keyOf(ref), { deadlineAt: deadlines[index] ?? clock.now() }]),
      );
      await book.change((current) => enter(current, drains, clock.now()));
      return true;
    } catch (error) {
      logger.warn('the drains could not be written down together', { error: describeError(error) });
      return false;
    }
  })();

  const tellWithoutBook = async (verdict: Verdict): Promise<'told' | 'held'> => {
    if (nodes.length <= STORM_NODES) {
      await notifyNode(deps, cluster, verdict);
      return 'told';
    }
    alone.push(verdict);
    return 'held';
  };

  const sendStorm = async (): Promise<boolean> => {
    const current = await book.change((now) => claim(now, holder, clock.now()));
    if (current.sending?.holder !== holder) return false;
    const lines = linesOf(current);
    if (lines.size > 0) await notifyStorm(deps, cluster, [...lines.values()]);
    await book.change((before) => without(before, [...lines.keys()], clock.now()));
    return true;
  };

  return {
    tell: async (ref, verdict) => {
      if (!(await entered)) return tellWithoutBook(verdict);
      const key = keyOf(ref);
      let current: Awaited<ReturnType<BookKeeper['change']>>;
      try {
        current = await book.change((before) =>
          report(before, { key, line: lineOf(verdict), now: clock.now() }),
        );
      } catch (error) {
        logger.warn('the end of a drain could not be written down', { error: describeError(error) });
        return tellWithoutBook(verdict);
      }
      if (isHeld(current, key)) {
        held.add(key);
        return 'held';
      }
      await notifyNode(deps, cluster, verdict);
      return 'told';
    },
    sendHeld: async (until) => {
      if (alone.length > 0) await notifyStorm(deps, cluster, alone.splice(0).map(lineOf));
      for (;;) {
        const lines = linesOf(await book.read());
        if (![...held].some((key) => lines.has(key)) || (await sendStorm())) return true;
        if (clock.now() + POLL_MS >= until) return false;
        await clock.sleep(POLL_MS);
      }
    },
  };
};
