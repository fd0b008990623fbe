import { awsJson } from '../protocol/aws-json.ts';
import { optionalInteger, optionalRecord, optionalText, records, text, texts } from '../protocol/input.ts';
import { page } from '../protocol/paging.ts';
import type { Input, Service } from '../protocol/service.ts';
import { Refusal } from '../world/refusal.ts';
import type { Image, ImageRef, Repository } from '../world/registry.ts';
import { severityCounts } from '../world/registry.ts';
import type { FindingSpec } from '../world/spec.ts';
import type { World } from '../world/world.ts';
import { imageManifest, imageMediaType } from './ecr-manifests.ts';
import { translatedOperations } from './refusals.ts';

/** Amazon ECR (JSON 1.1, 2015-09-21), a private registry with BASIC scanning. */
export const ecrService = (world: World): Service =>
  awsJson(
    'ecr',
    'AmazonEC2ContainerRegistry_V20150921',
    translatedOperations({
      ...repositoryOperations(world),
      ...imageOperations(world),
      ...scanOperations(world),
    }),
  );

const repositoryOperations = (world: World) => ({
  DescribeRepositories: (input: Input) => {
    const names = texts(input, 'repositoryNames');
    const repositories =
      names.length > 0 ? names.map((name) => world.registry.repository(name)) : world.registry.repositories();
    const { items, rest } = ecrPage(repositories, input, 100);
    return {
      repositories: items.map((repository) => ({
        repositoryArn: repository.arn,
        registryId: world.accountId,
        repositoryName: repository.name,
        repositoryUri: repository.uri,
        createdAt: new Date(repository.createdAt),
        imageTagMutability: 'MUTABLE',
        imageScanningConfiguration: { scanOnPush: repository.scanOnPush },
        encryptionConfiguration: { encryptionType: 'AES256' },
      })),
      ...rest,
    };
  },
  DescribeRegistry: () => ({ registryId: world.accountId, replicationConfiguration: { rules: [] } }),
  GetRegistryScanningConfiguration: () => ({
    registryId: world.accountId,
    scanningConfiguration: { scanType: 'BASIC', rules: [] },
  }),
});

