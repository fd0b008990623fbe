import {
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetRegistryScanningConfigurationCommand,
  StartImageScanCommand,
} from '@aws-sdk/client-ecr';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AwsEvent } from '../../../../../infra/local/world/events.ts';
import type { TestAccount } from '../support/account.ts';
import { startTestAccount } from '../support/account.ts';
import { digest, startAt } from '../support/specs.ts';

let account: TestAccount;
let ecr: ECRClient;
let events: AwsEvent[];
const cart = { repositoryName: 'shop/cart', imageId: { imageDigest: digest('a') } };
const fresh = { repositoryName: 'shop/new', imageId: { imageTag: '1' } };

beforeEach(async () => {
  account = await startTestAccount();
  ecr = new ECRClient(account.client);
  events = [];
  account.world.onEvent((event) => {
    events.push(event);
  });
});
afterEach(() => account.close());

const findings = async (image: typeof cart | typeof fresh) => {
  const { imageScanStatus, imageScanFindings } = await ecr.send(new DescribeImageScanFindingsCommand(image));
  return { status: imageScanStatus?.status, names: imageScanFindings?.findings?.map(({ name }) => name) };
};

describe('scans', () => {
  it('a scan knows the CVEs of its day; the next one finds what is known since', async () => {
    expect(await findings(cart)).toEqual({ status: 'COMPLETE', names: ['CVE-2026-0001'] });
    await ecr.send(new StartImageScanCommand(cart));
    expect(await findings(cart)).toEqual({ status: 'IN_PROGRESS', names: undefined });
    account.pass(10);
    expect(await findings(cart)).toEqual({ status: 'COMPLETE', names: ['CVE-2026-0001', 'CVE-2026-0002'] });
    expect(events).toMatchObject([
      {
        source: 'aws.ecr',
        'detail-type': 'ECR Image Scan',
        resources: ['arn:aws:ecr:eu-central-1:111122223333:repository/shop/cart'],
        detail: {
          'scan-status': 'COMPLETE',
          'repository-name': 'shop/cart',
          'finding-severity-counts': { HIGH: 1, CRITICAL: 1 },
          'image-digest': digest('a'),
          'image-tags': ['1.0', 'latest'],
        },
      },
    ]);
  });

  it('once in 24 hours, by digest, whatever tag is used', async () => {
    await ecr.send(new StartImageScanCommand(cart));
    account.pass(3600);
    const again = { repositoryName: 'shop/cart', imageId: { imageTag: 'latest' } };
    await expect(ecr.send(new StartImageScanCommand(again))).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'The scan quota per image has been exceeded. Wait and try again.',
    });
    account.pass(24 * 3600);
    await expect(ecr.send(new StartImageScanCommand(again))).resolves.toMatchObject({
      imageScanStatus: { status: 'IN_PROGRESS' },
    });
  });

  it('counts the scan on push', async () => {
    account.world.registry.push('shop/cart', {
      digest: digest('c'),
      tags: ['2.0'],
      pushedAt: startAt,
      findings: [],
    });
    const pushed = { repositoryName: 'shop/cart', imageId: { imageTag: '2.0' } };
    account.pass(10);
    await expect(ecr.send(new StartImageScanCommand(pushed))).rejects.toMatchObject({
      name: 'LimitExceededException',
    });
  });

  it.each([
    ['no scan yet', () => ecr.send(new DescribeImageScanFindingsCommand(fresh)), 'ScanNotFoundException'],
    [
      'no such image',
      () => ecr.send(new StartImageScanCommand({ ...fresh, imageId: { imageTag: '9' } })),
      'ImageNotFoundException',
    ],
    [
      'no such repository',
      () => ecr.send(new DescribeImagesCommand({ repositoryName: 'none' })),
      'RepositoryNotFoundException',
    ],
    [
      'another account’s registry',
      () => ecr.send(new StartImageScanCommand({ ...fresh, registryId: '602401143452' })),
      'RepositoryNotFoundException',
    ],
  ])('%s', async (_what, call, name) => {
    await expect(call()).rejects.toMatchObject({ name });
  });

  it('findings come in pages, with package and repair', async () => {
    await ecr.send(new StartImageScanCommand(cart));
    account.pass(10);
    const first = await ecr.send(new DescribeImageScanFindingsCommand({ ...cart, maxResults: 1 }));
    const second = await ecr.send(
      new DescribeImageScanFindingsCommand({ ...cart, maxResults: 1, nextToken: first.nextToken }),
    );
    expect(second.nextToken).toBeUndefined();
    expect(second.imageScanFindings?.findings).toMatchObject([
      {
        name: 'CVE-2026-0002',
        severity: 'CRITICAL',
        attributes: [
          { key: 'package_name', value: 'zlib' },
          { key: 'package_version', value: '1.2.0' },
          { key: 'fixed_in_version', value: '1.2.1' },
        ],
      },
    ]);
  });
});

describe('images', () => {
  it('are listed with tags, and BatchGetImage counts as a pull', async () => {
    const details = async () =>
      (await ecr.send(new DescribeImagesCommand({ repositoryName: 'shop/cart' }))).imageDetails?.[0];
    expect(await details()).toMatchObject({ imageDigest: digest('a'), imageTags: ['1.0', 'latest'] });
    expect((await details())?.lastRecordedPullTime).toBeUndefined();
    const { images } = await ecr.send(
      new BatchGetImageCommand({ repositoryName: 'shop/cart', imageIds: [{ imageTag: '1.0' }] }),
    );
    expect(JSON.parse(images?.[0]?.imageManifest ?? '')).toMatchObject({ schemaVersion: 2 });
    expect((await details())?.lastRecordedPullTime).toBeInstanceOf(Date);
  });

  it('are what the pods report', () => {
    const { objects } = account.world.cluster('staging').kubernetes;
    const images = objects
      .list('pods', { namespace: 'shop' })
      .filter(({ status }) => status.phase === 'Running')
      .map(({ status }) => status.containerStatuses?.[0]?.imageID);
    expect(new Set(images)).toEqual(
      new Set([`111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/cart@${digest('a')}`]),
    );
  });

  it('the registry scans BASIC, and says which repositories it has', async () => {
    const { scanningConfiguration } = await ecr.send(new GetRegistryScanningConfigurationCommand({}));
    expect(scanningConfiguration?.scanType).toBe('BASIC');
    const { repositories } = await ecr.send(new DescribeRepositoriesCommand({}));
    expect(repositories?.map(({ repositoryName }) => repositoryName)).toEqual(['shop/cart', 'shop/new']);
  });
});
