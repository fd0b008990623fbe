import type {
  DescribeImageScanFindingsCommandOutput,
  ECRClient,
  ImageScanFinding,
} from '@aws-sdk/client-ecr';
import { DescribeImageScanFindingsCommand } from '@aws-sdk/client-ecr';
import type { Finding, ImageIdentity, ScanResult, Severity } from '../../core/image-scans.ts';
import { SEVERITIES } from '../../core/image-scans.ts';
import { isAwsError } from '../clients.ts';

const PAGE_SIZE = 1_000; // the largest that ECR gives; findings of enhanced scanning stay at 100

const isSeverity = (value: string | undefined): value is Severity =>
  (SEVERITIES as readonly (string | undefined)[]).includes(value);

const attributeOf = (finding: ImageScanFinding, ...keys: readonly string[]): string | undefined =>
  finding.attributes?.find(({ key }) => key !== undefined && keys.includes(key))?.value;

/** Basic scanning keeps package, version and fix in a list of attributes. */
const toFinding = (finding: ImageScanFinding): Finding => {
  const fixedIn = attributeOf(finding, 'fixed_version', 'patched_version', 'fixed_in_version');
  return {
    cve: finding.name ?? 'unnamed',
    package: attributeOf(finding, 'package_name') ?? '',
    version: attributeOf(finding, 'package_version') ?? '',
    severity: isSeverity(finding.severity) ? finding.severity : 'UNDEFINED',
    ...(fixedIn === undefined || fixedIn === '' ? {} : { fixedIn }),
    ...(finding.uri === undefined ? {} : { uri: finding.uri }),
  };
};

/** What a status other than COMPLETE stands for. */
const otherStatus = (page: DescribeImageScanFindingsCommandOutput): ScanResult => {
  const status: string = page.imageScanStatus?.status ?? 'none given';
  const description = page.imageScanStatus?.description ?? '';
  switch (status) {
    case 'IN_PROGRESS':
    case 'PENDING':
      return { kind: 'running' };
    case 'FAILED':
      return { kind: 'failed', description };
    case 'UNSUPPORTED_IMAGE':
      return { kind: 'unsupported', description };
    case 'IMAGE_ARCHIVED':
      return { kind: 'archived' };
    default:
      return { kind: 'unavailable', status };
  }
};

/** The result of an image's last scan with all its findings. A scan that ends between two pages is seen. */
export const readScanResult = async (client: ECRClient, image: ImageIdentity): Promise<ScanResult> => {
  const findings: Finding[] = [];
  let completedAt: number | undefined;
  let nextToken: string | undefined;
  do {
    let page: DescribeImageScanFindingsCommandOutput;
    try {
      page = await client.send(
        new DescribeImageScanFindingsCommand({
          registryId: image.registry,
          repositoryName: image.repository,
          imageId: { imageDigest: image.digest },
          maxResults: PAGE_SIZE,
          nextToken,
        }),
      );
    } catch (error) {
      if (isAwsError(error, 'ScanNotFoundException')) return { kind: 'no-scan' };
      if (isAwsError(error, 'ImageNotFoundException', 'RepositoryNotFoundException')) {
        return { kind: 'image-not-found' };
      }
      throw error;
    }
    const first = completedAt === undefined;
    const complete = page.imageScanStatus?.status === 'COMPLETE';
    if (!complete && first) return otherStatus(page);
    const pageCompletedAt = page.imageScanFindings?.imageScanCompletedAt?.getTime();
    if (!complete || (!first && pageCompletedAt !== undefined && pageCompletedAt !== completedAt)) {
      return { kind: 'partial', description: 'another scan began while its findings were read' };
    }
    if (first) {
      if (pageCompletedAt === undefined) {
        return { kind: 'partial', description: 'ECR says COMPLETE without the time of completion' };
      }
      completedAt = pageCompletedAt;
    }
    findings.push(...(page.imageScanFindings?.findings ?? []).map(toFinding));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return { kind: 'complete', completedAt: completedAt ?? 0, findings };
};
