import { DescribeImagesCommand, DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createImageRepositories } from '../../../../../shared/aws/ecr/repositories.ts';
import { digest } from '../../../../fixtures/images.ts';
import { mockClient } from '../../../../fixtures/mock-client.ts';

const ecr = mockClient(ECRClient);
afterEach(() => {
  ecr.reset();
});
const port = () => createImageRepositories(new ECRClient({ region: 'eu-central-1' }));
const all = async <T>(pages: AsyncIterable<readonly T[]>): Promise<readonly T[]> => {
  const items: T[] = [];
  for await (const page of pages) items.push(...page);
  return items;
};

describe('repositories of the own registry', () => {
  it('are listed to the last page, 1,000 a page', async () => {
    ecr
      .on(DescribeRepositoriesCommand, { maxResults: 1_000 })
      .resolves({ repositories: [{ repositoryName: 'a' }], nextToken: 'two' })
      .on(DescribeRepositoriesCommand, { maxResults: 1_000, nextToken: 'two' })
      .resolves({ repositories: [{ repositoryName: 'b' }, {}] });
    expect(await all(port().repositories())).toEqual(['a', 'b']);
  });

  it('give their tagged images to the last page', async () => {
    const request = { repositoryName: 'a', filter: { tagStatus: 'TAGGED' as const }, maxResults: 1_000 };
    ecr
      .on(DescribeImagesCommand, request)
      .resolves({ imageDetails: [{ imageDigest: digest(1), imageTags: ['1', 'latest'] }], nextToken: 'two' })
      .on(DescribeImagesCommand, { ...request, nextToken: 'two' })
      .resolves({ imageDetails: [{ imageDigest: digest(2) }, { imageTags: ['no-digest'] }] });
    expect(await all(port().taggedImages('a'))).toEqual([
      { digest: digest(1), tags: ['1', 'latest'] },
      { digest: digest(2), tags: [] },
    ]);
  });
});
