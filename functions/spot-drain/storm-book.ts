import type { Clock } from '../../shared/core/clock.ts';
import type { Store } from '../../shared/core/store.ts';
import type { StormBook } from './storm.ts';
import { EMPTY_BOOK } from './storm.ts';

const ATTEMPTS = 20;
const KEPT_SECONDS = 86_400;

/**
 * The drains of a cluster that are under way at the same time, over all workers: `pk = drain-storm#<cluster>`,
 * `sk = book`, attribute `book`; kept for a day after the last change.
 */
export interface BookKeeper {
  read(): Promise<StormBook>;
  /** Changes that come while one is being written are written together. Answers the book with the change in it. */
  change(to: (book: StormBook) => StormBook): Promise<StormBook>;
}

interface Change {
  readonly to: (book: StormBook) => StormBook;
  readonly done: (book: StormBook) => void;
  readonly failed: (error: unknown) => void;
}

export const createBookKeeper = (store: Store, clock: Clock, cluster: string): BookKeeper => {
  const key = { pk: `drain-storm#${cluster}`, sk: 'book' };
  const queue: Change[] = [];
  let isWriting = false;

  const write = async (changes: readonly Change[]): Promise<readonly StormBook[]> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const item = await store.get(key);
      const before = (item?.book as StormBook | undefined) ?? EMPTY_BOOK;
      let book = before;
      const books = changes.map(({ to }) => {
        book = to(book);
        return book;
      });
      if (book === before) return books;
      const expiresAt = Math.floor(clock.now() / 1000) + KEPT_SECONDS;
      if ((await store.write({ ...key, expiresAt, book }, item?.version ?? 0)) !== undefined) return books;
      await clock.sleep(5 * attempt);
    }
    throw new Error(
      `the book of drains of cluster ${cluster} was changed by others ${ATTEMPTS} times in a row`,
    );
  };

  const writeAll = async (): Promise<void> => {
    if (isWriting) return;
    isWriting = true;
    while (queue.length > 0) {
      const changes = queue.splice(0);
      try {
        const books = await write(changes);
        for (const [index, { done }] of changes.entries()) done(books[index] ?? EMPTY_BOOK);
      } catch (error) {
        for (const { failed } of changes) failed(error);
      }
    }
    isWriting = false;
  };

  return {
    read: async () => ((await store.get(key))?.book as StormBook | undefined) ?? EMPTY_BOOK,
    change: (to) =>
      new Promise<StormBook>((done, failed) => {
        queue.push({ to, done, failed });
        void writeAll();
      }),
  };
};
