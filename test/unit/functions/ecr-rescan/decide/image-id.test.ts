import { describe, expect, it } from '@jest/globals';
import { matchesAny } from '../../../../../functions/ecr-rescan/decide/globs.ts';
import { originOf, tagOf } from '../../../../../functions/ecr-rescan/decide/image-id.ts';
import { ACCOUNT, digest, REGION, REGISTRY_HOST } from '../../../../fixtures/images.ts';

const D = digest(1);
const ours = { kind: 'ecr', registry: ACCOUNT, region: REGION, repository: 'shop/web', digest: D };

describe('the image behind what a kubelet reports', () => {
  it.each<[string, string, readonly string[], object]>([
    ['containerd', `${REGISTRY_HOST}/shop/web@${D}`, [], ours],
    ['dockershim', `docker-pullable://${REGISTRY_HOST}/shop/web@${D}`, [], ours],
    ['a tag and a digest', `${REGISTRY_HOST}/shop/web:1.4@${D}`, [], ours],
    ['FIPS', `${ACCOUNT}.dkr.ecr-fips.${REGION}.amazonaws.com/shop/web@${D}`, [], ours],
    ['dual-stack', `${ACCOUNT}.dkr-ecr.${REGION}.on.aws/shop/web@${D}`, [], ours],
    [
      'China',
      `${ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/shop/web@${D}`,
      [],
      { ...ours, region: 'cn-north-1' },
    ],
    ['no digest, but the pod asked by digest', 'sha256:abc', [`${REGISTRY_HOST}/shop/web@${D}`], ours],
    [
      'no digest anywhere',
      `${REGISTRY_HOST}/shop/web:1.4`,
      [`${REGISTRY_HOST}/shop/web:1.4`],
      { kind: 'no-digest', registry: ACCOUNT, region: REGION, reference: `${REGISTRY_HOST}/shop/web:1.4` },
    ],
    [
      'the image configuration alone',
      `sha256:${'a'.repeat(64)}`,
      [`${REGISTRY_HOST}/shop/web:1.4`],
      { kind: 'no-digest', registry: ACCOUNT, region: REGION, reference: `${REGISTRY_HOST}/shop/web:1.4` },
    ],
    [
      'Docker Hub',
      `docker.io/library/nginx@${D}`,
      ['nginx:1'],
      { kind: 'elsewhere', reference: `docker.io/library/nginx@${D}` },
    ],
    [
      'the public registry',
      `public.ecr.aws/eks/coredns@${D}`,
      [],
      { kind: 'elsewhere', reference: `public.ecr.aws/eks/coredns@${D}` },
    ],
    [
      'a host that only looks like ECR',
      `${REGISTRY_HOST}.evil.example/shop/web@${D}`,
      [],
      { kind: 'elsewhere', reference: `${REGISTRY_HOST}.evil.example/shop/web@${D}` },
    ],
    [
      'a host that ends like ECR',
      `evil.example/${REGISTRY_HOST}/shop/web@${D}`,
      [],
      { kind: 'elsewhere', reference: `evil.example/${REGISTRY_HOST}/shop/web@${D}` },
    ],
    [
      'a digest with something behind it',
      `${REGISTRY_HOST}/shop/web@${D}0`,
      [],
      { kind: 'elsewhere', reference: `${REGISTRY_HOST}/shop/web@${D}0` },
    ],
    [
      'a scheme in the middle',
      `nginx@docker://${D}`,
      [],
      { kind: 'elsewhere', reference: `nginx@docker://${D}` },
    ],
    [
      'what the pod asked for by digest before what it asked for by tag',
      'sha256:abc',
      ['nginx:1', `${REGISTRY_HOST}/shop/web:1.4`, `${REGISTRY_HOST}/shop/web@${D}`],
      ours,
    ],
    [
      'what the pod asked of ECR before what it asked of others',
      `docker.io/library/nginx@${D}`,
      ['nginx:1', `${REGISTRY_HOST}/shop/web:1.4`],
      { kind: 'no-digest', registry: ACCOUNT, region: REGION, reference: `${REGISTRY_HOST}/shop/web:1.4` },
    ],
    [
      'a configuration id that nobody asked for',
      'sha256:abc',
      [],
      { kind: 'elsewhere', reference: 'sha256:abc' },
    ],
    [
      'a configuration id of an image from elsewhere',
      'sha256:abc',
      ['nginx:1'],
      { kind: 'elsewhere', reference: 'nginx:1' },
    ],
  ])('%s', (_name, imageId, references, origin) => {
    expect(originOf(imageId, references)).toEqual(origin);
  });

  it.each([
    [`${REGISTRY_HOST}/shop/web:1.4`, '1.4'],
    [`${REGISTRY_HOST}/shop/web:1.4@${D}`, '1.4'],
    [`${REGISTRY_HOST}/shop/web@${D}`, undefined],
    ['nginx:1', undefined],
  ])('the tag of %s is %s', (reference, tag) => {
    expect(tagOf(reference)).toBe(tag);
  });
});

describe('repository patterns', () => {
  it.each([
    [['shop/*'], 'shop/web', true],
    [['shop/*'], 'shop/api/v2', true],
    [['shop/*'], 'shopping/web', false],
    [['*'], 'anything/at.all', true],
    [['shop/web'], 'shop/web2', false],
    [['a.b'], 'axb', false],
    [['a.b'], 'a.b', true],
    [['a-b*'], 'a-b.c', true],
    [['other', 'shop/w*b'], 'shop/web', true],
    [['*/web'], 'team/shop/web', true],
    [[], 'shop/web', false],
  ])('%j and %s: %s', (globs, name, matches) => {
    expect(matchesAny(globs, name)).toBe(matches);
  });
});