const imageOperations = (world: World) => ({
  ListImages: (input: Input) => {
    const repository = repositoryOf(world, input);
    const ids = listed(repository, input).flatMap(({ spec }): object[] =>
      spec.tags.length === 0
        ? [{ imageDigest: spec.digest }]
        : spec.tags.map((imageTag) => ({ imageDigest: spec.digest, imageTag })),
    );
    const { items, rest } = ecrPage(ids, input, 100);
    return { imageIds: items, ...rest };
  },
  DescribeImages: (input: Input) => {
    const repository = repositoryOf(world, input);
    const ids = records(input, 'imageIds');
    const images =
      ids.length > 0
        ? ids.map((id) => world.registry.image(repository, imageRef(id)))
        : listed(repository, input);
    const { items, rest } = ecrPage(images, input, 100);
    return { imageDetails: items.map((image) => imageDetail(world, repository, image)), ...rest };
  },
  /** Counts as a pull of each image (containers-roadmap #2390). */
  BatchGetImage: (input: Input) => {
    const repository = repositoryOf(world, input);
    const images: object[] = [];
    const failures: object[] = [];
    for (const imageId of records(input, 'imageIds'))
      try {
        const image = world.registry.image(repository, imageRef(imageId));
        image.lastPullAt = world.clock.now();
        images.push({
          registryId: world.accountId,
          repositoryName: repository.name,
          imageId: { imageDigest: image.spec.digest, imageTag: optionalText(imageId, 'imageTag') },
          imageManifest: imageManifest(image),
          imageManifestMediaType: imageMediaType(image),
        });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        failures.push({ imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' });
      }
    return { images, failures };
  },
});

const scanOperations = (world: World) => ({
  StartImageScan: (input: Input) => {
    const repository = repositoryOf(world, input);
    const image = world.registry.image(repository, imageRef(optionalRecord(input, 'imageId') ?? {}));
    world.registry.startScan(repository, image);
    return {
      registryId: world.accountId,
      repositoryName: repository.name,
      imageId: idShape(image, input),
      imageScanStatus: { status: 'IN_PROGRESS' },
    };
  },
  DescribeImageScanFindings: (input: Input) => {
    const repository = repositoryOf(world, input);
    const image = world.registry.image(repository, imageRef(optionalRecord(input, 'imageId') ?? {}));
    const { scan } = image;
    if (scan === undefined)
      throw new Refusal(
        'ScanNotFoundException',
        `Image scan does not exist for the image with '{imageDigest:'${image.spec.digest}'}' in the repository with name '${repository.name}' in the registry with id '${world.accountId}'`,
      );
    const common = {
      registryId: world.accountId,
      repositoryName: repository.name,
      imageId: idShape(image, input),
    };
    // No imageScanFindings then (seen by turbot/steampipe-plugin-aws #1429).
    if (scan.completedAt === undefined) return { ...common, imageScanStatus: { status: 'IN_PROGRESS' } };
    const { items, rest } = ecrPage(scan.findings, input, 100);
    return {
      ...common,
      imageScanStatus: { status: 'COMPLETE', description: 'The scan was completed successfully.' },
      imageScanFindings: {
        imageScanCompletedAt: new Date(scan.completedAt),
        vulnerabilitySourceUpdatedAt: new Date(scan.startedAt - 6 * 3_600_000),
        findingSeverityCounts: severityCounts(scan.findings),
        findings: items.map(findingShape),
      },
      ...rest,
    };
  },
});

const repositoryOf = (world: World, input: Input): Repository => {
  const registryId = optionalText(input, 'registryId');
  const name = text(input, 'repositoryName');
  if (registryId !== undefined && registryId !== world.accountId)
    throw new Refusal(
      'RepositoryNotFoundException',
      `The repository with name '${name}' does not exist in the registry with id '${registryId}'`,
    );
  return world.registry.repository(name);
};

const imageRef = (input: Input): ImageRef => {
  const digest = optionalText(input, 'imageDigest');
  const tag = optionalText(input, 'imageTag');
  if (digest === undefined && tag === undefined)
    throw new Refusal(
      'InvalidParameterException',
      'Invalid parameter: imageDigest or imageTag has to be given',
    );
  return { digest, tag };
};

/** Without `imageStatus` only ACTIVE images are listed. */
const listed = (repository: Repository, input: Input): readonly Image[] => {
  const filter = optionalRecord(input, 'filter') ?? {};
  const status = optionalText(filter, 'imageStatus') ?? 'ACTIVE';
  const tagged = optionalText(filter, 'tagStatus') ?? 'ANY';
  return [...repository.images.values()].filter(
    ({ spec }) =>
      (status === 'ANY' || status === (spec.archived ? 'ARCHIVED' : 'ACTIVE')) &&
      (tagged === 'ANY' || tagged === (spec.tags.length > 0 ? 'TAGGED' : 'UNTAGGED')),
  );
};

/** `imageScanStatus` is left out: today's basic scanning does not fill it here. */
const imageDetail = (world: World, repository: Repository, image: Image) => ({
  registryId: world.accountId,
  repositoryName: repository.name,
  imageDigest: image.spec.digest,
  ...(image.spec.tags.length === 0 ? {} : { imageTags: image.spec.tags }),
  imageSizeInBytes: image.sizeBytes,
  imagePushedAt: new Date(image.spec.pushedAt),
  imageManifestMediaType: imageMediaType(image),
  artifactMediaType: 'application/vnd.oci.image.config.v1+json',
  ...(image.lastPullAt === undefined ? {} : { lastRecordedPullTime: new Date(image.lastPullAt) }),
  imageStatus: image.spec.archived ? 'ARCHIVED' : 'ACTIVE',
});

const idShape = (image: Image, input: Input) => {
  const imageTag = optionalText(optionalRecord(input, 'imageId') ?? {}, 'imageTag');
  return { imageDigest: image.spec.digest, ...(imageTag === undefined ? {} : { imageTag }) };
};

const findingShape = (finding: FindingSpec) => ({
  name: finding.name,
  description: `${finding.packageName} ${finding.packageVersion} is affected by ${finding.name}.`,
  uri: `https://nvd.nist.gov/vuln/detail/${finding.name}`,
  severity: finding.severity,
  attributes: [
    { key: 'package_name', value: finding.packageName },
    { key: 'package_version', value: finding.packageVersion },
    ...(finding.fixedInVersion === undefined
      ? []
      : [{ key: 'fixed_in_version', value: finding.fixedInVersion }]),
  ],
});

const ecrPage = <T>(all: readonly T[], input: Input, usual: number) => {
  const { items, nextToken } = page(all, {
    token: optionalText(input, 'nextToken'),
    limit: optionalInteger(input, 'maxResults') ?? usual,
    most: 1000,
  });
  return { items, rest: nextToken === undefined ? {} : { nextToken } };
};
