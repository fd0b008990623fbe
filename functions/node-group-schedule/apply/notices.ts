import type { Tracked } from '../records.ts';
import type { Work } from './work.ts';
import { advance } from './work.ts';

export interface Notice {
  readonly kind: 'sleep-failed' | 'wake-failed' | 'sleep-late' | 'wake-late' | 'budgets-blocked';
  readonly cycleId: string;
  readonly subject: string;
  readonly text: string;
}

/**
 * Tells people once a cycle and kind. Sent first and noted after it, so that a crash in between tells them
 * twice rather than never. A topic that does not answer does not hold up the group.
 */
export const notifyOnce = async (work: Work, tracked: Tracked, notice: Notice): Promise<Tracked> => {
  const { record } = tracked;
  if (record.notices[notice.kind] === notice.cycleId) return tracked;
  try {
    await work.deps.notifier.notify({ subject: notice.subject, text: notice.text, cluster: record.cluster });
  } catch (error) {
    work.call.recorder.fail(error);
    return tracked;
  }
  return advance(work, tracked, { notices: { ...record.notices, [notice.kind]: notice.cycleId } });
};
