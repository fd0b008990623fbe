import { optionalInteger, optionalText } from '../../protocol/input.ts';
import { page } from '../../protocol/paging.ts';
import type { Input } from '../../protocol/service.ts';

/** EKS's pages: `maxResults` to 100, `nextToken`. */
export const eksPage = <T>(all: readonly T[], input: Input) => {
  const { items, nextToken } = page(all, {
    token: optionalText(input, 'nextToken'),
    limit: optionalInteger(input, 'maxResults'),
    most: 100,
  });
  return { items, rest: nextToken === undefined ? {} : { nextToken } };
};
