import pMap from 'p-map';
import { isDenied } from '../../shared/aws/ecr/scans.ts';
import { isoTime } from '../../shared/core/clock.ts';
import { describeError, MalformedEventError } from '../../shared/core/errors.ts';
import type { RegistryFacts } from '../../shared/core/image-scans.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { Tick } from '../../shared/runtime/tick.ts';
import type { EcrRescanConfig } from './config.ts';
import type { Outcome } from './decide/due.ts';
import type { InventoryImage } from './decide/inventory.ts';
import { buildInventory } from './decide/inventory.ts';
import type { GatherDeps } from './gather.ts';
import { gatherSources } from './gather.ts';
import type { Progress } from './inventory.ts';
import { readInventory, readProgress, startPass, writeProgress } from './inventory.ts';
import { pollPending } from './poll.ts';
import type { ScanDeps } from './scan-image.ts';
import { scanImage } from './scan-image.ts';

export type EcrRescanDeps = GatherDeps &
  Omit<ScanDeps, 'section' | 'readMode'> & { readonly section: EcrRescanConfig };

const IMAGES_A_STEP = 20;
const IMAGES_AT_ONCE = 5;
/** Kept for the step in flight and for the journal. */
const RESERVE_MS = 60_000;
/** After a cluster or repository did not answer, the list is made again sooner. */
const RETRY_REFRESH_MINUTES = 15;

/**
 * One tick: results that no event brought, then the next slice of the image list; when the list is done and old
 * enough, a new one. A tick that has nothing of this to do calls neither ECR nor any cluster.
 */
export const runEcrRescan = async (deps: EcrRescanDeps, tick: Tick, call: Call): Promise<void> => {
  if (tick.cluster !== undefined) {
    throw new MalformedEventError(
      'images are scanned for all clusters together: leave "cluster" out of this tick',
    );
  }
  const mode = await deps.readMode();
  const progress = await readProgress(deps.store);
  const listed = once(async () => readInventory(deps.blobs, progress));
  await pollPending(deps, { call, mode, images: async () => (await listed())?.images ?? [] });

  const done = progress !== undefined && progress.cursor >= progress.count;
  if (done && deps.clock.now() < progress.refreshAt) {
    sayProgress(call, mode, { reason: 'nothing-due', progress });
    return;
  }
  const registry = await readRegistry(deps, call, mode);
  if (registry === undefined) return;
  const list = done ? undefined : await listed();
  const pass =
    progress !== undefined && list?.current === true
      ? { progress, images: list.images }
      : await refresh(deps, {
          registry,
          call,
          mode,
          before: progress,
          previous: (await listed())?.images ?? [],
        });
  if (pass === undefined) sayProgress(call, mode, { reason: 'another-tick-was-first' });
  else await scanSlice(deps, pass, { registry, call, mode });
};

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

/** Account and kind of scanning: without them it is not known whether StartImageScan may be called at all. */
const readRegistry = async (
  deps: EcrRescanDeps,
  call: Call,
  mode: Mode,
): Promise<RegistryFacts | undefined> => {
  try {
    return await deps.scans.registry();
  } catch (error) {
    const reason = isDenied(error) ? 'missing-right' : 'registry-unreadable';
    call.recorder.record(
      { target: 'registry/own', action: 'none', reason, detail: { error: describeError(error) } },
      mode,
    );
    call.recorder.fail(error);
    return undefined;
  }
};

interface Pass {
  readonly progress: Progress;
  readonly images: readonly InventoryImage[];
}

const refresh = async (
  deps: EcrRescanDeps,
  work: {
    registry: RegistryFacts;
    call: Call;
    mode: Mode;
    before: Progress | undefined;
    previous: readonly InventoryImage[];
  },
): Promise<Pass | undefined> => {
  const sources = await gatherSources(deps, work.registry, work);
  const images = buildInventory(sources, work.previous);
  const { unread } = sources;
  const complete = unread.clusters.length === 0 && unread.repositories.length === 0;
  const minutes = complete
    ? deps.section.refreshMinutes
    : Math.min(RETRY_REFRESH_MINUTES, deps.section.refreshMinutes);
  const takenAt = deps.clock.now();
  const progress = await startPass(deps, {
    images,
    takenAt,
    refreshAt: takenAt + minutes * 60_000,
    expectedVersion: work.before?.version ?? 0,
  });
  return progress === undefined ? undefined : { progress, images };
};

/** Works on up to `imagesPerTick` images and keeps the place after every step, so that a stopped tick loses little. */
const scanSlice = async (
  deps: EcrRescanDeps,
  pass: Pass,
  { registry, call, mode }: { registry: RegistryFacts; call: Call; mode: Mode },
): Promise<void> => {
  const outcomes: Partial<Record<Outcome, number>> = {};
  const errors: unknown[] = [];
  let { progress } = pass;
  const end = Math.min(progress.cursor + deps.section.imagesPerTick, pass.images.length);
  while (progress.cursor < end) {
    if (call.deadline.remainingMs() < RESERVE_MS) break;
    const step = pass.images.slice(progress.cursor, Math.min(progress.cursor + IMAGES_A_STEP, end));
    await pMap(
      step,
      async (image) => {
        const report = await scanImage(deps, image, registry);
        const { decision, outcome, alsoSettled, error } = report;
        if (alsoSettled !== undefined) call.recorder.record(alsoSettled, mode);
        call.recorder.record(decision, report.mode ?? mode);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (error !== undefined) errors.push(error);
      },
      { concurrency: IMAGES_AT_ONCE },
    );
    const next = await writeProgress(deps.store, { ...progress, cursor: progress.cursor + step.length });
    await call.recorder.flushIfLarge();
    if (next === undefined) {
      sayProgress(call, mode, { reason: 'another-tick-was-first', outcomes });
      return;
    }
    progress = next;
  }
  const [first] = errors;
  if (first !== undefined) {
    call.recorder.fail(
      new Error(`${errors.length} image(s) could not be looked at: ${describeError(first)}`, {
        cause: first,
      }),
    );
  }
  const reason =
    progress.cursor >= progress.count
      ? 'pass-done'
      : progress.cursor < end
        ? 'out-of-time'
        : 'pass-continues';
  sayProgress(call, mode, { reason, progress, outcomes });
};

const sayProgress = (
  call: Call,
  mode: Mode,
  said: { reason: string; progress?: Progress; outcomes?: Partial<Record<Outcome, number>> },
): void => {
  const { reason, progress, outcomes } = said;
  call.recorder.record(
    {
      target: 'inventory/images',
      action: 'none',
      reason,
      detail: {
        ...(progress === undefined
          ? {}
          : { images: progress.count, done: progress.cursor, nextListAt: isoTime(progress.refreshAt) }),
        ...(outcomes === undefined ? {} : { outcomes }),
      },
    },
    mode,
  );
};
