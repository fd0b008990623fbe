import type { ImageIdentity, RunningImage, TaggedImage, Workload } from '../../../shared/core/image-scans.ts';
import { imageKey } from '../../../shared/core/image-scans.ts';
import { originOf, tagOf } from './image-id.ts';

/** An image of the own registry, of another one, or of the own one but without a digest. */
export type ImageKind = 'own' | 'foreign' | 'no-digest';

export interface InventoryImage {
  /** `registry/region/repository@digest`, or the reference as written where that is not known. */
  readonly key: string;
  readonly kind: ImageKind;
  /** Set for `own` alone. */
  readonly identity?: ImageIdentity;
  readonly tags: readonly string[];
  readonly workloads: readonly Workload[];
  /** Found in a configured repository. */
  readonly configured: boolean;
}

export interface InventorySources {
  readonly own: { readonly registry: string; readonly region: string };
  readonly clusters: readonly { readonly cluster: string; readonly images: readonly RunningImage[] }[];
  readonly repositories: readonly { readonly repository: string; readonly images: readonly TaggedImage[] }[];
  /** Clusters and repositories that could not be read: what was known of them is kept. */
  readonly unread: {
    readonly clusters: readonly string[];
    /** `all` when not even the repositories' names could be read. */
    readonly repositories: readonly string[] | 'all';
  };
}

const fromRunning = (image: RunningImage, own: InventorySources['own']): InventoryImage => {
  const origin = originOf(image.imageId, image.references);
  const base = { tags: [], workloads: image.workloads, configured: false };
  if (origin.kind === 'elsewhere') return { ...base, key: origin.reference, kind: 'foreign' };
  const isOwn = origin.registry === own.registry && origin.region === own.region;
  if (origin.kind === 'no-digest') {
    return { ...base, key: origin.reference, kind: isOwn ? 'no-digest' : 'foreign' };
  }
  const { registry, region, repository, digest } = origin;
  const identity = { registry, region, repository, digest };
  const tags = image.references.flatMap((reference) => tagOf(reference) ?? []);
  return {
    ...base,
    tags,
    key: imageKey(identity),
    ...(isOwn ? { kind: 'own', identity } : { kind: 'foreign' }),
  };
};

const fromRepository = (
  repository: string,
  image: TaggedImage,
  own: InventorySources['own'],
): InventoryImage => {
  const identity = { ...own, repository, digest: image.digest };
  return {
    key: imageKey(identity),
    kind: 'own',
    identity,
    tags: image.tags,
    workloads: [],
    configured: true,
  };
};

/** What the last inventory knew of sources that could not be read this time. */
const carriedOver = (
  previous: readonly InventoryImage[],
  unread: InventorySources['unread'],
): InventoryImage[] =>
  previous.flatMap((image) => {
    const workloads = image.workloads.filter(({ cluster }) => unread.clusters.includes(cluster));
    const configured =
      image.configured &&
      (unread.repositories === 'all' || unread.repositories.includes(image.identity?.repository ?? ''));
    return workloads.length > 0 || configured ? [{ ...image, workloads, configured }] : [];
  });

const workloadKey = ({ cluster, namespace, kind, name }: Workload) =>
  `${cluster}/${namespace}/${kind}/${name}`;

const merge = (a: InventoryImage, b: InventoryImage): InventoryImage => ({
  ...a,
  tags: [...new Set([...a.tags, ...b.tags])].sort(),
  workloads: [...new Map([...a.workloads, ...b.workloads].map((each) => [workloadKey(each), each])).values()],
  configured: a.configured || b.configured,
});

/** Running images first; within each by digest, which is a hash already: no repository is favoured. */
const orderOf = (image: InventoryImage): string =>
  `${image.workloads.length > 0 ? 0 : 1} ${image.identity?.digest ?? ''} ${image.key}`;

/** Every image once, with its tags and everything that runs it, in the order in which images are scanned. */
export const buildInventory = (
  sources: InventorySources,
  previous: readonly InventoryImage[],
): readonly InventoryImage[] => {
  const images = new Map<string, InventoryImage>();
  const add = (image: InventoryImage) => {
    const known = images.get(image.key);
    images.set(image.key, known === undefined ? image : merge(known, image));
  };
  for (const { images: running } of sources.clusters) {
    for (const image of running) add(fromRunning(image, sources.own));
  }
  for (const { repository, images: tagged } of sources.repositories) {
    for (const image of tagged) add(fromRepository(repository, image, sources.own));
  }
  for (const image of carriedOver(previous, sources.unread)) add(image);
  return [...images.values()]
    .map((image) => ({ order: orderOf(image), image }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ image }) => image);
};
