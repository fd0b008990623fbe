import type { ECRClient } from '@aws-sdk/client-ecr';
import { DescribeImagesCommand, DescribeRepositoriesCommand } from '@aws-sdk/client-ecr';
import type { ImageRepositories, TaggedImage } from '../../core/image-scans.ts';

const PAGE_SIZE = 1_000; // the largest that ECR gives

/** Repositories and tagged images of the own registry. Archived images are not among them (ECR lists active ones). */
export const createImageRepositories = (client: ECRClient): ImageRepositories => ({
  async *repositories(): AsyncIterable<readonly string[]> {
    let nextToken: string | undefined;
    do {
      const page = await client.send(new DescribeRepositoriesCommand({ maxResults: PAGE_SIZE, nextToken }));
      yield (page.repositories ?? []).flatMap(({ repositoryName }) => repositoryName ?? []);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  },

  async *taggedImages(repository): AsyncIterable<readonly TaggedImage[]> {
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeImagesCommand({
          repositoryName: repository,
          filter: { tagStatus: 'TAGGED' },
          maxResults: PAGE_SIZE,
          nextToken,
        }),
      );
      yield (page.imageDetails ?? []).flatMap(({ imageDigest, imageTags }) =>
        imageDigest === undefined ? [] : [{ digest: imageDigest, tags: imageTags ?? [] }],
      );
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  },
});
