import type { SpotDrainConfig } from '../config.ts';
import type { Step, View } from './next.ts';
import type { DrainRecord } from './record.ts';

const SECOND_MS = 1_000;
/** EC2's answers lag behind its events, and an event alone is no proof: asked so often, for so long. */
const ASK_AGAIN_MS = 20 * SECOND_MS;
const ASK_FOR_MS = 300 * SECOND_MS;

/**
 * The node of a terminated instance may be tainted out of service, so that its volumes are free at once. On an
 * instance that still runs that would start a second pod on a volume in use: EC2 itself has to say that it is
 * terminated. Undefined where there is nothing to do.
 */
export const outOfServiceStep = (
  record: DrainRecord,
  view: View,
  { outOfServiceTaint }: SpotDrainConfig,
): Step | undefined => {
  const { departed } = record;
  if (!outOfServiceTaint || !view.acts || departed?.state !== 'terminated') return undefined;
  if (record.outOfServiceAt !== undefined || view.node === 'gone') return undefined;
  if (view.instanceState === undefined) return { kind: 'look-at-instance' };
  if (view.instanceState === 'terminated') return { kind: 'taint-out-of-service' };
  return view.now < departed.at + ASK_FOR_MS ? { kind: 'rest', lookAt: view.now + ASK_AGAIN_MS } : undefined;
};
