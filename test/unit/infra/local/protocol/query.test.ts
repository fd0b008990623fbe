import { describe, expect, it } from '@jest/globals';
import { awsQuery } from '../../../../../infra/local/protocol/query.ts';

const service = awsQuery(
  'kennel',
  'http://kennel.example/',
  { Feed: () => ({}), Bark: () => ({}) },
  { withoutResult: ['Bark'] },
);

const bodyOf = async (operation: string): Promise<string> => {
  const call = service.decode({
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.from(`Action=${operation}&Version=2030-01-01`),
    accessKeyId: 'AKIALOCAL',
    region: 'eu-central-1',
    requestId: 'r-1',
  });
  return String((await call.perform()).response.body);
};

describe('the query protocol', () => {
  it.each([
    ['Feed', '<FeedResult></FeedResult><ResponseMetadata>', 'an empty result, where the model has an output'],
    ['Bark', '<BarkResponse xmlns="http://kennel.example/"><ResponseMetadata>', 'none, where it has none'],
  ])('answers %s with %s: %s', async (operation, part) => {
    expect(await bodyOf(operation)).toContain(part);
  });
});
