import {
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  DescribeRegistryCommand,
  DescribeRepositoriesCommand,
  ListImagesCommand,
  StartImageScanCommand,
} from '@aws-sdk/client-ecr';
import { createImageRepositories } from '../../../../shared/aws/ecr/repositories.ts';
import { createImageScans } from '../../../../shared/aws/ecr/scans.ts';
import type { ImageIdentity } from '../../../../shared/core/image-scans.ts';
import type { Case } from '../comparison.ts';
import { attempt } from '../comparison.ts';
import type { Side } from '../side.ts';
import type { ImageData } from '../world.ts';
import { ACCOUNT, IMAGES, REGION } from '../world.ts';

const REPOSITORY = 'shop/cart';
const UNKNOWN_DIGEST = `sha256:${'0'.repeat(64)}`;

const identity = (repository: string, digest: string): ImageIdentity => ({
  registry: ACCOUNT,
  region: REGION,
  repository,
  digest,
});

const scans = ({ clients }: Side) => createImageScans({ reads: clients.ecr, starts: clients.ecr });

const all = async <T>(pages: AsyncIterable<readonly T[]>): Promise<readonly T[]> => {
  const found: T[] = [];
  for await (const page of pages) found.push(...page);
  return found;
};

const findings = ({ clients }: Side, imageDigest: string) =>
  clients.ecr.send(
    new DescribeImageScanFindingsCommand({ repositoryName: REPOSITORY, imageId: { imageDigest } }),
  );

const imageDetail = ({ digest, tags }: ImageData) => ({
  registryId: ACCOUNT,
  repositoryName: REPOSITORY,
  imageDigest: digest,
  imagePushedAt: '<time>',
  imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
  artifactMediaType: 'application/vnd.oci.image.config.v1+json',
  imageStatus: 'ACTIVE',
  tags,
  sized: true,
});

