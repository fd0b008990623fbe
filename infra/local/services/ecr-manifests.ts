import { createHash } from 'node:crypto';
import type { Image } from '../world/registry.ts';

const imageType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

export const imageMediaType = ({ spec }: Image): string =>
  spec.children === undefined ? imageType : indexType;

/** An OCI image manifest, or the index of a multi-architecture image. */
export const imageManifest = ({ spec, sizeBytes }: Image): string =>
  JSON.stringify(
    spec.children === undefined
      ? {
          schemaVersion: 2,
          mediaType: imageType,
          config: {
            mediaType: 'application/vnd.oci.image.config.v1+json',
            digest: derived(spec.digest, 'config'),
            size: 4096,
          },
          layers: [
            {
              mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
              digest: derived(spec.digest, 'layer'),
              size: sizeBytes,
            },
          ],
        }
      : {
          schemaVersion: 2,
          mediaType: indexType,
          manifests: spec.children.map(({ digest, architecture }) => ({
            mediaType: imageType,
            digest,
            size: 1024,
            platform: { architecture, os: 'linux' },
          })),
        },
  );

const derived = (digest: string, what: string): string =>
  `sha256:${createHash('sha256').update(`${digest}/${what}`).digest('hex')}`;
