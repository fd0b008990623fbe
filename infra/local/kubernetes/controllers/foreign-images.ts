import { createHash } from 'node:crypto';

/** `busybox` is `docker.io/library/busybox`: how containerd completes the name of an image. */
const qualified = (name: string): string => {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${name}`;
  return /[.:]/.test(first) || first === 'localhost' ? name : `docker.io/${name}`;
};

/**
 * What a kubelet on containerd reports as `imageID` of an image that no registry here knows: its repository and a digest,
 * the same at every run for the same reference. A reference by digest is reported as that digest.
 */
export const foreignImageId = (image: string): string => {
  const [named = '', digest] = image.split('@');
  // A colon after the last slash begins a tag; one before it a port.
  const repository = qualified(named.replace(/:[^/:]+$/, ''));
  return `${repository}@${digest ?? `sha256:${createHash('sha256').update(image).digest('hex')}`}`;
};
