import { newsMessage, toldUnits, workloadName } from './decide/news.ts';
import type { Outbox, ResultRecord, StoredResult } from './records.ts';
import { claimTelling, removePending, writeResult } from './records.ts';
import type { RescanDecision, SettleDeps, Subject } from './subject.ts';
import { say } from './subject.ts';

/** Sends what the stored result's outbox holds, except what was told before, and clears it. */
export const tell = async (
  deps: SettleDeps,
  work: { subject: Subject; stored: StoredResult; detail: Readonly<Record<string, number>> },
): Promise<RescanDecision> => {
  const { subject, stored, detail } = work;
  const { version, outbox, ...settled } = stored;
  const finish = (record: ResultRecord) =>
    writeResult(deps.store, subject.identity, { record, expectedVersion: version, now: deps.clock.now() });
  if (outbox === undefined) {
    await removePending(deps.store, subject.identity);
    return say(subject, { action: 'none', reason: 'nothing-notable' }, detail);
  }
  let fresh: Outbox['items'];
  try {
    fresh = await notFreshlyTold(deps, subject, outbox);
    if (fresh.length > 0) {
      await deps.notifier.notify(
        newsMessage(fresh, { ...subject, completedAt: stored.completedAt }, outbox.more),
      );
    }
  } catch (error) {
    await finish({ ...settled, outbox: { ...outbox, claimedUntil: 0 } });
    throw error;
  }
  // Where somebody else wrote meanwhile, that writer has taken over the outbox; the CVEs count as told.
  await finish(settled);
  await removePending(deps.store, subject.identity);
  const cves = outbox.items.map(({ cve }) => cve);
  if (fresh.length === 0) return say(subject, { action: 'none', reason: 'told-before' }, { ...detail, cves });
  return say(
    subject,
    { action: 'report', reason: 'new-findings' },
    {
      ...detail,
      cves: fresh.map(({ cve }) => cve),
      worstSeverity: fresh[0]?.severity,
      workloads: subject.workloads.map(workloadName),
    },
  );
};

const notFreshlyTold = async (
  deps: SettleDeps,
  subject: Subject,
  outbox: Outbox,
): Promise<Outbox['items']> => {
  const units = toldUnits(subject);
  const fresh: Outbox['items'][number][] = [];
  for (const item of outbox.items) {
    const claim = {
      cve: item.cve,
      batch: `${item.batch} ${subject.identity.digest}`,
      units,
      now: deps.clock.now(),
    };
    if (await claimTelling(deps.store, claim)) fresh.push(item);
  }
  return fresh;
};
