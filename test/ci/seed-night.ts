/** A night that `seeds.ts` is to play. */
export interface SeedNight {
  readonly seed: number;
  readonly out: string;
  readonly bundles: string;
}

/** How it went; a night without expectations did not come to its end. */
export interface SeedResult {
  readonly seed: number;
  readonly expectations: number;
  readonly unmet: readonly string[];
}
