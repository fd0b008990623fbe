import type { V1Pod } from '@kubernetes/client-node';
import * as z from 'zod/mini';
import type { PodCleanupConfig } from '../../../../functions/pod-cleanup/config.ts';
import { podCleanupSchema } from '../../../../functions/pod-cleanup/config.ts';
import type { CleanupInput, Limits } from '../../../../functions/pod-cleanup/decide/decide.ts';
import { createNewestPods } from '../../../../functions/pod-cleanup/decide/newest.ts';
import { sharedShape } from '../../../../shared/core/config.ts';
import type { FailedPodOptions } from '../../../fixtures/failed-pod.ts';
import { failedPod } from '../../../fixtures/failed-pod.ts';

export const NOW = Date.parse('2026-11-19T22:00:00Z');
/** An hour ago. */
export const OLD = '2026-11-19T21:00:00Z';

/** What a shutdown leaves behind, an hour ago. */
export const terminated: FailedPodOptions = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
  finishedAt: [OLD],
};

export const podOf = (options: FailedPodOptions = {}): V1Pod => failedPod(options) as V1Pod;

export const sectionOf = (keys: object = {}): PodCleanupConfig => podCleanupSchema.parse(keys);

const configSchema = z.object({ ...sharedShape, podCleanup: podCleanupSchema });

/** What a caretaker.yaml with these parts holds, as far as this automation sees it. */
export const configOf = (parts: object = {}) =>
  configSchema.parse({ version: 1, mode: 'act', clusters: [{ name: 'staging' }], ...parts });

export const inputOf = (keys: object = {}, more: Partial<CleanupInput> = {}): CleanupInput => ({
  cluster: 'staging',
  rules: sectionOf(keys),
  now: NOW,
  optedOutNamespaces: new Set(),
  ownerState: () => undefined,
  ...more,
});

export const limitsOf = (more: Partial<Limits> = {}): Limits => ({
  budget: 1_000,
  newest: createNewestPods(0),
  allowedIn: () => Number.POSITIVE_INFINITY,
  ...more,
});
