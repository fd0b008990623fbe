/** Nights that `seeds.ts` is to play. */
export interface SeedNights {
  /** Folder for the bundles of one night after the other: their code lies where it was compiled. */
  readonly bundles: string;
  readonly nights: readonly { readonly seed: number; readonly out: string }[];
}

/** How it went; a night without expectations did not come to its end. */
export interface SeedResult {
  readonly seed: number;
  readonly expectations: number;
  readonly unmet: readonly string[];
}
