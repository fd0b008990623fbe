import { createHash } from 'node:crypto';
import type { Case } from './cases/case.ts';
import type { Said } from './comparison.ts';
import type { Side } from './port.ts';
import { openWorld } from './world.ts';

export interface Sides {
  readonly embedded: Side;
  readonly counterpart: Side;
  end(): Promise<void>;
}

export interface Outcome {
  readonly embedded: Said;
  readonly counterpart: Said;
}

/** A case's namespace: the same on both sides and at every run, whatever other cases there are. */
const namespaceOf = ({ behaviour }: Case): string =>
  `case-${createHash('sha256').update(behaviour).digest('hex').slice(0, 8)}`;

const onSide = async (one: Case, side: Side): Promise<Said> =>
  one.only === undefined || one.only.side === side.name
    ? one.run(await openWorld(side, namespaceOf(one)))
    : 'not asked';

/** A case on both sides at once. Rejects where a world cannot be made. */
export const runCase = async (
  one: Case,
  { embedded, counterpart }: Pick<Sides, 'embedded' | 'counterpart'>,
): Promise<Outcome> => {
  const [left, right] = await Promise.all([onSide(one, embedded), onSide(one, counterpart)]);
  return { embedded: left, counterpart: right };
};

export type Ran = { readonly outcome: Outcome } | { readonly failed: unknown };

/**
 * Runs all cases, some at the same time: each has its own namespace, and waiting is most of what they do.
 * Answers a promise for each, in their order; none of them rejects.
 */
export const runInLanes = (cases: readonly Case[], sides: Sides, lanes = 6): readonly Promise<Ran>[] => {
  const waiting: (() => Promise<void>)[] = [];
  const ran = cases.map(
    (one) =>
      new Promise<Ran>((resolve) => {
        waiting.push(async () => {
          try {
            resolve({ outcome: await runCase(one, sides) });
          } catch (failed) {
            resolve({ failed });
          }
        });
      }),
  );
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  for (let count = 0; count < lanes; count++) void lane();
  return ran;
};

/** Throws what the case threw. */
export const outcomeOf = async (ran: Promise<Ran> | undefined): Promise<Outcome> => {
  const result = await ran;
  if (result === undefined) throw new Error('the case was not run');
  if ('failed' in result) throw result.failed;
  return result.outcome;
};
