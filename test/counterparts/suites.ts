import type { Variable } from './support/variables.ts';

/** One folder of `*.contract.ts` files and what has to be there for it. */
export interface Suite {
  readonly name: string;
  readonly needs: readonly Variable[];
  /** What takes the place of the variables in `needs`: a server that runs already. */
  readonly orElse?: Variable;
}

const KUBERNETES: readonly Variable[] = ['KUBEBUILDER_ASSETS', 'KWOK_STAGES'];

export const suites: readonly Suite[] = [
  { name: 'kubernetes', needs: KUBERNETES },
  { name: 'bundles', needs: KUBERNETES },
  { name: 'aws', needs: ['COUNTERPARTS_BIN'], orElse: 'MOTO_ENDPOINT' },
  { name: 'wire', needs: ['BOTOCORE_DATA'] },
  { name: 'deployment', needs: [...KUBERNETES, 'COUNTERPARTS_BIN'] },
  { name: 'clients', needs: ['KUBEBUILDER_ASSETS', 'COUNTERPARTS_BIN', 'BOTOCORE_DATA'] },
];

/** Variables that a suite lacks; none where it can run. */
export const missingOf = (suite: Suite, isSet: (name: Variable) => boolean): readonly Variable[] =>
  suite.orElse !== undefined && isSet(suite.orElse) ? [] : suite.needs.filter((name) => !isSet(name));

/** The one line for a suite that is left out. */
export const skipLine = (suite: Suite, missing: readonly Variable[]): string =>
  `skipped: ${suite.name} (${missing.join(', ')} not set; "npm run -s counterparts" prints ${missing.length === 1 ? 'it' : 'them'})`;
