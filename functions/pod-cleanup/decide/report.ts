import type { Mode } from '../../../shared/core/mode.ts';
import type { Decision } from '../../../shared/core/verdict.ts';

/** What became of the pods of one run: six piles, each with its reasons. */
export type Pile = 'deleted' | 'wouldDelete' | 'kept' | 'refused' | 'postponed' | 'failed';

/** A verdict, or a decision that nobody carries out and that so has no mode. */
type Said = Pick<Decision, 'target' | 'action' | 'reason'> & { readonly mode?: Mode };

const PILES: Readonly<Record<string, Pile>> = {
  'namespace-share-exceeded': 'refused',
  'namespace-not-counted-yet': 'postponed',
  'run-budget-used': 'postponed',
  'out-of-time': 'postponed',
  'mode-changed': 'postponed',
  'changed-meanwhile': 'postponed',
  'server-busy': 'postponed',
  'already-gone': 'kept',
  'delete-denied': 'kept',
  'delete-failed': 'failed',
  'missing-right': 'failed',
  'cluster-unreachable': 'failed',
};

/** Which pile a verdict on a pod belongs to. What no limit and no fault kept was kept by its own rules. */
export const pileOf = ({ action, reason, mode }: Omit<Said, 'target'>): Pile => {
  if (action === 'delete') return mode === 'act' ? 'deleted' : 'wouldDelete';
  return PILES[reason] ?? 'kept';
};

type Counts = Partial<Record<Pile, number>>;

export interface CleanupReport extends Readonly<Record<Pile, number>> {
  /** Pods that the lists held. */
  readonly listed: number;
  /** Pods by the verdict's reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** The namespaces with the most pods. */
  readonly namespaces: Readonly<Record<string, Counts>>;
  /** How many more namespaces there were. */
  readonly otherNamespaces?: number;
}

/** The counts of deletes that a run tells: those of its mode, and both where that changed half way. */
export const toldDeletes = (
  mode: Mode,
  { deleted, wouldDelete }: Pick<CleanupReport, 'deleted' | 'wouldDelete'>,
): { readonly deleted?: number; readonly wouldDelete?: number } => ({
  ...(mode === 'act' || deleted > 0 ? { deleted } : {}),
  ...(mode === 'observe' || wouldDelete > 0 ? { wouldDelete } : {}),
});

/** A verdict's detail is read by people and has to fit into the journal's item. */
const NAMESPACES_SHOWN = 50;

const sum = (counts: Counts): number => Object.values(counts).reduce((total, count) => total + count, 0);

/** Counts as verdicts come by; grows with reasons and namespaces, not with pods. */
export interface Tally {
  add(verdict: Said): void;
  /** Pods that were looked at and are none of our business, such as those that ended by themselves. */
  ignore(count: number): void;
  report(): CleanupReport;
}

export const createTally = (): Tally => {
  const piles: Record<Pile, number> = {
    deleted: 0,
    wouldDelete: 0,
    kept: 0,
    refused: 0,
    postponed: 0,
    failed: 0,
  };
  const reasons = new Map<string, number>();
  const namespaces = new Map<string, Counts>();
  let ignored = 0;
  return {
    add: (verdict) => {
      const pile = pileOf(verdict);
      piles[pile] += 1;
      reasons.set(verdict.reason, (reasons.get(verdict.reason) ?? 0) + 1);
      // pod/<namespace>/<name>
      const namespace = verdict.target.split('/')[1] ?? '';
      const counts = namespaces.get(namespace) ?? {};
      counts[pile] = (counts[pile] ?? 0) + 1;
      namespaces.set(namespace, counts);
    },
    ignore: (count) => {
      ignored += count;
    },
    report: () => {
      const ranked = [...namespaces].sort(([a, x], [b, y]) => sum(y) - sum(x) || (a < b ? -1 : 1));
      const more = ranked.length - NAMESPACES_SHOWN;
      return {
        listed: sum(piles) + ignored,
        ...piles,
        reasons: Object.fromEntries([...reasons].sort(([, x], [, y]) => y - x)),
        namespaces: Object.fromEntries(ranked.slice(0, NAMESPACES_SHOWN)),
        ...(more > 0 ? { otherNamespaces: more } : {}),
      };
    },
  };
};