export const ecrCases: readonly Case[] = [
  {
    behaviour: 'ImageRepositories.repositories: all names',
    run: async ({ clients }) => (await all(createImageRepositories(clients.ecr).repositories())).toSorted(),
  },
  {
    behaviour: 'ImageRepositories.taggedImages: digests with all their tags, untagged ones left out',
    differs: {
      documented: [
        { digest: IMAGES.cart.digest, tags: ['1.0', 'stable'] },
        { digest: IMAGES.cartOld.digest, tags: ['0.9'] },
      ].sort((left, right) => left.digest.localeCompare(right.digest)),
      because: 'moto takes no notice of the filter; API reference, DescribeImagesFilter: tagStatus TAGGED',
    },
    run: async ({ clients }) =>
      (await all(createImageRepositories(clients.ecr).taggedImages(REPOSITORY)))
        .map(({ digest, tags }) => ({ digest, tags: [...tags].sort() }))
        .sort((left, right) => left.digest.localeCompare(right.digest)),
  },
  {
    behaviour: 'ImageRepositories.taggedImages of an empty repository',
    run: ({ clients }) => all(createImageRepositories(clients.ecr).taggedImages('shop/empty')),
  },
  {
    behaviour: 'ImageRepositories.taggedImages of an unknown repository',
    run: ({ clients }) => all(createImageRepositories(clients.ecr).taggedImages('shop/nobody')),
  },
  {
    behaviour: 'DescribeRepositories by name: the members of a repository',
    run: async ({ clients }) =>
      (await clients.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [REPOSITORY] })))
        .repositories,
  },
  {
    behaviour: 'DescribeRepositories by a known and an unknown name',
    run: ({ clients }) =>
      clients.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [REPOSITORY, 'shop/nobody'] })),
  },
  {
    behaviour: 'DescribeRepositories in pages of two',
    differs: {
      documented: [['shop/cart', 'shop/empty'], ['shop/search']],
      because: 'moto takes no notice of maxResults; API reference, DescribeRepositories',
    },
    run: async ({ clients }) => {
      const pages: string[][] = [];
      let nextToken: string | undefined;
      do {
        const page = await clients.ecr.send(new DescribeRepositoriesCommand({ maxResults: 2, nextToken }));
        pages.push((page.repositories ?? []).map(({ repositoryName = '' }) => repositoryName));
        nextToken = page.nextToken;
      } while (nextToken !== undefined && pages.length < 5);
      return pages;
    },
  },
  {
    behaviour: 'DescribeImages by tag and by digest: the members of an image',
    differs: {
      documented: [[imageDetail(IMAGES.cart)], [imageDetail(IMAGES.cartOld)]],
      because: 'moto leaves artifactMediaType and imageStatus out; API reference, ImageDetail',
    },
    run: async ({ clients }) => {
      const describe = async (imageId: object) => {
        const { imageDetails = [] } = await clients.ecr.send(
          new DescribeImagesCommand({ repositoryName: REPOSITORY, imageIds: [imageId] }),
        );
        return imageDetails.map(({ imageTags, imageSizeInBytes, ...detail }) => ({
          ...detail,
          tags: imageTags?.toSorted(),
          sized: imageSizeInBytes !== undefined,
        }));
      };
      return [await describe({ imageTag: 'stable' }), await describe({ imageDigest: IMAGES.cartOld.digest })];
    },
  },
  {
    behaviour: 'DescribeImages by an unknown digest and an unknown tag',
    run: async ({ clients }) => {
      const describe = (imageId: object) =>
        attempt(() =>
          clients.ecr.send(new DescribeImagesCommand({ repositoryName: REPOSITORY, imageIds: [imageId] })),
        );
      return [await describe({ imageDigest: UNKNOWN_DIGEST }), await describe({ imageTag: 'nobody' })];
    },
  },
  {
    behaviour: 'DescribeImages with a digest and a tag of another image',
    run: ({ clients }) =>
      clients.ecr.send(
        new DescribeImagesCommand({
          repositoryName: REPOSITORY,
          imageIds: [{ imageDigest: IMAGES.cart.digest, imageTag: '0.9' }],
        }),
      ),
  },
  {
    behaviour: 'DescribeImages with the filter UNTAGGED',
    differs: {
      documented: [{ imageDigest: IMAGES.untagged.digest }],
      because: 'moto takes no notice of the filter; API reference, DescribeImagesFilter: tagStatus UNTAGGED',
    },
    run: async ({ clients }) =>
      (
        await clients.ecr.send(
          new DescribeImagesCommand({ repositoryName: REPOSITORY, filter: { tagStatus: 'UNTAGGED' } }),
        )
      ).imageDetails?.map(({ imageDigest, imageTags }) => ({ imageDigest, imageTags })),
  },
  {
    behaviour: 'ListImages: an entry for each tag, one for an image without',
    run: async ({ clients }) => {
      const { imageIds = [] } = await clients.ecr.send(new ListImagesCommand({ repositoryName: REPOSITORY }));
      return imageIds.map(({ imageDigest, imageTag }) => `${imageTag ?? '-'} ${imageDigest}`).sort();
    },
  },
  {
    behaviour: 'BatchGetImage: what is there, and a failure for what is not',
    differs: {
      documented: [
        [
          {
            imageId: { imageDigest: IMAGES.cart.digest, imageTag: '1.0' },
            repositoryName: REPOSITORY,
            registryId: ACCOUNT,
          },
        ],
        [
          {
            imageId: { imageTag: 'nobody' },
            failureCode: 'ImageNotFound',
            failureReason: 'Requested image not found',
          },
        ],
      ],
      because:
        'moto answers the tag that the image got last instead of the one asked for; API reference, BatchGetImage',
    },
    run: async ({ clients }) => {
      const { images = [], failures } = await clients.ecr.send(
        new BatchGetImageCommand({
          repositoryName: REPOSITORY,
          imageIds: [{ imageTag: '1.0' }, { imageTag: 'nobody' }],
        }),
      );
      return [
        images.map(({ imageId, repositoryName, registryId }) => ({ imageId, repositoryName, registryId })),
        failures,
      ];
    },
  },
  {
    behaviour: 'DescribeRegistry: whose it is',
    run: async ({ clients }) => (await clients.ecr.send(new DescribeRegistryCommand({}))).registryId,
  },
  {
    behaviour: 'ImageScans.registry: account, region, BASIC scanning',
    run: (side) => scans(side).registry(),
  },
  {
    behaviour: 'ImageScans.result: no scan yet',
    run: (side) => scans(side).result(identity(REPOSITORY, IMAGES.cartOld.digest)),
  },
  {
    behaviour: 'DescribeImageScanFindings of an image that was never scanned',
    run: (side) => findings(side, IMAGES.cartOld.digest),
  },
  {
    behaviour: 'ImageScans.start, then ImageScans.result with every finding',
    run: async (side) => {
      const image = identity(REPOSITORY, IMAGES.cart.digest);
      const started = await scans(side).start(image);
      await side.settle();
      const result = await scans(side).result(image);
      return [
        started,
        { ...result, ...('completedAt' in result ? { completedAt: result.completedAt > 0 } : {}) },
      ];
    },
  },
  {
    behaviour: 'DescribeImageScanFindings after a scan: status, counts, members of the answer',
    run: async (side) => {
      const { imageScanFindings, ...rest } = await findings(side, IMAGES.cart.digest);
      return {
        ...rest,
        counts: imageScanFindings?.findingSeverityCounts,
        members: Object.keys(imageScanFindings ?? {}).sort(),
      };
    },
  },
  {
    behaviour: 'ImageScans.start: a second scan of an image on one day is too soon',
    run: (side) => scans(side).start(identity(REPOSITORY, IMAGES.cart.digest)),
  },
  {
    behaviour: 'StartImageScan a second time on one day: error and message',
    messages: true,
    run: ({ clients }) =>
      clients.ecr.send(
        new StartImageScanCommand({
          repositoryName: REPOSITORY,
          imageId: { imageDigest: IMAGES.cart.digest },
        }),
      ),
  },
  {
    behaviour: 'StartImageScan: the answer to a first scan',
    run: async (side) => {
      const answer = await side.clients.ecr.send(
        new StartImageScanCommand({ repositoryName: 'shop/search', imageId: { imageTag: '2.0' } }),
      );
      await side.settle();
      return answer;
    },
  },
  {
    behaviour: 'ImageScans.start and result of an unknown image and an unknown repository',
    run: async (side) => {
      const unknownImage = identity(REPOSITORY, UNKNOWN_DIGEST);
      const unknownRepository = identity('shop/nobody', UNKNOWN_DIGEST);
      return [
        await scans(side).start(unknownImage),
        await scans(side).start(unknownRepository),
        await scans(side).result(unknownImage),
        await scans(side).result(unknownRepository),
      ];
    },
  },
];
