import { createHash } from 'node:crypto';
import { isoTime } from '../../shared/core/clock.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Finding, ImageIdentity, ScanResult } from '../../shared/core/image-scans.ts';
import type { BlobStore } from '../../shared/core/store.ts';
import type { FindingDiff, FindingSet } from './decide/diff.ts';
import { diffFindings, newFixes, severityChanges, toFindingSet } from './decide/diff.ts';
import { newsOf } from './decide/news.ts';
import type { ResultRecord, StoredResult } from './records.ts';
import { addPending, addPendingIfNone, readResult, removePending, writeResult } from './records.ts';
import type { RescanDecision, SettleDeps, Subject } from './subject.ts';
import { imageTarget, say } from './subject.ts';
import { tell } from './tell.ts';

/** A result, or the error that kept us from reading it. */
type Answer = ScanResult | { readonly kind: 'unreadable'; readonly description: string };

const ATTEMPTS = 5;
const NEWS_IN_AN_ITEM = 100;
const PACKAGES_IN_AN_ITEM = 20;
const CLAIM_MS = 60_000;

const NOT_COMPLETE: Readonly<Record<Exclude<Answer['kind'], 'complete'>, string>> = {
  running: 'scan-running',
  'no-scan': 'scan-not-found',
  'image-not-found': 'image-not-found',
  archived: 'image-archived',
  unsupported: 'unsupported',
  failed: 'scan-failed',
  partial: 'partial-result',
  unavailable: 'scan-unavailable',
  unreadable: 'findings-unreadable',
};

/** These may turn into a result without anybody starting a scan. */
const MAY_STILL_COME: readonly Answer['kind'][] = ['running', 'partial', 'unreadable'];

/** The verdict where neither table, bucket nor topic let us settle a result; it is tried again. */
export const unsettled = (identity: ImageIdentity, error: unknown): RescanDecision => ({
  target: imageTarget(identity),
  action: 'none',
  reason: 'not-settled',
  detail: { error: describeError(error) },
});

/**
 * Reads the last scan's result and settles it. An error of the reading is returned beside the verdict that it
 * led to; errors of our own table, bucket and topic are thrown.
 *
 * @param options.completedSince epoch ms; a complete result from before is not the one that is awaited
 */
export const readAndSettle = async (
  deps: SettleDeps,
  subject: Subject,
  options: { completedSince?: number } = {},
): Promise<{ decision: RescanDecision; error?: unknown }> => {
  let answer: ScanResult;
  try {
    answer = await deps.scans.result(subject.identity);
  } catch (error) {
    const description = describeError(error);
    return { decision: await settle(deps, subject, { kind: 'unreadable', description }), error };
  }
  if (answer.kind === 'complete' && answer.completedAt < (options.completedSince ?? 0)) {
    return { decision: say(subject, { action: 'none', reason: 'result-not-yet' }) };
  }
  return { decision: await settle(deps, subject, answer) };
};

/**
 * Takes over what ECR says about an image's last scan. The first result is a silent baseline; each later one is
 * compared with the one before, stored, and only then are people told. The same result again changes nothing.
 * Whatever is no complete result leaves the last one as it is, marked stale: missing is not zero.
 */
export const settle = async (deps: SettleDeps, subject: Subject, answer: Answer): Promise<RescanDecision> => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const record = await readResult(deps.store, subject.identity);
    const decision =
      answer.kind === 'complete'
        ? await settleComplete(deps, { subject, record, answer })
        : await keepLast(deps, { subject, record, answer });
    if (decision !== undefined) return decision;
  }
  throw new Error(
    `the result of ${imageTarget(subject.identity)} was changed by others ${ATTEMPTS} times; it is read again later`,
  );
};

interface Work<A extends Answer> {
  readonly subject: Subject;
  readonly record: StoredResult | undefined;
  readonly answer: A;
}

type CompleteAnswer = Extract<ScanResult, { kind: 'complete' }>;

