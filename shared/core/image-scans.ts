/** What the product knows of image registries; `shared/aws/ecr` implements the ports. */

/** From harmless to grave; `UNDEFINED` is ECR's word for a finding that nobody rated. */
export const SEVERITIES = ['UNDEFINED', 'INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const atLeast = (severity: Severity, minimum: Severity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minimum);

/** An image by what makes it that image: tags are labels that move. */
export interface ImageIdentity {
  /** Account id of the registry. */
  readonly registry: string;
  readonly region: string;
  readonly repository: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

/** `registry/region/repository@digest`. */
export const imageKey = (image: ImageIdentity): string =>
  `${image.registry}/${image.region}/${image.repository}@${image.digest}`;

/** What runs a pod, as far as the pod itself tells. */
export interface Workload {
  readonly cluster: string;
  readonly namespace: string;
  /** `Deployment`, `StatefulSet`, `Job`, ...; `Pod` for a pod that nobody owns. */
  readonly kind: string;
  readonly name: string;
}

/** An image as kubelets report it, with everything that runs it. */
export interface RunningImage {
  /** `status...imageID` as reported: may carry a `docker-pullable://`, may lack a digest. */
  readonly imageId: string;
  /** `status...image`, what the pods asked for: tags are found here. */
  readonly references: readonly string[];
  readonly workloads: readonly Workload[];
}

/** One vulnerability in one package of an image. */
export interface Finding {
  /** `CVE-2026-12345`, or whatever name the scanner gives. */
  readonly cve: string;
  readonly package: string;
  readonly version: string;
  readonly severity: Severity;
  /** First version without it, where the scanner knows one. */
  readonly fixedIn?: string;
  readonly uri?: string;
}

/** What a registry says about the last scan of an image. Only `complete` says anything about findings. */
export type ScanResult =
  | { readonly kind: 'complete'; readonly completedAt: number; readonly findings: readonly Finding[] }
  | { readonly kind: 'running' }
  /** Never scanned, or the result was dropped. */
  | { readonly kind: 'no-scan' }
  | { readonly kind: 'image-not-found' }
  | { readonly kind: 'archived' }
  | { readonly kind: 'unsupported'; readonly description: string }
  | { readonly kind: 'failed'; readonly description: string }
  /** The pages belong to more than one scan. */
  | { readonly kind: 'partial'; readonly description: string }
  /** Any other status, enhanced scanning's among them. */
  | { readonly kind: 'unavailable'; readonly status: string };

/** What came of asking for a scan. */
export type StartResult =
  | { readonly kind: 'started' }
  /** Scanned within the last 24 hours, by whomever: as good as a success. */
  | { readonly kind: 'too-soon' }
  /** Another limit of the account: 100,000 images in 24 hours. */
  | { readonly kind: 'quota'; readonly message: string }
  | { readonly kind: 'unsupported'; readonly message: string }
  | { readonly kind: 'archived' }
  | { readonly kind: 'not-found'; readonly message: string }
  /** Enhanced scanning: there is no scan to start. */
  | { readonly kind: 'disabled'; readonly message: string };

export interface RegistryFacts {
  /** Account id. */
  readonly registry: string;
  readonly region: string;
  readonly scanning: 'BASIC' | 'ENHANCED';
}

export interface ImageScans {
  registry(): Promise<RegistryFacts>;
  /** Throws what is no answer about the image: access denied, throttled, server errors. */
  start(image: ImageIdentity): Promise<StartResult>;
  /** All findings, every page. Throws as `start` does. */
  result(image: ImageIdentity): Promise<ScanResult>;
}

export interface TaggedImage {
  readonly digest: string;
  readonly tags: readonly string[];
}

export interface ImageRepositories {
  /** Names of the registry's repositories, page by page. */
  repositories(): AsyncIterable<readonly string[]>;
  taggedImages(repository: string): AsyncIterable<readonly TaggedImage[]>;
}
