import { imageKey } from '../../shared/core/image-scans.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { EcrRescanConfig } from './config.ts';
import { matchesAny } from './decide/globs.ts';
import { readInventory, readProgress } from './inventory.ts';
import { readScanState } from './records.ts';
import type { ScanEvent } from './scan-event.ts';
import { readAndSettle, unsettled } from './settle.ts';
import type { SettleDeps } from './subject.ts';
import { say } from './subject.ts';

export type FindingsDeps = Omit<SettleDeps, 'section'> & {
  readonly section: Pick<EcrRescanConfig, 'minimumSeverity' | 'repositories'>;
  readMode(): Promise<Mode>;
  /** The region that this function, and so its ECR client, works in. */
  region(): Promise<string>;
};

/**
 * A scan ended: reads all its findings, compares, stores, tells. Workloads come from the list that the tick
 * made, so that this entry needs no right on any cluster.
 */
export const runEcrRescanFindings = async (
  deps: FindingsDeps,
  event: ScanEvent,
  call: Call,
): Promise<void> => {
  const mode = await deps.readMode();
  const { identity } = event;
  if (identity.region !== (await deps.region())) {
    call.recorder.record(
      say({ ...event, workloads: [] }, { action: 'none', reason: 'foreign' }, { region: identity.region }),
      mode,
    );
    return;
  }
  const inventory = await readInventory(deps.blobs, await readProgress(deps.store));
  const listed = inventory?.images.find(({ key }) => key === imageKey(identity));
  const subject = {
    identity,
    tags: [...new Set([...event.tags, ...(listed?.tags ?? [])])].sort(),
    workloads: listed?.workloads ?? [],
  };
  const followed =
    listed !== undefined ||
    matchesAny(deps.section.repositories, identity.repository) ||
    (await readScanState(deps.store, identity)) !== undefined;
  if (!followed) {
    call.recorder.record(say(subject, { action: 'none', reason: 'not-followed' }), mode);
    return;
  }
  try {
    const { decision, error } = await readAndSettle(deps, subject);
    call.recorder.record(decision, mode);
    if (error !== undefined) call.recorder.fail(error);
  } catch (error) {
    call.recorder.record(unsettled(identity, error), mode);
    call.recorder.fail(error);
  }
};
