import { describe, expect, it } from '@jest/globals';
import { readPending, readResult } from '../../../../functions/ecr-rescan/records.ts';
import { readAndSettle, settle } from '../../../../functions/ecr-rescan/settle.ts';
import type { Subject } from '../../../../functions/ecr-rescan/subject.ts';
import type { Finding, ScanResult } from '../../../../shared/core/image-scans.ts';
import type { Notification, Store } from '../../../../shared/core/store.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createFakeScans, finding, image, workload } from '../../../fixtures/images.ts';
import { createMemoryBlobs } from '../../../fixtures/memory-blobs.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const FIRST = Date.parse('2026-11-18T01:00:00Z');
const DAY = 86_400_000;
const complete = (findings: readonly Finding[], completedAt = FIRST): ScanResult => ({
  kind: 'complete',
  completedAt,
  findings,
});
const web: Subject = { identity: image('shop/web', 1), tags: ['1.4'], workloads: [workload('web')] };

const scene = () => {
  const clock = createFakeClock(FIRST + DAY);
  const memory = createMemoryStore(clock);
  const faults = { notify: 0, writesAfterNotify: 0 };
  let notified = 0;
  const store: Store = {
    ...memory,
    write: async (item, version) => {
      if (notified > 0 && faults.writesAfterNotify > 0) {
        faults.writesAfterNotify -= 1;
        throw new Error('killed');
      }
      return memory.write(item, version);
    },
  };
  const notifications: Notification[] = [];
  const scans = createFakeScans();
  const blobs = createMemoryBlobs();
  const deps = {
    store,
    blobs,
    clock,
    scans,
    section: { minimumSeverity: 'HIGH' as const },
    notifier: {
      notify: async (notification: Notification) => {
        notified += 1;
        if (faults.notify > 0) {
          faults.notify -= 1;
          throw new Error('SNS is down');
        }
        notifications.push(notification);
      },
    },
  };
  const pending = async () => {
    const all = [];
    for await (const each of readPending(memory)) all.push(each);
    return all;
  };
  return {
    deps,
    clock,
    scans,
    blobs,
    memory,
    faults,
    notifications,
    pending,
    settle: (answer: ScanResult, subject = web) => settle(deps, subject, answer),
    stored: () => readResult(memory, web.identity),
  };
};

