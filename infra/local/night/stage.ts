import type { Verdict } from '../../../shared/core/verdict.ts';
import { buildBundles } from '../../build.ts';
import { parseConfig } from '../../load-config.ts';
import type { Account } from '../account.ts';
import { startAccount } from '../account.ts';
import type { Night } from './draw.ts';
import type { SizeSeries, StoryLine } from './story.ts';

/** The account in which the night happens, and what is written down while it does. */
export interface Stage {
  readonly night: Night;
  readonly account: Account;
  readonly lines: readonly StoryLine[];
  readonly verdicts: readonly Verdict[];
  /** Running instances of every group, a point at every change. */
  sizes(): SizeSeries[];
  /** Says what happens to the world. */
  tell(text: string): void;
  /** One tick of an entry at this time of the world; a failed one is part of the story. */
  tick(entryId: string, at: number): Promise<void>;
  close(): Promise<void>;
}

const isVerdict = (value: unknown): value is Verdict =>
  typeof value === 'object' &&
  value !== null &&
  'automation' in value &&
  'target' in value &&
  'reason' in value;

/** The verdicts among a function's log lines; everything else that it logs is not for this story. */
const verdictsIn = (logs: readonly string[]): Verdict[] =>
  logs.flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const entry: unknown = JSON.parse(line);
    return isVerdict(entry) ? [entry] : [];
  });

const countInstances = (account: Account): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { clusterName, groupName, state } of account.world.instances.all()) {
    const group = account.world.autoScaling.get(groupName).nodeGroupName ?? groupName;
    const key = `${clusterName}/${group}`;
    counts.set(key, (counts.get(key) ?? 0) + (state === 'running' ? 1 : 0));
  }
  return counts;
};

/** Notes the number of running instances at every change of an instance's state. */
const watchSizes = (account: Account) => {
  const series = new Map<string, [number, number][]>();
  const note = () => {
    for (const [group, size] of countInstances(account)) {
      const points = series.get(group) ?? [];
      if (points.at(-1)?.[1] !== size) points.push([account.clock.now(), size]);
      series.set(group, points);
    }
  };
  note();
  account.world.onEvent(note);
  return (): SizeSeries[] =>
    [...series].map(([group, points]) => ({
      group,
      points: [...points, [account.clock.now(), points.at(-1)?.[1] ?? 0]],
    }));
};

/**
 * Builds the bundles for the night's configuration, unless a folder with bundles is given, and starts the
 * account with them.
 */
export const openStage = async (
  night: Night,
  options: { out: string; bundles?: string; onLine: (line: StoryLine) => void },
): Promise<Stage> => {
  const config = parseConfig(night.configText, 'the drawn caretaker.yaml');
  if (options.bundles === undefined) await buildBundles({ config, out: options.out });
  const account = await startAccount({
    spec: night.spec,
    bundles: options.bundles ?? options.out,
    config,
    schedules: false,
  });
  // Environments start side by side here, instead of one after the other at their first invocations.
  await Promise.all(
    account.deployment.entries.map(({ entry }) =>
      account.prewarm(entry.id, entry.id === 'spot-drain-worker' ? 3 : 1),
    ),
  );
  const lines: StoryLine[] = [];
  const verdicts: Verdict[] = [];
  const sizes = watchSizes(account);
  const add = (line: StoryLine) => {
    lines.push(line);
    options.onLine(line);
  };
  account.onInvocation(({ entryId, ok, error, endedAt, logs }) => {
    for (const verdict of verdictsIn(logs)) {
      verdicts.push(verdict);
      add({
        at: Date.parse(verdict.at),
        automation: verdict.automation,
        text: `${verdict.action} ${verdict.target}: ${verdict.reason}`,
        verdict,
      });
    }
    if (!ok) add({ at: endedAt, text: `${entryId} failed: ${error?.errorType}: ${error?.errorMessage}` });
  });
  const inputs = new Map(
    account.deployment.entries.map(({ entry }) => [
      entry.id,
      entry.trigger.kind === 'tick' ? entry.trigger.input : {},
    ]),
  );
  return {
    night,
    account,
    lines,
    verdicts,
    sizes,
    tell: (text) => add({ at: account.clock.now(), text }),
    tick: async (entryId, at) => {
      await account.runUntil(at);
      await account.invoke(entryId, inputs.get(entryId) ?? {});
    },
    close: account.close,
  };
};
