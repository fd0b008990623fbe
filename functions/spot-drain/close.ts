import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import { isDeparture, isOpen, keyOf, mergeDeparture, podsRemaining } from './decide/record.ts';
import type { Arrival, IntakeDeps } from './intake.ts';

/**
 * Instances that go, or are gone: too late to drain. Their records are closed, and the verdict says how many
 * pods were still there when a drain last looked. Answers the messages to be delivered again.
 */
export const closeDeparted = async (
  deps: Pick<IntakeDeps, 'records'>,
  batch: { cluster: string; arrivals: readonly Arrival[]; call: Call; mode: Mode },
): Promise<readonly string[]> => {
  const { cluster, call, mode } = batch;

  const close = async ({ notice, instance, intent }: Arrival): Promise<void> => {
    const { state } = notice;
    if (intent.kind !== 'close' || !isDeparture(state)) return;
    const facts = { event: notice.kind, eventId: notice.id, instanceId: instance.id };
    const records = await deps.records.ofInstance(cluster, instance.id);
    if (records.length === 0) {
      const target = `instance/${instance.id}`;
      call.recorder.record(
        { cluster, target, action: 'none', reason: 'nothing-recorded', detail: facts },
        mode,
      );
    }
    for (const found of records) {
      let changed = false;
      const record = await deps.records.change(keyOf(found), (current) => {
        const next = current === undefined ? undefined : mergeDeparture(current, state, notice.time);
        changed = next !== current;
        return next;
      });
      if (record === undefined) continue;
      const remaining = podsRemaining(record);
      call.recorder.record(
        {
          cluster,
          target: `node/${record.node.name}`,
          action: changed ? 'record' : 'none',
          reason: changed ? intent.reason : 'duplicate-event',
          detail: {
            ...facts,
            ...(remaining === undefined ? {} : { podsRemaining: remaining }),
            ...(isOpen(found) ? { drainCutShort: true } : {}),
          },
        },
        mode,
      );
    }
  };

  const failed = await Promise.all(
    batch.arrivals.map(async (arrival) => {
      try {
        await close(arrival);
        return [];
      } catch (error) {
        const detail = { event: arrival.notice.kind, error: describeError(error) };
        const target = `instance/${arrival.instance.id}`;
        call.recorder.record({ cluster, target, action: 'none', reason: 'record-failed', detail }, mode);
        return [arrival.messageId];
      }
    }),
  );
  return failed.flat();
};