describe('a complete result', () => {
  it('is a silent baseline when it is the first', async () => {
    const { settle: take, notifications, stored } = scene();
    const decision = await take(complete([finding('CVE-1', { severity: 'CRITICAL' })]));
    expect([decision.action, decision.reason]).toEqual(['none', 'baseline']);
    expect(decision.detail).toMatchObject({ findings: 1, counts: { CRITICAL: 1 } });
    expect(notifications).toEqual([]);
    expect((await stored())?.completedAt).toBe(FIRST);
  });

  it('tells what is new since the one before, with tags and workloads', async () => {
    const { settle: take, notifications, pending, stored } = scene();
    await take(complete([finding('CVE-1')]));
    const decision = await take(complete([finding('CVE-2')], FIRST + DAY));
    expect(decision).toEqual({
      target: `image/shop/web@${web.identity.digest}`,
      action: 'report',
      reason: 'new-findings',
      detail: {
        tags: ['1.4'],
        added: 1,
        noLongerReported: 1,
        severityChanged: 0,
        fixAvailable: 0,
        cves: ['CVE-2'],
        worstSeverity: 'HIGH',
        workloads: ['staging/shop/Deployment/web'],
      },
    });
    expect(notifications.map(({ subject }) => subject)).toEqual(['CVE-2 (HIGH) is new in shop/web:1.4']);
    expect(notifications[0]?.text).not.toContain('CVE-1');
    expect(await pending()).toEqual([]);
    expect(await stored()).not.toHaveProperty('outbox');
  });

  it('below the minimum severity is stored and not told', async () => {
    const { settle: take, notifications, stored } = scene();
    await take(complete([]));
    const decision = await take(complete([finding('CVE-1', { severity: 'MEDIUM' })], FIRST + DAY));
    expect([decision.action, decision.reason, decision.detail?.added]).toEqual([
      'none',
      'nothing-notable',
      1,
    ]);
    expect(notifications).toEqual([]);
    expect((await stored())?.counts).toEqual({ MEDIUM: 1 });
  });

  it('changes nothing when the same event comes again', async () => {
    const { settle: take, notifications, memory } = scene();
    await take(complete([]));
    await take(complete([finding('CVE-1')], FIRST + DAY));
    const before = memory.items();
    const again = await take(complete([finding('CVE-1')], FIRST + DAY));
    expect(again.reason).toBe('duplicate');
    expect(memory.items()).toEqual(before);
    expect(notifications).toHaveLength(1);
  });

  it('with the same findings a day later only moves the time of the last scan', async () => {
    const { settle: take, stored } = scene();
    await take(complete([finding('CVE-1')]));
    expect((await take(complete([finding('CVE-1')], FIRST + DAY))).reason).toBe('unchanged');
    expect((await stored())?.completedAt).toBe(FIRST + DAY);
  });

  it('from before the stored one is left aside', async () => {
    const { settle: take, stored } = scene();
    await take(complete([finding('CVE-1')], FIRST + DAY));
    expect((await take(complete([], FIRST))).reason).toBe('older-result');
    expect((await stored())?.counts).toEqual({ HIGH: 1 });
  });

  it('is a baseline again where the findings before were lost, and says so', async () => {
    const { settle: take, blobs, notifications } = scene();
    await take(complete([finding('CVE-1')]));
    blobs.objects.clear();
    expect((await take(complete([finding('CVE-2')], FIRST + DAY))).reason).toBe('baseline-again');
    expect(notifications).toEqual([]);
  });

  it('taken over twice at the same time is told once', async () => {
    const { settle: take, notifications } = scene();
    await take(complete([]));
    const result = complete([finding('CVE-1')], FIRST + DAY);
    const decisions = await Promise.all([take(result), take(result), take(result)]);
    expect(notifications).toHaveLength(1);
    expect(decisions.filter(({ action }) => action === 'report')).toHaveLength(1);
  });
});

describe('missing is not zero', () => {
  it.each<[string, ScanResult, string]>([
    ['ScanNotFound', { kind: 'no-scan' }, 'scan-not-found'],
    ['a failed scan', { kind: 'failed', description: 'why' }, 'scan-failed'],
    ['a scan in progress', { kind: 'running' }, 'scan-running'],
    ['part of the pages', { kind: 'partial', description: 'why' }, 'partial-result'],
    ['an image that is gone', { kind: 'image-not-found' }, 'image-not-found'],
    ['an archived image', { kind: 'archived' }, 'image-archived'],
    ['an unsupported image', { kind: 'unsupported', description: 'why' }, 'unsupported'],
    ['enhanced scanning', { kind: 'unavailable', status: 'ACTIVE' }, 'scan-unavailable'],
  ])('%s keeps the last result and marks it stale', async (_name, answer, reason) => {
    const { settle: take, stored, notifications, clock } = scene();
    await take(complete([finding('CVE-1')]));
    const decision = await take(answer);
    expect([decision.action, decision.reason, decision.detail?.lastResult]).toEqual(['none', reason, 'kept']);
    expect(await stored()).toMatchObject({
      counts: { HIGH: 1 },
      completedAt: FIRST,
      stale: { reason, since: clock.now() },
    });
    const next = await take(complete([finding('CVE-1')], FIRST + DAY));
    expect(next.reason).toBe('unchanged');
    expect(await stored()).not.toHaveProperty('stale');
    expect(notifications).toEqual([]);
  });

  it('says that there is no last result where there is none, and stores none', async () => {
    const { settle: take, stored } = scene();
    expect((await take({ kind: 'no-scan' })).detail?.lastResult).toBe('none');
    expect(await stored()).toBeUndefined();
  });

  it('findings that cannot be read keep the last result, are asked for again, and the error goes on', async () => {
    const { deps, scans, settle: take, stored, pending } = scene();
    await take(complete([finding('CVE-1')]));
    scans.results.set(web.identity.digest, new Error('ServerException'));
    const { decision, error } = await readAndSettle(deps, web);
    expect(decision.reason).toBe('findings-unreadable');
    expect(error).toMatchObject({ message: 'ServerException' });
    expect((await stored())?.stale?.reason).toBe('findings-unreadable');
    expect(await pending()).toHaveLength(1);
  });
});

