/** Where an image that a kubelet reports comes from. */
export type ImageOrigin =
  | {
      readonly kind: 'ecr';
      readonly registry: string;
      readonly region: string;
      readonly repository: string;
      readonly digest: string;
    }
  /** An ECR repository, but nobody says which image of it. */
  | {
      readonly kind: 'no-digest';
      readonly registry: string;
      readonly region: string;
      readonly reference: string;
    }
  | { readonly kind: 'elsewhere'; readonly reference: string };

/** Private registries: plain, FIPS, dual-stack and China's host names. */
const ECR_REFERENCE =
  /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)\/([^@:]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?$/;

const SCHEME = /^[a-z-]+:\/\//; // docker-pullable://, docker://, containerd://

const parse = (reference: string): ImageOrigin => {
  const [, registry, region, repository, , digest] = ECR_REFERENCE.exec(reference) ?? [];
  if (registry === undefined || region === undefined || repository === undefined) {
    return { kind: 'elsewhere', reference };
  }
  if (digest === undefined) return { kind: 'no-digest', registry, region, reference };
  return { kind: 'ecr', registry, region, repository, digest };
};

/**
 * The image behind a kubelet's `imageID`, which may lack a digest or (`sha256:...` alone) name the image's
 * configuration instead of its manifest; then what the pods asked for decides.
 */
export const originOf = (imageId: string, references: readonly string[]): ImageOrigin => {
  const reported = parse(imageId.replace(SCHEME, ''));
  if (reported.kind === 'ecr') return reported;
  const asked = references.map(parse);
  return (
    asked.find(({ kind }) => kind === 'ecr') ??
    asked.find(({ kind }) => kind === 'no-digest') ??
    (imageId.startsWith('sha256:') && asked[0] !== undefined ? asked[0] : reported)
  );
};

/** The tag in `host/repository:tag` or `host/repository:tag@digest`, if there is one. */
export const tagOf = (reference: string): string | undefined => ECR_REFERENCE.exec(reference)?.[4];
