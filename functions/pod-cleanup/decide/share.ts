/** What is known of a namespace before anything is deleted in it. */
export interface NamespaceShare {
  /** Pods that would go. */
  readonly candidates: number;
  /** Pods of any phase. */
  readonly pods: number;
}

/** Whether a larger share of the namespace's pods would go than is allowed. */
export const exceedsShare = ({ candidates, pods }: NamespaceShare, maximumPercent: number): boolean =>
  candidates * 100 > Math.max(pods, candidates) * maximumPercent;

/** How many pods may go at most, whatever has come to the namespace since it was counted. */
export const allowedOf = ({ candidates, pods }: NamespaceShare, maximumPercent: number): number =>
  exceedsShare({ candidates, pods }, maximumPercent)
    ? 0
    : Math.floor((Math.max(pods, candidates) * maximumPercent) / 100);

/** Rounded to a tenth, for people. */
export const percentOf = ({ candidates, pods }: NamespaceShare): number =>
  Math.round((candidates / Math.max(pods, candidates, 1)) * 1000) / 10;