describe('recorded before told', () => {
  const withNews = async (faults: Partial<{ notify: number; writesAfterNotify: number }>) => {
    const all = scene();
    await all.settle(complete([]));
    Object.assign(all.faults, faults);
    const result = complete([finding('CVE-1')], FIRST + DAY);
    await expect(all.settle(result)).rejects.toThrow();
    return { ...all, result };
  };

  it('a topic that does not answer: the next try tells it, once', async () => {
    const { settle: take, result, notifications, pending } = await withNews({ notify: 1 });
    expect(await pending()).toHaveLength(1);
    expect((await take(result)).reason).toBe('new-findings');
    expect((await take(result)).reason).toBe('duplicate');
    expect(notifications).toHaveLength(1);
    expect(await pending()).toEqual([]);
  });

  it('a kill while telling: nobody else tells for a minute, then it is told', async () => {
    const {
      settle: take,
      result,
      notifications,
      clock,
    } = await withNews({ notify: 1, writesAfterNotify: 1 });
    expect((await take(result)).reason).toBe('being-reported');
    clock.advance(60_000);
    expect((await take(result)).reason).toBe('new-findings');
    expect(notifications).toHaveLength(1);
  });

  it('news that was not told yet survives a later result', async () => {
    const { settle: take, notifications } = await withNews({ notify: 1 });
    await take(complete([finding('CVE-1'), finding('CVE-2')], FIRST + 2 * DAY));
    expect(notifications).toHaveLength(1);
    expect(notifications[0]?.text).toContain('CVE-1');
    expect(notifications[0]?.text).toContain('CVE-2');
  });
});

describe('a CVE is told once', () => {
  const second: Subject = { identity: image('shop/web', 2), tags: ['1.3'], workloads: [] };
  const api: Subject = { identity: image('shop/api', 3), tags: ['2'], workloads: [workload('api')] };

  const findIn = async (all: ReturnType<typeof scene>, subject: Subject) => {
    await all.settle(complete([]), subject);
    return all.settle(complete([finding('CVE-1')], FIRST + DAY), subject);
  };

  it('not again for another image of the repository that nobody runs', async () => {
    const all = scene();
    await findIn(all, web);
    expect(await findIn(all, second)).toMatchObject({
      action: 'none',
      reason: 'told-before',
      detail: { cves: ['CVE-1'] },
    });
    expect(all.notifications).toHaveLength(1);
  });

  it('again where another workload has it', async () => {
    const all = scene();
    await findIn(all, web);
    expect((await findIn(all, api)).reason).toBe('new-findings');
    expect(all.notifications.map(({ subject }) => subject)).toEqual([
      'CVE-1 (HIGH) is new in shop/web:1.4',
      'CVE-1 (HIGH) is new in shop/api:2',
    ]);
  });

  it('not again when it went away and came back', async () => {
    const all = scene();
    await findIn(all, web);
    await all.settle(complete([], FIRST + 2 * DAY));
    expect((await all.settle(complete([finding('CVE-1')], FIRST + 3 * DAY))).reason).toBe('told-before');
    expect(all.notifications).toHaveLength(1);
  });

  it('more of them than an item holds are counted in one message', async () => {
    const all = scene();
    await all.settle(complete([]));
    const many = Array.from({ length: 130 }, (_, index) => finding(`CVE-${1000 + index}`));
    await all.settle(complete(many, FIRST + DAY));
    expect(all.notifications).toHaveLength(1);
    expect(all.notifications[0]?.subject).toBe('130 CVEs (worst HIGH) are new in shop/web:1.4');
  });
});
