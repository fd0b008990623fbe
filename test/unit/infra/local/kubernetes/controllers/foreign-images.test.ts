import { expect, it } from '@jest/globals';
import { foreignImageId } from '../../../../../../infra/local/kubernetes/controllers/foreign-images.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

it.each([
  ['busybox', 'docker.io/library/busybox'],
  ['busybox:1.37', 'docker.io/library/busybox'],
  ['grafana/grafana:12.0.0', 'docker.io/grafana/grafana'],
  ['public.ecr.aws/docker/library/busybox:1.37', 'public.ecr.aws/docker/library/busybox'],
  ['localhost/web', 'localhost/web'],
  ['registry.example:5000/web', 'registry.example:5000/web'],
  ['registry.example:5000/web:2', 'registry.example:5000/web'],
])('%s is an image of %s', (image, repository) => {
  expect(foreignImageId(image)).toMatch(
    new RegExp(`^${repository.replaceAll('.', '\\.')}@sha256:[0-9a-f]{64}$`),
  );
});

it('a reference by digest is reported as that digest, with a tag or without', () => {
  expect(foreignImageId(`quay.io/a/b@${digest}`)).toBe(`quay.io/a/b@${digest}`);
  expect(foreignImageId(`quay.io/a/b:1@${digest}`)).toBe(`quay.io/a/b@${digest}`);
});

it('the same reference has the same digest, another has another', () => {
  expect(foreignImageId('busybox:1.37')).toBe(foreignImageId('busybox:1.37'));
  expect(foreignImageId('busybox:1.37')).not.toBe(foreignImageId('busybox:1.36'));
});
