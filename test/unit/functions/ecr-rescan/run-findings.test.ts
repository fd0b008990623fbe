import { describe, expect, it } from '@jest/globals';
import { startPass } from '../../../../functions/ecr-rescan/inventory.ts';
import { runEcrRescanFindings } from '../../../../functions/ecr-rescan/run-findings.ts';
import { parseScanEvent } from '../../../../functions/ecr-rescan/scan-event.ts';
import { MalformedEventError } from '../../../../shared/core/errors.ts';
import type { Finding } from '../../../../shared/core/image-scans.ts';
import { imageKey } from '../../../../shared/core/image-scans.ts';
import type { Notification } from '../../../../shared/core/store.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import {
  ACCOUNT,
  createFakeScans,
  digest,
  finding,
  image,
  REGION,
  workload,
} from '../../../fixtures/images.ts';
import { createMemoryBlobs } from '../../../fixtures/memory-blobs.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';
import { createTestCall } from '../../../fixtures/test-call.ts';

/** As in the Amazon ECR user guide, "Sample events from Amazon ECR": a completed image scan. */
const scanEvent = (detail: object = {}, envelope: object = {}) => ({
  version: '0',
  id: '85fc3613-e913-7fc4-a80c-a3753e4aa9ae',
  'detail-type': 'ECR Image Scan',
  source: 'aws.ecr',
  account: ACCOUNT,
  time: '2026-11-20T01:02:36Z',
  region: REGION,
  resources: [`arn:aws:ecr:${REGION}:${ACCOUNT}:repository/shop/web`],
  detail: {
    'scan-status': 'COMPLETE',
    'repository-name': 'shop/web',
    'finding-severity-counts': { CRITICAL: 10, MEDIUM: 9 },
    'image-digest': digest(1),
    'image-tags': ['1.4'],
    ...detail,
  },
  ...envelope,
});

describe('a scan event', () => {
  it('names the image', () => {
    expect(parseScanEvent(scanEvent())).toEqual({
      identity: image('shop/web', 1),
      tags: ['1.4'],
      status: 'COMPLETE',
    });
  });

  it('of the older kind has no tags', () => {
    const { 'image-tags': _tags, 'finding-severity-counts': _counts, ...detail } = scanEvent().detail;
    const old = { ...scanEvent(), 'detail-type': 'ECR Image Scan Status Notification', detail };
    expect(parseScanEvent(old).tags).toEqual([]);
  });

  it.each([
    ['nothing', undefined, 'top level'],
    ['text', 'COMPLETE', 'top level'],
    ['another source', scanEvent({}, { source: 'my.app' }), 'source'],
    ['another kind', scanEvent({}, { 'detail-type': 'ECR Image Action' }), 'detail-type'],
    ['no account', scanEvent({}, { account: 'me' }), 'account'],
    ['no region', scanEvent({}, { region: '' }), 'region'],
    ['a digest that is none', scanEvent({ 'image-digest': 'sha256:zz' }), 'detail.image-digest'],
    ['a repository that is none', scanEvent({ 'repository-name': '../etc' }), 'detail.repository-name'],
    ['tags that are no list', scanEvent({ 'image-tags': 'latest' }), 'detail.image-tags'],
    ['no status', scanEvent({ 'scan-status': undefined }), 'detail.scan-status'],
  ])('of %s is refused and says where it is wrong', (_name, event, where) => {
    expect(() => parseScanEvent(event)).toThrow(MalformedEventError);
    expect(() => parseScanEvent(event)).toThrow(where);
  });
});

const createScene = async (options: { repositories?: readonly string[]; listed?: boolean } = {}) => {
  const clock = createFakeClock('2026-11-20T01:03:00Z');
  const store = createMemoryStore(clock);
  const blobs = createMemoryBlobs();
  const scans = createFakeScans();
  const notifications: Notification[] = [];
  if (options.listed ?? true) {
    const listed = {
      key: imageKey(image('shop/web', 1)),
      kind: 'own' as const,
      identity: image('shop/web', 1),
      tags: ['latest'],
      workloads: [workload('web'), workload('web', { cluster: 'prod' })],
      configured: false,
    };
    await startPass({ store, blobs }, { images: [listed], takenAt: 0, refreshAt: 0, expectedVersion: 0 });
  }
  const take = async (event: object, result: { findings: readonly Finding[]; at: string } | Error) => {
    scans.results.set(
      digest(1),
      result instanceof Error
        ? result
        : { kind: 'complete', completedAt: Date.parse(result.at), findings: result.findings },
    );
    const call = createTestCall({ automation: 'ecr-rescan', clock, store });
    await runEcrRescanFindings(
      {
        store,
        blobs,
        clock,
        scans,
        notifier: {
          notify: async (notification) => {
            notifications.push(notification);
          },
        },
        section: { minimumSeverity: 'HIGH', repositories: [...(options.repositories ?? [])] },
        readMode: async () => 'act',
        region: async () => REGION,
      },
      parseScanEvent(event),
      call,
    );
    return { call, reasons: call.verdicts.map(({ action, reason }) => `${action} ${reason}`) };
  };
  return { take, scans, notifications };
};

const yesterday = { findings: [], at: '2026-11-19T00:30:00Z' };
const tonight = { findings: [finding('CVE-2026-1')], at: '2026-11-20T01:02:36Z' };

describe('when a scan has ended', () => {
  it('tells what is new, with all tags and the workloads that the tick has seen', async () => {
    const { take, notifications } = await createScene();
    expect((await take(scanEvent(), yesterday)).reasons).toEqual(['none baseline']);
    const { reasons, call } = await take(scanEvent(), tonight);
    expect(reasons).toEqual(['report new-findings']);
    expect(call.verdicts[0]?.detail).toMatchObject({
      tags: ['1.4', 'latest'],
      workloads: ['staging/shop/Deployment/web', 'prod/shop/Deployment/web'],
    });
    expect(notifications).toHaveLength(1);
    expect(notifications[0]?.text).toContain('prod/shop/Deployment/web');
  });

  it('the same event a second time changes nothing', async () => {
    const { take, notifications } = await createScene();
    await take(scanEvent(), yesterday);
    await take(scanEvent(), tonight);
    expect((await take(scanEvent(), tonight)).reasons).toEqual(['none duplicate']);
    expect(notifications).toHaveLength(1);
  });

  it('believes ECR, not the event: FAILED with a complete result is taken as complete', async () => {
    const { take } = await createScene();
    expect((await take(scanEvent({ 'scan-status': 'FAILED' }), yesterday)).reasons).toEqual([
      'none baseline',
    ]);
  });

  it('fails, after its verdict, when the findings cannot be read', async () => {
    const { take } = await createScene();
    const { reasons, call } = await take(scanEvent(), new Error('ServerException'));
    expect(reasons).toEqual(['none findings-unreadable']);
    await expect(call.recorder.finish('act')).rejects.toThrow('ServerException');
  });

  it.each([
    ['of another region, ECR is not asked', {}, scanEvent({}, { region: 'us-east-1' }), ['none foreign'], 0],
    [
      'of an image that nobody runs or configured, ECR is not asked',
      { listed: false },
      scanEvent(),
      ['none not-followed'],
      0,
    ],
    [
      'of a configured repository before the first tick',
      { listed: false, repositories: ['shop/*'] },
      scanEvent(),
      ['none baseline'],
      1,
    ],
  ])('%s', async (_name, options, event, reasons, reads) => {
    const { take, scans } = await createScene(options);
    expect((await take(event, yesterday)).reasons).toEqual(reasons);
    expect(scans.read).toHaveLength(reads);
  });
});
