import type { Clock } from '../../shared/core/clock.ts';
import type { ImageIdentity, ImageScans, Workload } from '../../shared/core/image-scans.ts';
import type { BlobStore, Notifier, Store } from '../../shared/core/store.ts';
import type { Decision } from '../../shared/core/verdict.ts';
import type { EcrRescanConfig } from './config.ts';

/** What `ecr-rescan` reports besides `none`. */
export type RescanAction = 'start-scan' | 'report';
export type RescanDecision = Decision<RescanAction>;

export interface SettleDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly scans: Pick<ImageScans, 'result'>;
  readonly section: Pick<EcrRescanConfig, 'minimumSeverity'>;
}

/** The image whose result came, and what people know it by. */
export interface Subject {
  readonly identity: ImageIdentity;
  readonly tags: readonly string[];
  readonly workloads: readonly Workload[];
}

export const imageTarget = ({ repository, digest }: Pick<ImageIdentity, 'repository' | 'digest'>): string =>
  `image/${repository}@${digest}`;

export const say = (
  subject: Subject,
  what: { action: RescanAction | 'none'; reason: string },
  detail: Readonly<Record<string, unknown>> = {},
): RescanDecision => ({
  target: imageTarget(subject.identity),
  ...what,
  detail: { ...(subject.tags.length === 0 ? {} : { tags: subject.tags }), ...detail },
});
