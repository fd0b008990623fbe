/** Mutants that come later (epoch ms) are not tested: set by `npm run mutate -- --within SECONDS`. */
export const UNTIL_VARIABLE = 'CARETAKER_MUTATE_UNTIL';

/** What Stryker's report says of them. */
export const TIME_OVER = 'not tested: the time was over';

export const isTimeOver = (): boolean => Date.now() >= Number(process.env[UNTIL_VARIABLE] ?? Infinity);
