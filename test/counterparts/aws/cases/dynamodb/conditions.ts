import { marshall } from '@aws-sdk/util-dynamodb';
import type { Case } from '../../comparison.ts';
import { attempt } from '../../comparison.ts';
import { key, put, refused } from './items.ts';

/** DynamoDB reads expressions before anything else. */
const unread = (what: string) =>
  refused(`moto ${what}; API reference, Common Errors: ValidationException for what cannot be read`);

const conditionCase = (
  expression: string,
  values: Record<string, unknown> = {},
  differs: Partial<Pick<Case, 'differs'>> = {},
): Case => ({
  behaviour: `condition ${expression} with ${JSON.stringify(values)}`,
  ...differs,
  run: async (side) => {
    const pk = `condition/${expression}`;
    await put(side, {
      ...key(pk),
      ...marshall({
        count: 5,
        tags: ['x', 'y'],
        words: 'hello',
        flag: true,
        none: null,
        deep: { a: [1, 2] },
      }),
    });
    return attempt(async () => {
      await put(
        side,
        { ...key(pk), ...marshall({ done: true }) },
        {
          ConditionExpression: expression,
          ...(expression.includes('#')
            ? { ExpressionAttributeNames: { '#count': 'count', '#none': 'none' } }
            : {}),
          ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: marshall(values) }),
        },
      );
      return 'holds';
    });
  },
});

/** Every expression uses both names, as DynamoDB refuses one that is not used. */
const both = (expression: string) => `${expression} AND attribute_exists(#none)`;

export const conditionCases: readonly Case[] = [
  conditionCase('attribute_exists(pk)'),
  conditionCase('attribute_not_exists(pk)'),
  conditionCase('attribute_not_exists(absent)'),
  conditionCase(both('#count = :v'), { ':v': 5 }),
  conditionCase(both('#count <> :v'), { ':v': 5 }),
  conditionCase(both('#count < :v'), { ':v': 6 }),
  conditionCase(both('#count >= :v'), { ':v': 6 }),
  conditionCase(both('#count BETWEEN :a AND :b'), { ':a': 4, ':b': 5 }),
  conditionCase(both('#count IN (:a, :b)'), { ':a': 4, ':b': 5 }),
  conditionCase('absent <= :v', { ':v': 5 }),
  conditionCase('absent <> :v', { ':v': 5 }),
  conditionCase('NOT absent = :v', { ':v': 5 }),
  conditionCase('attribute_not_exists(pk) OR absent <= :v', { ':v': 5 }),
  conditionCase('contains(tags, :v)', { ':v': 'x' }),
  conditionCase('contains(tags, :v)', { ':v': 'z' }),
  conditionCase('begins_with(words, :v)', { ':v': 'he' }),
  conditionCase('size(tags) = :v', { ':v': 2 }),
  conditionCase('deep.a[1] = :v', { ':v': 2 }),
  conditionCase('deep.a[7] = :v', { ':v': 2 }),
  conditionCase('attribute_type(flag, :v)', { ':v': 'BOOL' }),
  conditionCase('flag = :v', { ':v': 'true' }),
  conditionCase('flag = :t AND flag = :f OR flag = :t', { ':t': true, ':f': false }),
  conditionCase('count = :v', { ':v': 5 }),
  conditionCase('flag = :v', { ':v': true, ':unused': 1 }, unread('takes it')),
  conditionCase('flag = :undefined', {}, unread('fails (500)')),
  conditionCase('flag = ', { ':v': 1 }, unread('fails (500)')),
];
