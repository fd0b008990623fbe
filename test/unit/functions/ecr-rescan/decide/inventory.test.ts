import { describe, expect, it } from '@jest/globals';
import type { InventorySources } from '../../../../../functions/ecr-rescan/decide/inventory.ts';
import { buildInventory } from '../../../../../functions/ecr-rescan/decide/inventory.ts';
import { imageKey } from '../../../../../shared/core/image-scans.ts';
import { ACCOUNT, digest, image, REGION, REGISTRY_HOST, workload } from '../../../../fixtures/images.ts';

const sources = (part: Partial<InventorySources> = {}): InventorySources => ({
  own: { registry: ACCOUNT, region: REGION },
  clusters: [],
  repositories: [],
  unread: { clusters: [], repositories: [] },
  ...part,
});
const running = (reference: string, ...names: string[]) => ({
  imageId: reference,
  references: [],
  workloads: names.map((name) => workload(name)),
});
const web = `${REGISTRY_HOST}/shop/web@${digest(7)}`;

describe('the image list', () => {
  it('has an image once, with tags and workloads of every place that it was found in', () => {
    expect(
      buildInventory(
        sources({
          clusters: [
            {
              cluster: 'staging',
              images: [{ ...running(web, 'web'), references: [`${REGISTRY_HOST}/shop/web:live`] }],
            },
            {
              cluster: 'prod',
              images: [{ ...running(web), workloads: [workload('web', { cluster: 'prod' })] }],
            },
          ],
          repositories: [
            { repository: 'shop/web', images: [{ digest: digest(7), tags: ['1.4', 'latest'] }] },
          ],
        }),
        [],
      ),
    ).toEqual([
      {
        key: imageKey(image('shop/web', 7)),
        kind: 'own',
        identity: image('shop/web', 7),
        tags: ['1.4', 'latest', 'live'],
        workloads: [workload('web'), workload('web', { cluster: 'prod' })],
        configured: true,
      },
    ]);
  });

  it('knows an image that nobody runs as our own', () => {
    const repositories = [{ repository: 'shop/api', images: [{ digest: digest(1), tags: ['1'] }] }];
    expect(buildInventory(sources({ repositories }), [])).toStrictEqual([
      {
        key: imageKey(image('shop/api', 1)),
        kind: 'own',
        identity: image('shop/api', 1),
        tags: ['1'],
        workloads: [],
        configured: true,
      },
    ]);
  });

  it('puts running images first and then goes by digest, whatever the order of the sources', () => {
    const list = buildInventory(
      sources({
        clusters: [{ cluster: 'staging', images: [running(`${REGISTRY_HOST}/z@${digest(9)}`, 'z')] }],
        repositories: [
          {
            repository: 'b',
            images: [
              { digest: digest(3), tags: ['x'] },
              { digest: digest(1), tags: ['y'] },
            ],
          },
          { repository: 'a', images: [{ digest: digest(2), tags: ['x'] }] },
        ],
      }),
      [],
    );
    expect(list.map(({ identity }) => identity?.digest)).toEqual([
      digest(9),
      digest(1),
      digest(2),
      digest(3),
    ]);
  });

  it.each([
    ['another registry', `docker.io/library/nginx@${digest(1)}`, 'foreign'],
    ['another account', `999988887777.dkr.ecr.${REGION}.amazonaws.com/a@${digest(1)}`, 'foreign'],
    ['another region', `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/a@${digest(1)}`, 'foreign'],
    ['another account without a digest', `999988887777.dkr.ecr.${REGION}.amazonaws.com/a:1`, 'foreign'],
    ['ours without a digest', `${REGISTRY_HOST}/a:1`, 'no-digest'],
  ])('reports an image of %s as such, without an identity to call ECR with', (_name, reference, kind) => {
    const [first] = buildInventory(
      sources({ clusters: [{ cluster: 'staging', images: [running(reference, 'x')] }] }),
      [],
    );
    expect(first?.kind).toBe(kind);
    expect(first).not.toHaveProperty('identity');
  });

  it('knows a foreign image by what the kubelet reports, with the tags of ECR and nothing that is configured', () => {
    const foreign = `999988887777.dkr.ecr.${REGION}.amazonaws.com/a`;
    const images = [
      { ...running('docker.io/library/nginx:1', 'x'), references: ['nginx:1'] },
      { ...running(`${foreign}@${digest(1)}`, 'y'), references: [`${foreign}:live`] },
      running(`${REGISTRY_HOST}/a:1`, 'z'),
    ];
    expect(buildInventory(sources({ clusters: [{ cluster: 'staging', images }] }), [])).toStrictEqual([
      {
        key: `${REGISTRY_HOST}/a:1`,
        kind: 'no-digest',
        tags: [],
        workloads: [workload('z')],
        configured: false,
      },
      {
        key: `999988887777/${REGION}/a@${digest(1)}`,
        kind: 'foreign',
        tags: ['live'],
        workloads: [workload('y')],
        configured: false,
      },
      {
        key: 'docker.io/library/nginx:1',
        kind: 'foreign',
        tags: [],
        workloads: [workload('x')],
        configured: false,
      },
    ]);
  });

  describe('where a source could not be read', () => {
    const before = buildInventory(
      sources({
        clusters: [
          { cluster: 'staging', images: [running(web, 'web')] },
          {
            cluster: 'prod',
            images: [{ ...running(web), workloads: [workload('web', { cluster: 'prod' })] }],
          },
        ],
        repositories: [
          { repository: 'shop/api', images: [{ digest: digest(1), tags: ['1'] }] },
          { repository: 'shop/old', images: [{ digest: digest(2), tags: ['1'] }] },
        ],
      }),
      [],
    );

    it('keeps what was known of that cluster, and drops what the others no longer run', () => {
      const after = buildInventory(sources({ unread: { clusters: ['prod'], repositories: [] } }), before);
      expect(after.map(({ key, workloads }) => [key, workloads])).toEqual([
        [imageKey(image('shop/web', 7)), [workload('web', { cluster: 'prod' })]],
      ]);
    });

    it('keeps an image without identity for the cluster that ran it, and for no repository', () => {
      const seen = (configured: boolean) => [
        { key: 'nginx:1', kind: 'foreign' as const, tags: [], workloads: [workload('x')], configured },
      ];
      const unread = (clusters: string[], repositories: string[]) =>
        buildInventory(sources({ unread: { clusters, repositories } }), seen(true));
      expect(unread(['staging'], [])).toEqual(seen(false));
      expect(unread([], ['shop/api'])).toEqual([]);
    });

    it.each([
      [['shop/api'], ['shop/api']],
      ['all' as const, ['shop/api', 'shop/old']],
      [[], []],
    ])('keeps what was known of repositories %j: %j', (repositories, kept) => {
      const after = buildInventory(sources({ unread: { clusters: [], repositories } }), before);
      expect(after.map(({ identity }) => identity?.repository)).toEqual(kept);
    });
  });
});
