import { createHash } from 'node:crypto';

/** What either side is made of before the cases run; each side makes it through its own front door. */

export const REGION = 'eu-central-1';
/** moto's own. */
export const ACCOUNT = '123456789012';

export const CLUSTER = {
  name: 'shop',
  version: '1.34',
  zones: [`${REGION}a`, `${REGION}b`],
  tags: { team: 'shop' },
} as const;

export interface NodeGroupData {
  readonly name: string;
  readonly min: number;
  readonly desired: number;
  readonly max: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

export const INSTANCE_TYPE = 'm6i.large';
export const AMI_TYPE = 'AL2023_x86_64_STANDARD';

export const NODE_GROUPS: readonly NodeGroupData[] = [
  { name: 'batch', min: 0, desired: 0, max: 2, labels: {}, tags: {} },
  { name: 'web', min: 1, desired: 2, max: 4, labels: { role: 'web' }, tags: { team: 'web' } },
];

export interface ScalingGroupData {
  readonly name: string;
  readonly min: number;
  readonly desired: number;
  readonly max: number;
  readonly tags: Readonly<Record<string, string>>;
  /** A terminate hook, with its heartbeat time-out. */
  readonly hook?: { readonly name: string; readonly heartbeatSeconds: number };
  readonly scheduledAction?: { readonly name: string; readonly recurrence: string; readonly desired: number };
}

/** Tags that each Auto Scaling group of the cluster's carries beside its own, passed on to its instances. */
export const groupTags = ({ name, tags }: ScalingGroupData): Readonly<Record<string, string>> => ({
  ...tags,
  [`kubernetes.io/cluster/${CLUSTER.name}`]: 'owned',
  Name: name,
});

export const SCALING_GROUPS: readonly ScalingGroupData[] = [
  { name: 'bounds', min: 1, desired: 1, max: 2, tags: {} },
  { name: 'idle', min: 0, desired: 0, max: 2, tags: { stage: 'test' } },
  {
    name: 'pool',
    min: 1,
    desired: 2,
    max: 4,
    tags: { stage: 'live' },
    hook: { name: 'drain-first', heartbeatSeconds: 300 },
    scheduledAction: { name: 'evening', recurrence: '0 20 * * 1-5', desired: 1 },
  },
];

export interface FindingData {
  readonly name: string;
  readonly severity: 'HIGH' | 'LOW';
  readonly packageName: string;
  readonly packageVersion: string;
  readonly fixedInVersion?: string;
}

export interface ImageData {
  readonly tags: readonly string[];
  readonly manifest: string;
  readonly digest: string;
  readonly findings: readonly FindingData[];
}

/** Images go by the hash of their manifest, so that both sides know them by the same digest. */
const image = (name: string, tags: readonly string[], findings: readonly FindingData[] = []): ImageData => {
  const hash = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: hash(`${name}/config`),
      size: 4096,
    },
    layers: [
      {
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest: hash(`${name}/layer`),
        size: 30_000_000,
      },
    ],
  });
  return { tags, manifest, digest: hash(manifest), findings };
};

export const IMAGES = {
  /** Scanned by a case, with findings. */
  cart: image(
    'cart',
    ['1.0', 'stable'],
    [
      {
        name: 'CVE-2026-1001',
        severity: 'HIGH',
        packageName: 'openssl',
        packageVersion: '3.0.1',
        fixedInVersion: '3.0.2',
      },
      { name: 'CVE-2026-1002', severity: 'LOW', packageName: 'zlib', packageVersion: '1.3' },
    ],
  ),
  /** Never scanned. */
  cartOld: image('cart-old', ['0.9']),
  untagged: image('cart-untagged', []),
  search: image('search', ['2.0']),
} as const;

export const REPOSITORIES: readonly { readonly name: string; readonly images: readonly ImageData[] }[] = [
  { name: 'shop/cart', images: [IMAGES.cart, IMAGES.cartOld, IMAGES.untagged] },
  { name: 'shop/empty', images: [] },
  { name: 'shop/search', images: [IMAGES.search] },
];

export interface QueueData {
  readonly name: string;
  readonly visibilitySeconds: number;
  readonly redrive?: { readonly to: string; readonly maxReceives: number };
}

/** One for each group of cases, so that none receives what another sent. */
export const QUEUES = [
  { name: 'dead', visibilitySeconds: 30 },
  { name: 'jobs', visibilitySeconds: 1, redrive: { to: 'dead', maxReceives: 2 } },
  ...['batch', 'counts', 'delays', 'events', 'handles', 'messages', 'own', 'purged', 'refusals'].map(
    (name) => ({ name, visibilitySeconds: 30 }),
  ),
] satisfies readonly QueueData[];

export const TOPIC = 'caretaker';
export const BUCKET = 'caretaker-blobs';
export const TABLE = 'caretaker';
export const FUNCTION = 'worker';
export const STACK = { name: 'eks-caretaker', outputs: { TableName: TABLE, TopicName: TOPIC } } as const;

/** What the rule of the default bus lets through to the queue `events`. */
export const RULE = { name: 'done', source: 'eks-caretaker', detailTypes: ['Node drained', 'Image scanned'] };
