import { InvalidInput } from './service.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

/**
 * Cuts a list. The token names the place in this very order, so the list has to be in a stable order.
 * `limit` is capped to `most`, as AWS does with page sizes that are too large to serve.
 */
export const page = <T>(
  all: readonly T[],
  options: { token: string | undefined; limit: number | undefined; most: number },
): Page<T> => {
  const from = options.token === undefined || options.token === '' ? 0 : readToken(options.token);
  const until = from + Math.min(options.limit ?? options.most, options.most);
  const items = all.slice(from, until);
  return until < all.length ? { items, nextToken: writeToken(until) } : { items };
};

const writeToken = (offset: number): string => Buffer.from(`from:${offset}`).toString('base64url');

const readToken = (token: string): number => {
  const match = /^from:(\d+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'));
  if (match === null) throw new InvalidInput('The specified nextToken is not valid.');
  return Number(match[1]);
};
