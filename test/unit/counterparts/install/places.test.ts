import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { goSource, requirements, versions } from '../../../counterparts/install/places.ts';

const goModule = readFileSync(join(goSource, 'go.mod'), 'utf8');
const pythonPackages = readFileSync(requirements, 'utf8').split('\n');

describe('the pinned versions', () => {
  it.each([
    ['k8s.io/kubernetes', `v${versions.kubernetes}`],
    ['k8s.io/kubectl', `v0.${versions.kubernetes.split('.').slice(1).join('.')}`],
    ['go.etcd.io/etcd/server/v3', `v${versions.etcd}`],
  ])('of %s is the one that Go builds: %s', (module, version) => {
    expect(goModule).toContain(`\t${module} ${version}\n`);
  });

  it.each([
    ['moto', versions.moto],
    ['ministack', versions.ministack],
    ['awscli', versions.awscli],
  ])('of %s is the one that pip installs: %s', (name, version) => {
    expect(pythonPackages).toContain(`${name}==${version}`);
  });

  it('leave no Python package open', () => {
    expect(pythonPackages.filter((line) => line !== '' && !/^[\w.-]+==[\w.]+$/.test(line))).toEqual([]);
  });
});
