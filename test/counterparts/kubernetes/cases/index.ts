import type { Case } from './case.ts';
import { createCases } from './creates.ts';
import { deleteCases } from './deletes.ts';
import { eventCases, namespaceCases } from './events.ts';
import { evictionCases } from './evictions.ts';
import { listCases, pagingCases, revisionCases } from './lists.ts';
import { nodeCases, scaleCases } from './nodes.ts';
import { patchCases, updateCases } from './patches.ts';
import { pathCases } from './paths.ts';
import { reviewCases, rightsCases } from './rights.ts';
import { discoveryCases, tableCases } from './tables.ts';
import { watchCases } from './watches.ts';

/** Every behaviour of the API that both sides are asked for, in the order of the table. */
export const cases: readonly Case[] = [
  ...pathCases,
  ...listCases,
  ...pagingCases,
  ...revisionCases,
  ...createCases,
  ...patchCases,
  ...updateCases,
  ...nodeCases,
  ...scaleCases,
  ...deleteCases,
  ...evictionCases,
  ...rightsCases,
  ...reviewCases,
  ...eventCases,
  ...namespaceCases,
  ...watchCases,
  ...tableCases,
  ...discoveryCases,
];
