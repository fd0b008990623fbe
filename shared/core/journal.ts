import type { Store } from './store.ts';
import type { AutomationId, Verdict } from './verdict.ts';

const VERDICTS_AN_ITEM = 100;
/** DynamoDB: an item holds 400 KB, names of attributes and their types included. */
const BYTES_AN_ITEM = 300_000;
const RETENTION_DAYS = 90;

/** `pk = journal#<automation>#<UTC day>`: one partition a day, read in order of time. */
export const journalPartition = (automation: AutomationId, day: string): string =>
  `journal#${automation}#${day}`;

/** A verdict that would not fit into an item by itself goes without its detail; the log line has it whole. */
const fitting = (verdict: Verdict): { verdict: Verdict; bytes: number } => {
  const bytes = Buffer.byteLength(JSON.stringify(verdict));
  if (bytes <= BYTES_AN_ITEM) return { verdict, bytes };
  const cut = { ...verdict, detail: { truncated: `${bytes} bytes of detail are in the log alone` } };
  return { verdict: cut, bytes: Buffer.byteLength(JSON.stringify(cut)) };
};

interface Chunk {
  /** Of its first verdict among all that are appended. */
  readonly firstIndex: number;
  readonly verdicts: readonly Verdict[];
  readonly bytes: number;
}

const inChunks = (verdicts: readonly Verdict[]): readonly Chunk[] => {
  const chunks: Chunk[] = [];
  for (const [index, { verdict, bytes }] of verdicts.map(fitting).entries()) {
    const last = chunks.at(-1);
    if (
      last === undefined ||
      last.verdicts.length === VERDICTS_AN_ITEM ||
      last.bytes + bytes > BYTES_AN_ITEM
    ) {
      chunks.push({ firstIndex: index, verdicts: [verdict], bytes });
    } else {
      chunks[chunks.length - 1] = {
        ...last,
        verdicts: [...last.verdicts, verdict],
        bytes: last.bytes + bytes,
      };
    }
  }
  return chunks;
};

/**
 * Appends verdicts to the journal: items of up to 100 verdicts and 300 KB, `sk = <time>#<request
 * id>#<number>`, attribute `verdicts`, kept for 90 days.
 */
export const appendToJournal = async (
  store: Store,
  verdicts: readonly Verdict[],
  origin: { requestId: string; firstNumber: number; now: number },
): Promise<void> => {
  await store.append(
    inChunks(verdicts).flatMap(({ verdicts: chunk, firstIndex }) => {
      const [first] = chunk;
      if (first === undefined) return [];
      const number = String(origin.firstNumber + firstIndex).padStart(6, '0');
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