const keepLast = async (
  deps: SettleDeps,
  { subject, record, answer }: Work<Exclude<Answer, CompleteAnswer>>,
): Promise<RescanDecision | undefined> => {
  const reason = NOT_COMPLETE[answer.kind];
  const now = deps.clock.now();
  if (record !== undefined && record.stale?.reason !== reason) {
    const { version, ...kept } = record;
    const stale = { reason, since: record.stale?.since ?? now };
    const written = await writeResult(deps.store, subject.identity, {
      record: { ...kept, stale },
      expectedVersion: version,
      now,
    });
    if (written === undefined) return undefined;
  }
  if (MAY_STILL_COME.includes(answer.kind)) {
    const awaits = answer.kind === 'running' ? 'scan' : 'report';
    await addPendingIfNone(deps.store, { identity: subject.identity, since: now, awaits });
  } else {
    await removePending(deps.store, subject.identity);
  }
  return say(
    subject,
    { action: 'none', reason },
    {
      lastResult: record === undefined ? 'none' : 'kept',
      ...(record === undefined ? {} : { lastCompletedAt: isoTime(record.completedAt) }),
      ...('description' in answer && answer.description !== '' ? { description: answer.description } : {}),
      ...('status' in answer ? { status: answer.status } : {}),
    },
  );
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const countsOf = (findings: FindingSet): ResultRecord['counts'] =>
  Object.fromEntries(
    [...Map.groupBy(findings, ({ severity }) => severity)].map(([key, all]) => [key, all.length]),
  );

/** By content: the result before stays readable until the item points to the new one. */
const blobKeyOf = ({ registry, region, repository, digest }: ImageIdentity, hash: string): string =>
  `ecr-rescan/findings/${registry}/${region}/${repository}/${digest.replace(':', '-')}/${hash}.json`;

const readFindings = async (blobs: BlobStore, record: ResultRecord): Promise<FindingSet | undefined> => {
  const body = await blobs.get(record.blobKey);
  return body === undefined || sha256(body) !== record.hash ? undefined : (JSON.parse(body) as Finding[]);
};

/** Undefined: somebody else wrote meanwhile, look again. */
const settleComplete = async (
  deps: SettleDeps,
  work: Work<CompleteAnswer>,
): Promise<RescanDecision | undefined> => {
  const { subject, record, answer } = work;
  const now = deps.clock.now();
  const findings = toFindingSet(answer.findings);
  const body = JSON.stringify(findings);
  const hash = sha256(body);
  if (record?.hash === hash) return settleSame(deps, { ...work, record });
  if (record !== undefined && answer.completedAt < record.completedAt) {
    return say(subject, { action: 'none', reason: 'older-result' });
  }
  const previous = record === undefined ? undefined : await readFindings(deps.blobs, record);
  const diff = previous === undefined ? undefined : diffFindings(previous, findings);
  const news = diff === undefined ? [] : newsOf(diff, deps.section.minimumSeverity);
  const items = [
    ...(record?.outbox?.items ?? []),
    ...news.map((item) => ({
      ...item,
      packages: item.packages.slice(0, PACKAGES_IN_AN_ITEM),
      batch: `${answer.completedAt} ${hash}`,
    })),
  ];
  const left = Math.max(0, items.length - NEWS_IN_AN_ITEM) + (record?.outbox?.more ?? 0);
  const blobKey = blobKeyOf(subject.identity, hash);
  await deps.blobs.put(blobKey, body, 'application/json');
  if (items.length > 0)
    await addPending(deps.store, { identity: subject.identity, since: now, awaits: 'report' });
  const stored = await writeResult(deps.store, subject.identity, {
    record: {
      hash,
      blobKey,
      completedAt: answer.completedAt,
      counts: countsOf(findings),
      ...(items.length === 0
        ? {}
        : { outbox: { items: items.slice(0, NEWS_IN_AN_ITEM), more: left, claimedUntil: now + CLAIM_MS } }),
    },
    expectedVersion: record?.version ?? 0,
    now,
  });
  if (stored === undefined) return undefined;
  if (diff === undefined) {
    await removePending(deps.store, subject.identity);
    return say(
      subject,
      { action: 'none', reason: record === undefined ? 'baseline' : 'baseline-again' },
      { findings: findings.length, counts: stored.counts },
    );
  }
  return tell(deps, { subject, stored, detail: diffDetail(diff) });
};

const diffDetail = (diff: FindingDiff): Readonly<Record<string, number>> => ({
  added: diff.added.length,
  noLongerReported: diff.removed.length,
  severityChanged: severityChanges(diff).length,
  fixAvailable: newFixes(diff).length,
});

/** The findings that are stored already, once more: a duplicate event, a rescan without change, or an unsent report. */
const settleSame = async (
  deps: SettleDeps,
  { subject, record, answer }: Work<CompleteAnswer> & { record: StoredResult },
): Promise<RescanDecision | undefined> => {
  const now = deps.clock.now();
  const { version, stale, outbox, ...kept } = record;
  if (outbox !== undefined && outbox.claimedUntil > now) {
    return say(subject, { action: 'none', reason: 'being-reported' });
  }
  const newer = answer.completedAt > record.completedAt;
  if (outbox === undefined && !newer && stale === undefined) {
    await removePending(deps.store, subject.identity);
    return say(subject, { action: 'none', reason: 'duplicate' });
  }
  const stored = await writeResult(deps.store, subject.identity, {
    record: {
      ...kept,
      completedAt: Math.max(answer.completedAt, record.completedAt),
      ...(outbox === undefined ? {} : { outbox: { ...outbox, claimedUntil: now + CLAIM_MS } }),
    },
    expectedVersion: version,
    now,
  });
  if (stored === undefined) return undefined;
  if (outbox !== undefined) return tell(deps, { subject, stored, detail: {} });
  await removePending(deps.store, subject.identity);
  return say(subject, { action: 'none', reason: 'unchanged' }, { counts: record.counts });
};
