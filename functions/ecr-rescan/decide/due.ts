import type { RegistryFacts } from '../../../shared/core/image-scans.ts';
import type { InventoryImage } from './inventory.ts';

/** What becomes of an image in one pass: exactly one of these. `planned` stands for `scanned` in observe. */
export type Outcome =
  | 'scanned'
  | 'planned'
  | 'too-soon'
  | 'unsupported'
  | 'archived'
  | 'foreign'
  | 'not-found'
  | 'disabled'
  | 'error';

/** What is known of an image's scans. Times in epoch ms. */
export interface ScanState {
  /** When the last scan was started by us or completed, whichever is later. */
  readonly lastScanAt?: number;
  /** ECR said "too soon", or a scan was running: not before this time. */
  readonly notBefore?: number;
  /** ECR cannot scan it (an index, an operating system it does not know); asked again after this time. */
  readonly unsupportedUntil?: number;
}

export type Due =
  | {
      readonly kind: 'skip';
      readonly outcome: Outcome;
      readonly reason: string;
      readonly eligibleAt?: number;
    }
  /** Nothing is known: ask for the last scan first. */
  | { readonly kind: 'learn' }
  | { readonly kind: 'start'; readonly reason: 'never-scanned' | 'due' };

const HOUR_MS = 3_600_000;

/**
 * ECR scans an image once in 24 hours, scan-on-push included. Source: Amazon ECR user guide, "Basic
 * scanning". The margin keeps us from racing that limit.
 */
export const RESCAN_AFTER_MS = 24 * HOUR_MS + 5 * 60_000;

/** When an image may be scanned next; undefined when it was never scanned. */
export const eligibleAt = (state: ScanState): number | undefined => {
  const times = [
    ...(state.lastScanAt === undefined ? [] : [state.lastScanAt + RESCAN_AFTER_MS]),
    ...(state.notBefore === undefined ? [] : [state.notBefore]),
  ];
  return times.length === 0 ? undefined : Math.max(...times);
};

/** What to do with one image now. `state` is undefined for an image that was never looked at. */
export const decideDue = (
  image: Pick<InventoryImage, 'kind'>,
  state: ScanState | undefined,
  context: { scanning: RegistryFacts['scanning']; now: number },
): Due => {
  if (image.kind === 'foreign') return { kind: 'skip', outcome: 'foreign', reason: 'foreign' };
  if (image.kind === 'no-digest') return { kind: 'skip', outcome: 'not-found', reason: 'digest-unknown' };
  if (context.scanning === 'ENHANCED')
    return { kind: 'skip', outcome: 'disabled', reason: 'enhanced-scanning' };
  if (state === undefined) return { kind: 'learn' };
  if ((state.unsupportedUntil ?? 0) > context.now) {
    return { kind: 'skip', outcome: 'unsupported', reason: 'unsupported' };
  }
  const at = eligibleAt(state);
  if (at === undefined) return { kind: 'start', reason: 'never-scanned' };
  if (context.now < at) return { kind: 'skip', outcome: 'too-soon', reason: 'too-soon', eligibleAt: at };
  return { kind: 'start', reason: state.lastScanAt === undefined ? 'never-scanned' : 'due' };
};
