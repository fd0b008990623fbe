import {
  DescribeImageScanFindingsCommand,
  ECRClient,
  GetRegistryScanningConfigurationCommand,
  StartImageScanCommand,
} from '@aws-sdk/client-ecr';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createImageScans, isDenied, isThrottled } from '../../../../../shared/aws/ecr/scans.ts';
import { ACCOUNT, image, REGION } from '../../../../fixtures/images.ts';
import { mockClient } from '../../../../fixtures/mock-client.ts';

const ecr = mockClient(ECRClient);
afterEach(() => {
  ecr.reset();
});
const scans = () => {
  const client = new ECRClient({ region: REGION });
  return createImageScans({ reads: client, starts: client });
};
const awsError = (name: string, message = 'said ECR') => Object.assign(new Error(message), { name });
const web = image('shop/web', 1);
const completedAt = new Date('2026-11-20T01:00:00Z');
const page = (findings: object[], options: { at?: Date; nextToken?: string } = {}) => ({
  imageScanStatus: { status: 'COMPLETE' as const },
  imageScanFindings: { imageScanCompletedAt: options.at ?? completedAt, findings },
  ...(options.nextToken === undefined ? {} : { nextToken: options.nextToken }),
});

describe('starting a scan', () => {
  it('names registry, repository and digest', async () => {
    ecr.on(StartImageScanCommand).resolves({});
    expect(await scans().start(web)).toEqual({ kind: 'started' });
    expect(ecr.commandCalls(StartImageScanCommand)[0]?.args[0].input).toEqual({
      registryId: ACCOUNT,
      repositoryName: 'shop/web',
      imageId: { imageDigest: web.digest },
    });
  });

  it.each([
    [
      'LimitExceededException',
      'The scan quota per image has been exceeded. Wait and try again.',
      { kind: 'too-soon' },
    ],
    [
      'LimitExceededException',
      'Too many scans in this account',
      { kind: 'quota', message: 'Too many scans in this account' },
    ],
    ['UnsupportedImageTypeException', 'an index', { kind: 'unsupported', message: 'an index' }],
    ['ImageArchivedException', '', { kind: 'archived' }],
    ['ImageNotFoundException', 'no image', { kind: 'not-found', message: 'no image' }],
    ['RepositoryNotFoundException', 'no repository', { kind: 'not-found', message: 'no repository' }],
    [
      'ValidationException',
      'This feature is disabled',
      { kind: 'disabled', message: 'This feature is disabled' },
    ],
  ])('%s "%s" is an answer about the image', async (name, message, answer) => {
    ecr.on(StartImageScanCommand).rejects(awsError(name, message));
    expect(await scans().start(web)).toEqual(answer);
  });

  it.each(['AccessDeniedException', 'ThrottlingException', 'ServerException', 'ValidationException'])(
    '%s is none, and is thrown',
    async (name) => {
      ecr.on(StartImageScanCommand).rejects(awsError(name));
      await expect(scans().start(web)).rejects.toMatchObject({ name });
    },
  );

  it('tells what is denied from what is throttled', () => {
    expect([
      isDenied(awsError('AccessDeniedException')),
      isThrottled(awsError('AccessDeniedException')),
    ]).toEqual([true, false]);
    expect([isDenied(awsError('ThrottlingException')), isThrottled(awsError('ThrottlingException'))]).toEqual(
      [false, true],
    );
  });
});

