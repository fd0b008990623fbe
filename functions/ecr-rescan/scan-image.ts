import { isDenied, isThrottled } from '../../shared/aws/ecr/scans.ts';
import { isoTime } from '../../shared/core/clock.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { ImageIdentity, ImageScans, RegistryFacts, StartResult } from '../../shared/core/image-scans.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Due, Outcome, ScanState } from './decide/due.ts';
import { decideDue } from './decide/due.ts';
import type { InventoryImage } from './decide/inventory.ts';
import { addPending, readScanState, writeScanState } from './records.ts';
import { settle } from './settle.ts';
import type { RescanAction, RescanDecision, SettleDeps } from './subject.ts';
import { imageTarget } from './subject.ts';

export interface ScanDeps extends SettleDeps {
  readonly scans: ImageScans;
  readMode(): Promise<Mode>;
}

/** An image's one outcome of this pass, and what else was found on the way. */
export interface ScanReport {
  readonly outcome: Outcome;
  readonly decision: RescanDecision;
  /** A result that was learnt before the scan and that people had to be told of. */
  readonly alsoSettled?: RescanDecision;
  /** Set where somebody should look: the invocation fails at the end. */
  readonly error?: unknown;
  /** The mode that kept the scan from being started, where it is another one than the tick began with. */
  readonly mode?: Mode;
}

const RUNNING_WAIT_MS = 30 * 60_000;
const TOO_SOON_WAIT_MS = 60 * 60_000;
const UNSUPPORTED_WAIT_MS = 24 * 60 * 60_000;

type Skip = Extract<Due, { kind: 'skip' }>;

const report = (
  image: InventoryImage,
  what: { outcome: Outcome; reason: string; action?: RescanAction },
  detail: Readonly<Record<string, unknown>> = {},
): ScanReport => ({
  outcome: what.outcome,
  decision: {
    target: image.identity === undefined ? `image/${image.key}` : imageTarget(image.identity),
    action: what.action ?? 'none',
    reason: what.reason,
    detail: { outcome: what.outcome, ...(image.tags.length === 0 ? {} : { tags: image.tags }), ...detail },
  },
});

const skipped = (image: InventoryImage, { outcome, reason, eligibleAt }: Skip): ScanReport =>
  report(image, { outcome, reason }, eligibleAt === undefined ? {} : { eligibleAt: isoTime(eligibleAt) });

/** Looks at one image: starts a scan where one is due. Never throws; what failed is this image's outcome. */
export const scanImage = async (
  deps: ScanDeps,
  image: InventoryImage,
  registry: RegistryFacts,
): Promise<ScanReport> => {
  try {
    return await lookAt(deps, image, registry);
  } catch (error) {
    const reason = isDenied(error) ? 'missing-right' : isThrottled(error) ? 'throttled' : 'scan-error';
    const failed = report(image, { outcome: 'error', reason }, { error: describeError(error) });
    return reason === 'throttled' ? failed : { ...failed, error };
  }
};

const lookAt = async (
  deps: ScanDeps,
  image: InventoryImage,
  registry: RegistryFacts,
): Promise<ScanReport> => {
  const { identity } = image;
  const context = { scanning: registry.scanning, now: deps.clock.now() };
  const state = identity === undefined ? undefined : await readScanState(deps.store, identity);
  const due = decideDue(image, state, context);
  if (due.kind === 'skip') return skipped(image, due);
  if (identity === undefined) throw new Error(`image ${image.key} is listed as ours without its identity`);
  if (due.kind === 'start') return start(deps, { image, identity, state: state ?? {}, reason: due.reason });

  const learnt = await learn(deps, image, identity);
  if (learnt.kind === 'skip') return skipped(image, learnt);
  const next = decideDue(image, learnt.state, context);
  const also = learnt.settled === undefined ? {} : { alsoSettled: learnt.settled };
  if (next.kind === 'skip') return { ...skipped(image, next), ...also };
  const reason = next.kind === 'start' ? next.reason : 'never-scanned';
  return { ...(await start(deps, { image, identity, state: learnt.state, reason })), ...also };
};

