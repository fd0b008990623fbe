/** What tells a suite where its counterpart is; `npm run counterparts` prints the first four. */
export const VARIABLES = [
  'KUBEBUILDER_ASSETS',
  'KWOK_STAGES',
  'COUNTERPARTS_BIN',
  'BOTOCORE_DATA',
  'MOTO_ENDPOINT',
  'MINISTACK_ENDPOINT',
] as const;

export type Variable = (typeof VARIABLES)[number];

export const isSet = (name: Variable): boolean => (process.env[name] ?? '') !== '';

/** @throws Error that says what to do where it is not set. */
export const counterpart = (name: Variable): string => {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run "npm run -s counterparts" and export the lines that it prints`);
  return value;
};