describe('the result of the last scan', () => {
  it('has the findings of every page, translated from basic scanning', async () => {
    const request = {
      registryId: ACCOUNT,
      repositoryName: 'shop/web',
      imageId: { imageDigest: web.digest },
      maxResults: 1_000,
    };
    ecr
      .on(DescribeImageScanFindingsCommand, request)
      .resolves(
        page(
          [
            {
              name: 'CVE-1',
              severity: 'HIGH',
              uri: 'https://cve/1',
              attributes: [
                { key: 'package_version', value: '3.0.1' },
                { key: 'package_name', value: 'openssl' },
                { key: 'fixed_version', value: '3.0.2' },
              ],
            },
          ],
          { nextToken: 'two' },
        ),
      )
      .on(DescribeImageScanFindingsCommand, { ...request, nextToken: 'two' })
      .resolves(page([{ name: 'CVE-2' }]));
    expect(await scans().result(web)).toEqual({
      kind: 'complete',
      completedAt: completedAt.getTime(),
      findings: [
        {
          cve: 'CVE-1',
          package: 'openssl',
          version: '3.0.1',
          severity: 'HIGH',
          fixedIn: '3.0.2',
          uri: 'https://cve/1',
        },
        { cve: 'CVE-2', package: '', version: '', severity: 'UNDEFINED' },
      ],
    });
  });

  it('that has no findings is complete all the same', async () => {
    ecr.on(DescribeImageScanFindingsCommand).resolves(page([]));
    expect(await scans().result(web)).toMatchObject({ kind: 'complete', findings: [] });
  });

  it.each([
    ['IN_PROGRESS', { kind: 'running' }],
    ['PENDING', { kind: 'running' }],
    ['FAILED', { kind: 'failed', description: 'why' }],
    ['UNSUPPORTED_IMAGE', { kind: 'unsupported', description: 'why' }],
    ['IMAGE_ARCHIVED', { kind: 'archived' }],
    ['ACTIVE', { kind: 'unavailable', status: 'ACTIVE' }],
    ['SCAN_ELIGIBILITY_EXPIRED', { kind: 'unavailable', status: 'SCAN_ELIGIBILITY_EXPIRED' }],
    ['FINDINGS_UNAVAILABLE', { kind: 'unavailable', status: 'FINDINGS_UNAVAILABLE' }],
    ['LIMIT_EXCEEDED', { kind: 'unavailable', status: 'LIMIT_EXCEEDED' }],
  ] as const)('with status %s is no result', async (status, expected) => {
    ecr.on(DescribeImageScanFindingsCommand).resolves({ imageScanStatus: { status, description: 'why' } });
    expect(await scans().result(web)).toEqual(expected);
  });

  it('without any status is no result', async () => {
    ecr.on(DescribeImageScanFindingsCommand).resolves({});
    expect(await scans().result(web)).toEqual({ kind: 'unavailable', status: 'none given' });
  });

  it.each([
    ['another scan is running', { imageScanStatus: { status: 'IN_PROGRESS' as const } }],
    ['another scan has ended', page([], { at: new Date('2026-11-20T02:00:00Z') })],
  ])('is partial when on its second page %s', async (_name, second) => {
    ecr
      .on(DescribeImageScanFindingsCommand)
      .resolvesOnce(page([{ name: 'CVE-1' }], { nextToken: 'two' }))
      .resolvesOnce(second);
    expect(await scans().result(web)).toMatchObject({ kind: 'partial' });
  });

  it.each([
    ['ScanNotFoundException', { kind: 'no-scan' }],
    ['ImageNotFoundException', { kind: 'image-not-found' }],
    ['RepositoryNotFoundException', { kind: 'image-not-found' }],
  ])('%s is an answer', async (name, answer) => {
    ecr.on(DescribeImageScanFindingsCommand).rejects(awsError(name));
    expect(await scans().result(web)).toEqual(answer);
  });

  it('an error on the second page is thrown, not taken for the end', async () => {
    ecr
      .on(DescribeImageScanFindingsCommand)
      .resolvesOnce(page([{ name: 'CVE-1' }], { nextToken: 'two' }))
      .rejectsOnce(awsError('ServerException'));
    await expect(scans().result(web)).rejects.toMatchObject({ name: 'ServerException' });
  });
});

describe('the registry', () => {
  it.each(['BASIC', 'ENHANCED'] as const)('says who it is and how it scans: %s', async (scanType) => {
    ecr
      .on(GetRegistryScanningConfigurationCommand)
      .resolves({ registryId: ACCOUNT, scanningConfiguration: { scanType } });
    expect(await scans().registry()).toEqual({ registry: ACCOUNT, region: REGION, scanning: scanType });
  });

  it('that does not say who it is, is an error', async () => {
    ecr.on(GetRegistryScanningConfigurationCommand).resolves({});
    await expect(scans().registry()).rejects.toThrow('which registry');
  });
});