interface Known {
  readonly kind: 'known';
  readonly state: ScanState;
  readonly settled?: RescanDecision;
}

type Learnt = Skip | Known;

/** Asks ECR for the last scan of an image that is new to us. A result that is there becomes the baseline. */
const learn = async (deps: ScanDeps, image: InventoryImage, identity: ImageIdentity): Promise<Learnt> => {
  const now = deps.clock.now();
  const answer = await deps.scans.result(identity);
  const know = async (state: ScanState): Promise<Known> => {
    await writeScanState(deps.store, identity, { state, now });
    return { kind: 'known', state };
  };
  switch (answer.kind) {
    case 'complete': {
      const settled = await settle(deps, { ...image, identity }, answer);
      const known = await know({ lastScanAt: answer.completedAt });
      return settled.action === 'none' ? known : { ...known, settled };
    }
    case 'running':
    case 'partial':
      await addPending(deps.store, { identity, since: now, awaits: 'scan' });
      return know({ notBefore: now + RUNNING_WAIT_MS });
    case 'unsupported':
      return know({ unsupportedUntil: now + UNSUPPORTED_WAIT_MS });
    case 'image-not-found':
      return { kind: 'skip', outcome: 'not-found', reason: 'image-not-found' };
    case 'archived':
      return { kind: 'skip', outcome: 'archived', reason: 'image-archived' };
    case 'unavailable':
      return { kind: 'skip', outcome: 'disabled', reason: 'scan-unavailable' };
    default:
      return { kind: 'known', state: {} }; // never scanned, or the scan failed: not written, so that it is asked again
  }
};

interface Start {
  readonly image: InventoryImage;
  readonly identity: ImageIdentity;
  readonly state: ScanState;
  readonly reason: 'never-scanned' | 'due';
}

/** Starts a scan, unless the mode says otherwise by now. */
const start = async (deps: ScanDeps, { image, identity, state, reason }: Start): Promise<ScanReport> => {
  const mode = await deps.readMode();
  if (mode === 'off') return { ...report(image, { outcome: 'planned', reason: 'mode-off' }), mode };
  const lastScan = state.lastScanAt === undefined ? {} : { lastScanAt: isoTime(state.lastScanAt) };
  if (mode === 'observe')
    return { ...report(image, { outcome: 'planned', reason, action: 'start-scan' }, lastScan), mode };
  const result = await deps.scans.start(identity);
  const now = deps.clock.now();
  const know = (next: ScanState) =>
    writeScanState(deps.store, identity, { state: { ...state, ...next }, now });
  switch (result.kind) {
    case 'started':
      await addPending(deps.store, { identity, since: now, awaits: 'scan' });
      await know({ lastScanAt: now });
      return report(image, { outcome: 'scanned', reason, action: 'start-scan' }, lastScan);
    case 'too-soon':
      // Somebody else scanned it, or we did and were stopped before we could note it: its result is due.
      await addPending(deps.store, { identity, since: now, awaits: 'report' });
      await know({ notBefore: now + TOO_SOON_WAIT_MS });
      return report(image, { outcome: 'too-soon', reason: 'too-soon' }, lastScan);
    case 'unsupported':
      await know({ unsupportedUntil: now + UNSUPPORTED_WAIT_MS });
      return report(image, { outcome: 'unsupported', reason: 'unsupported' }, { error: result.message });
    default:
      return refused(image, result);
  }
};

const refused = (
  image: InventoryImage,
  result: Extract<StartResult, { kind: 'archived' | 'not-found' | 'disabled' | 'quota' }>,
): ScanReport => {
  const detail = 'message' in result ? { error: result.message } : {};
  switch (result.kind) {
    case 'archived':
      return report(image, { outcome: 'archived', reason: 'image-archived' }, detail);
    case 'not-found':
      return report(image, { outcome: 'not-found', reason: 'image-not-found' }, detail);
    case 'disabled':
      return report(image, { outcome: 'disabled', reason: 'enhanced-scanning' }, detail);
    case 'quota':
      return report(image, { outcome: 'error', reason: 'quota-exceeded' }, detail);
  }
};
