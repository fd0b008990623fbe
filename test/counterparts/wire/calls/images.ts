import {
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  DescribeRegistryCommand,
  DescribeRepositoriesCommand,
  GetRegistryScanningConfigurationCommand,
  ListImagesCommand,
  StartImageScanCommand,
} from '@aws-sdk/client-ecr';
import { call, refused } from '../sdk.ts';

const repositoryName = 'shop/cart';
const digest = (character: string) => ({ imageDigest: `sha256:${character.repeat(64)}` });

export const imageCalls = [
  call('ecr DescribeRepositories', ({ as }) => as.ecr.send(new DescribeRepositoriesCommand({}))),
  call('ecr DescribeRegistry', ({ as }) => as.ecr.send(new DescribeRegistryCommand({}))),
  call('ecr GetRegistryScanningConfiguration', ({ as }) =>
    as.ecr.send(new GetRegistryScanningConfigurationCommand({})),
  ),
  call('ecr ListImages', ({ as }) => as.ecr.send(new ListImagesCommand({ repositoryName }))),
  call('ecr BatchGetImage', ({ as }) =>
    as.ecr.send(
      new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: '1.0' }, { imageTag: 'none' }] }),
    ),
  ),
  call('ecr DescribeImages', ({ as }) =>
    as.ecr.send(new DescribeImagesCommand({ repositoryName, maxResults: 1 })),
  ),
  call('ecr DescribeImageScanFindings', ({ as }) =>
    as.ecr.send(new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageTag: '1.0' } })),
  ),
  call('ecr StartImageScan', ({ as }) =>
    as.ecr.send(new StartImageScanCommand({ repositoryName, imageId: { imageTag: '1.0' } })),
  ),
  call('ecr DescribeImageScanFindings', ({ as }) =>
    as.ecr.send(new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageTag: '1.0' } })),
  ),
  refused('ecr StartImageScan', 'LimitExceededException', ({ as }) =>
    as.ecr.send(new StartImageScanCommand({ repositoryName, imageId: { imageTag: '1.0' } })),
  ),
  refused('ecr StartImageScan', 'UnsupportedImageTypeException', ({ as }) =>
    as.ecr.send(new StartImageScanCommand({ repositoryName, imageId: digest('b') })),
  ),
  refused('ecr StartImageScan', 'ImageArchivedException', ({ as }) =>
    as.ecr.send(new StartImageScanCommand({ repositoryName: 'shop/old', imageId: digest('c') })),
  ),
  refused('ecr StartImageScan', 'ImageNotFoundException', ({ as }) =>
    as.ecr.send(new StartImageScanCommand({ repositoryName, imageId: { imageTag: 'none' } })),
  ),
  refused('ecr StartImageScan', 'InvalidParameterException', ({ as }) =>
    as.ecr.send(new StartImageScanCommand({ repositoryName, imageId: {} })),
  ),
  refused('ecr DescribeImageScanFindings', 'ScanNotFoundException', ({ as }) =>
    as.ecr.send(new DescribeImageScanFindingsCommand({ repositoryName: 'shop/old', imageId: digest('c') })),
  ),
  refused('ecr DescribeImages', 'ImageNotFoundException', ({ as }) =>
    as.ecr.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag: 'none' }] })),
  ),
  refused('ecr DescribeImages', 'RepositoryNotFoundException', ({ as }) =>
    as.ecr.send(new DescribeImagesCommand({ repositoryName: 'nowhere' })),
  ),
  refused('ecr DescribeRepositories', 'RepositoryNotFoundException', ({ as }) =>
    as.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: ['nowhere'] })),
  ),
  refused('ecr ListImages', 'InvalidParameterException', ({ as }) =>
    as.ecr.send(new ListImagesCommand({ repositoryName, nextToken: 'forged' })),
  ),
  refused('ecr ListImages', 'AccessDeniedException', ({ asCleanup }) =>
    asCleanup.ecr.send(new ListImagesCommand({ repositoryName })),
  ),
];
