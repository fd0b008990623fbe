import type { Store } from './store.ts';
import type { AutomationId, Verdict } from './verdict.ts';

const VERDICTS_AN_ITEM = 100;
const RETENTION_DAYS = 90;

/** `pk = journal#<automation>#<UTC day>`: one partition a day, read in order of time. */
export const journalPartition = (automation: AutomationId, day: string): string =>
  `journal#${automation}#${day}`;

/**
 * Appends verdicts to the journal: items of up to 100 verdicts, `sk = <time>#<request id>#<number>`,
 * attribute `verdicts`, kept for 90 days.
 */
export const appendToJournal = async (
  store: Store,
  verdicts: readonly Verdict[],
  origin: { requestId: string; firstNumber: number; now: number },
): Promise<void> => {
  const chunks = Array.from({ length: Math.ceil(verdicts.length / VERDICTS_AN_ITEM) }, (_, index) =>
    verdicts.slice(index * VERDICTS_AN_ITEM, (index + 1) * VERDICTS_AN_ITEM),
  );
  await store.append(
    chunks.flatMap((chunk, index) => {
      const [first] = chunk;
      if (first === undefined) return [];
      const number = String(origin.firstNumber + index * VERDICTS_AN_ITEM).padStart(6, '0');
      return [
        {
          pk: journalPartition(first.automation, first.at.slice(0, 10)),
          sk: `${first.at}#${origin.requestId}#${number}`,
          expiresAt: Math.floor(origin.now / 1000) + RETENTION_DAYS * 86_400,
          verdicts: chunk,
        },
      ];
    }),
  );
};

/** The verdicts of one automation and day, oldest first. */
export async function* readJournal(
  store: Store,
  automation: AutomationId,
  day: string,
): AsyncIterable<Verdict> {
  for await (const item of store.query(journalPartition(automation, day))) {
    yield* (item.verdicts as Verdict[] | undefined) ?? [];
  }
}
