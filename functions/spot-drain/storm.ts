import type { StormLine } from './announce.ts';
import { STORM_NODES } from './decide/lull.ts';

/**
 * Many nodes that AWS takes away at once are one notification, however many workers drain them. What follows is
 * pure: the book of the drains that are under way, and who tells of them when.
 */

/** A drain that goes on for longer than this is told of by itself later. */
const WAITED_FOR_MS = 180_000;
/** So long after its deadline a drain that nobody reported holds up nothing. */
const OVERDUE_MS = 30_000;
/** Whoever sends the notification has so long for it. */
const SENDING_MS = 30_000;

export interface BookedDrain {
  readonly deadlineAt: number;
  /** Set once it is over: what the notification says of it. */
  readonly line?: StormLine;
}

export interface StormBook {
  /** By `<instance id>#<node UID>`. */
  readonly drains: Readonly<Record<string, BookedDrain>>;
  readonly isStorm: boolean;
  readonly sending?: { readonly holder: string; readonly until: number };
}

export const EMPTY_BOOK: StormBook = { drains: {}, isStorm: false };

/** The others end at their own time, hours later perhaps. */
const isHurried = ({ deadlineAt }: BookedDrain, now: number): boolean => deadlineAt - now <= WAITED_FOR_MS;

const areMany = (drains: StormBook['drains'], now: number): boolean =>
  Object.values(drains).filter((drain) => isHurried(drain, now)).length > STORM_NODES;

const isOverdue = ({ deadlineAt }: BookedDrain, now: number): boolean => now >= deadlineAt + OVERDUE_MS;

/** These drains are under way from now on. Those that died long ago are struck out. */
export const enter = (
  book: StormBook,
  drains: Readonly<Record<string, { readonly deadlineAt: number }>>,
  now: number,
): StormBook => {
  const alive = Object.entries(book.drains).filter(
    ([, drain]) => drain.line !== undefined || !isOverdue(drain, now),
  );
  const known = Object.fromEntries(alive);
  const all = { ...drains, ...known };
  const isSame =
    Object.keys(all).length === Object.keys(book.drains).length &&
    alive.length === Object.keys(book.drains).length;
  const isStorm = book.isStorm || areMany(all, now);
  return isSame && isStorm === book.isStorm ? book : { ...book, drains: all, isStorm };
};

/** One of them is over. Outside a storm it is told of alone, and is in the book no more. */
export const report = (
  book: StormBook,
  { key, line, now }: { key: string; line: StormLine; now: number },
): StormBook => {
  if (!book.isStorm) return without(book, [key], now);
  const { deadlineAt } = book.drains[key] ?? { deadlineAt: now };
  return { ...book, drains: { ...book.drains, [key]: { deadlineAt, line } } };
};

/** Is its end written down, to be told with the others'? */
export const isHeld = (book: StormBook, key: string): boolean => book.drains[key]?.line !== undefined;

/** Those that were told of are out of the book. */
export const without = (book: StormBook, keys: readonly string[], now: number): StormBook => {
  const drains = Object.fromEntries(Object.entries(book.drains).filter(([key]) => !keys.includes(key)));
  const { sending: _over, ...rest } = book;
  return { ...rest, drains, isStorm: book.isStorm && areMany(drains, now) };
};

/** All are over but those that nobody has to wait for. */
export const isComplete = (book: StormBook, now: number): boolean =>
  Object.values(book.drains).every(
    (drain) => drain.line !== undefined || isOverdue(drain, now) || !isHurried(drain, now),
  );

/** Whoever is first sends; if that one dies another may after a while. */
export const claim = (book: StormBook, holder: string, now: number): StormBook => {
  const isTaken = book.sending !== undefined && book.sending.until > now && book.sending.holder !== holder;
  if (isTaken || !isComplete(book, now)) return book;
  return { ...book, sending: { holder, until: now + SENDING_MS } };
};

/** What is told now, by key. */
export const linesOf = (book: StormBook): ReadonlyMap<string, StormLine> =>
  new Map(
    Object.entries(book.drains).flatMap(([key, { line }]) =>
      line === undefined ? [] : [[key, line] as const],
    ),
  );
