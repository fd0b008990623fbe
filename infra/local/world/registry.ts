import { imageScanCompleted } from './events.ts';
import type { Ground } from './ground.ts';
import { Refusal } from './refusal.ts';
import type { FindingSpec, ImageSpec, RepositorySpec } from './spec.ts';
import { timings } from './timings.ts';

export interface Repository {
  readonly name: string;
  readonly arn: string;
  readonly uri: string;
  readonly scanOnPush: boolean;
  readonly createdAt: number;
  readonly images: Map<string, Image>;
}

export interface Image {
  readonly spec: ImageSpec;
  readonly sizeBytes: number;
  /** The last scan, running or done. */
  scan?: Scan;
  lastPullAt?: number;
}

export interface Scan {
  readonly startedAt: number;
  readonly completedAt?: number;
  readonly findings: readonly FindingSpec[];
}

export interface ImageRef {
  readonly digest?: string | undefined;
  readonly tag?: string | undefined;
}

/** The account's private ECR registry, with BASIC scanning. */
export interface Registry {
  readonly host: string;
  repositories(): readonly Repository[];
  /** Throws RepositoryNotFoundException. */
  repository(name: string): Repository;
  /** Throws ImageNotFoundException; digest and tag together have to agree. */
  image(repository: Repository, ref: ImageRef): Image;
  /** A new version of an image comes to be, scanned where the repository scans on push. */
  push(repositoryName: string, image: ImageSpec): void;
  /** BASIC scanning: once an image in 24 hours, scan-on-push included (ECR user guide, "Image scanning"). */
  startScan(repository: Repository, image: Image): void;
  /** `repository:tag` or a digest of this registry, as a container runtime reports it; undefined for what is not here. */
  imageId(image: string): string | undefined;
}

const scanIntervalMs = 24 * 3_600_000;

export const createRegistry = (ground: Ground, specs: readonly RepositorySpec[]): Registry => {
  const host = `${ground.accountId}.dkr.ecr.${ground.region}.amazonaws.com`;
  const repositories = new Map<string, Repository>();

  const add = (repository: Repository, spec: ImageSpec): Image => {
    const image: Image = {
      spec,
      sizeBytes: 20_000_000 + (Number.parseInt(spec.digest.slice(-6), 16) % 200_000_000),
    };
    // A tag names one image: pushing moves it.
    for (const other of repository.images.values())
      if (other.spec.tags.some((tag) => spec.tags.includes(tag)))
        repository.images.set(other.spec.digest, {
          ...other,
          spec: { ...other.spec, tags: other.spec.tags.filter((tag) => !spec.tags.includes(tag)) },
        });
    repository.images.set(spec.digest, image);
    return image;
  };

  const run = (repository: Repository, digest: string) => {
    const startedAt = ground.clock.now();
    const current = () => repository.images.get(digest);
    const image = current();
    if (image === undefined) return;
    image.scan = { startedAt, findings: [] };
    ground.after(timings.imageScan, () => {
      const scanned = current();
      if (scanned === undefined) return;
      scanned.scan = {
        startedAt,
        completedAt: ground.clock.now(),
        findings: scanned.spec.findings.filter(({ knownFrom }) => knownFrom <= startedAt),
      };
      ground.emit(
        imageScanCompleted({
          repositoryName: repository.name,
          repositoryArn: repository.arn,
          digest,
          tags: scanned.spec.tags,
          severityCounts: severityCounts(scanned.scan.findings),
        }),
      );
    });
  };

  for (const spec of specs) {
    const repository: Repository = {
      name: spec.name,
      arn: `arn:aws:ecr:${ground.region}:${ground.accountId}:repository/${spec.name}`,
      uri: `${host}/${spec.name}`,
      scanOnPush: spec.scanOnPush,
      createdAt: Math.min(ground.clock.now(), ...spec.images.map(({ pushedAt }) => pushedAt)) - 86_400_000,
      images: new Map(),
    };
    repositories.set(spec.name, repository);
    for (const imageSpec of spec.images) {
      const image = add(repository, imageSpec);
      if (!spec.scanOnPush || imageSpec.children !== undefined) continue;
      const startedAt = imageSpec.pushedAt + 2000;
      image.scan = {
        startedAt,
        completedAt: startedAt + timings.imageScan * 1000,
        findings: imageSpec.findings.filter(({ knownFrom }) => knownFrom <= startedAt),
      };
    }
  }

  const registry: Registry = {
    host,
    repositories: () => [...repositories.values()].sort((left, right) => (left.name < right.name ? -1 : 1)),
    repository: (name) => {
      const repository = repositories.get(name);
      if (repository === undefined)
        throw new Refusal(
          'RepositoryNotFoundException',
          `The repository with name '${name}' does not exist in the registry with id '${ground.accountId}'`,
        );
      return repository;
    },
    image: (repository, ref) => {
      const image = [...repository.images.values()].find(
        ({ spec }) =>
          (ref.digest === undefined || spec.digest === ref.digest) &&
          (ref.tag === undefined || spec.tags.includes(ref.tag)),
      );
      if (image === undefined)
        throw new Refusal(
          'ImageNotFoundException',
          `The image with imageId {imageDigest:'${ref.digest ?? 'null'}', imageTag:'${ref.tag ?? 'null'}'} does not exist within the repository with name '${repository.name}' in the registry with id '${ground.accountId}'`,
        );
      return image;
    },
    push: (name, spec) => {
      const repository = registry.repository(name);
      add(repository, spec);
      if (repository.scanOnPush && spec.children === undefined) run(repository, spec.digest);
    },
    startScan: (repository, image) => {
      if (image.spec.archived)
        throw new Refusal(
          'ImageArchivedException',
          `The image with digest '${image.spec.digest}' in the repository with name '${repository.name}' is archived`,
        );
      if (image.spec.children !== undefined)
        throw new Refusal(
          'UnsupportedImageTypeException',
          `The operation isn't supported for images of type 'application/vnd.oci.image.index.v1+json'`,
        );
      const last = image.scan?.startedAt;
      if (last !== undefined && ground.clock.now() - last < scanIntervalMs)
        throw new Refusal(
          'LimitExceededException',
          'The scan quota per image has been exceeded. Wait and try again.',
        );
      run(repository, image.spec.digest);
    },
    imageId: (reference) => {
      const [path = '', pinned] = reference.replace(`${host}/`, '').split('@');
      const [name = '', tag = 'latest'] = path.split(':');
      const image = [...(repositories.get(name)?.images.values() ?? [])].find(({ spec }) =>
        pinned === undefined ? spec.tags.includes(tag) : spec.digest === pinned,
      );
      return image === undefined ? undefined : `${host}/${name}@${image.spec.digest}`;
    },
  };
  return registry;
};

export const severityCounts = (findings: readonly FindingSpec[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1;
  return counts;
};
