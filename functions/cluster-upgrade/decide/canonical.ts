import { createHash } from 'node:crypto';

/** JSON with the members of every object in one order, so that equal documents are equal texts. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

/** sha-256 in hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The one order of names; the machine's language has no say in it. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
