import { describe, expect, it } from '@jest/globals';
import {
  isAddOnUpdateTo,
  isVersionUpdateTo,
} from '../../../../../functions/cluster-upgrade/decide/adoption.ts';
import { byName, canonicalJson } from '../../../../../functions/cluster-upgrade/decide/canonical.ts';
import { block } from '../../../../../functions/cluster-upgrade/decide/check.ts';
import { planUpgrade } from '../../../../../functions/cluster-upgrade/decide/plan.ts';
import type { Snapshot } from '../../../../../functions/cluster-upgrade/decide/snapshot.ts';
import { addOn, atVersion, node, nodeGroup, snapshot } from '../../../../fixtures/upgrade-snapshot.ts';

const steps = (change: Partial<Snapshot>) => planUpgrade(atVersion(snapshot(change), '1.35')).steps;

describe('a step', () => {
  it('of a node group names release and version', () => {
    expect(steps({ addOns: [] })).toEqual([
      {
        id: 'node-group/web-a',
        kind: 'node-group',
        target: 'node-group/web-a',
        before: { version: '1.34', releaseVersion: '1.34.2-20261001' },
        after: { version: '1.35', releaseVersion: '1.35.1-20261101' },
        reason: 'behind-control-plane',
        call: {
          service: 'eks',
          operation: 'UpdateNodegroupVersion',
          input: {
            clusterName: 'staging',
            nodegroupName: 'web-a',
            version: '1.35',
            releaseVersion: '1.35.1-20261101',
          },
        },
      },
    ]);
  });

  it('of a node group leaves the release to EKS where nobody names one', () => {
    const { targetRelease: _release, ...group } = nodeGroup('win', { amiType: 'WINDOWS_CORE_2022_x86_64' });
    const [step] = steps({ nodeGroups: [group], addOns: [] });
    expect(step?.after).toStrictEqual({ version: '1.35' });
    expect(step?.call.input).toStrictEqual({ clusterName: 'staging', nodegroupName: 'win', version: '1.35' });
  });

  it('of an add-on sends again only what is configured', () => {
    const found = addOn('coredns', 'v1.12.1', [['v1.13.1', ['1.35'], true]]);
    expect(steps({ nodeGroups: [], addOns: [found] })).toStrictEqual([
      {
        id: 'add-on/coredns',
        kind: 'add-on',
        target: 'add-on/coredns',
        before: { addonVersion: 'v1.12.1' },
        after: { addonVersion: 'v1.13.1' },
        reason: 'recommended-for-target',
        call: {
          service: 'eks',
          operation: 'UpdateAddon',
          input: {
            clusterName: 'staging',
            addonName: 'coredns',
            addonVersion: 'v1.13.1',
            resolveConflicts: 'PRESERVE',
          },
        },
      },
    ]);
  });

  it('of an add-on that goes minor by minor begins where the one before ended', () => {
    const cni = addOn('vpc-cni', 'v1.18.0', [
      ['v1.19.0', ['1.35']],
      ['v1.20.0', ['1.35']],
      ['v1.21.0', ['1.35'], true],
    ]);
    expect(
      steps({ nodeGroups: [], addOns: [cni] }).map(({ id, before, after, reason }) => [
        id,
        before.addonVersion,
        after.addonVersion,
        reason,
      ]),
    ).toEqual([
      ['add-on/vpc-cni@v1.19.0', 'v1.18.0', 'v1.19.0', 'one-minor-at-a-time'],
      ['add-on/vpc-cni@v1.20.0', 'v1.19.0', 'v1.20.0', 'one-minor-at-a-time'],
      ['add-on/vpc-cni@v1.21.0', 'v1.20.0', 'v1.21.0', 'recommended-for-target'],
    ]);
  });
});

describe('the proof of skew', () => {
  const stages = (change: Partial<Snapshot>) =>
    planUpgrade(snapshot(change)).skew.map(({ oldestKubelet }) => oldestKubelet);

  it.each<[string, Partial<Snapshot>, string[]]>([
    ['without nodes', { nodes: [] }, ['1.35', '1.35']],
    ['with a group that is rolled', { nodes: [node('a', 'v1.33.1')] }, ['1.33', '1.35']],
    ['with a node that stays', { nodes: [node('a', 'v1.33.1', 'elsewhere')] }, ['1.33', '1.33']],
    ['with nothing to roll and no nodes', { nodeGroups: [], nodes: [] }, ['1.35', '1.35']],
    ['with nothing to roll', { nodeGroups: [], nodes: [node('a', 'v1.34.1')] }, ['1.34', '1.34']],
    ['with a node ahead of what is rolled', { nodes: [node('a', 'v1.36.0', 'elsewhere')] }, ['1.36', '1.35']],
    ['with a kubelet that says no version', { nodes: [node('a', '?')] }, ['1.35', '1.35']],
  ])('%s', (_, change, oldest) => {
    expect(stages(change)).toEqual(oldest);
  });

  it('takes a node that nobody manages as staying', () => {
    const own = { name: 'own', kubeletVersion: 'v1.33.0', ready: true };
    expect(stages({ nodes: [own] })).toEqual(['1.33', '1.33']);
  });
});

describe('an update under way is the wanted one', () => {
  const update = (type: string, params: Record<string, string>) => ({ id: 'u', type, params });
  it.each([
    [update('VersionUpdate', { Version: '1.35' }), true, false],
    [update('VersionUpdate', { Version: '1.34' }), false, false],
    [update('ConfigUpdate', { Version: '1.35' }), false, false],
    [update('AddonUpdate', { AddonVersion: 'v1' }), false, true],
    [update('AddonUpdate', { AddonVersion: 'v2' }), false, false],
    [update('VersionUpdate', { AddonVersion: 'v1' }), false, false],
  ])('%j: version %s, add-on %s', (found, version, addOnVersion) => {
    expect(isVersionUpdateTo(found, '1.35')).toBe(version);
    expect(isAddOnUpdateTo(found, 'v1')).toBe(addOnVersion);
  });
});

describe('one order', () => {
  it('of members, whatever the language of the machine', () => {
    expect(canonicalJson({ b: 1, a: { z: 1, Z: 2, ä: 3 }, B: [{ d: 1, c: null }] })).toBe(
      '{"B":[{"c":null,"d":1}],"a":{"Z":2,"z":1,"ä":3},"b":1}',
    );
  });

  it.each([
    ['a', 'b', -1],
    ['b', 'a', 1],
    ['a', 'a', 0],
    ['B', 'a', -1],
  ])('of names: %s against %s', (a, b, sign) => {
    expect(byName({ name: a }, { name: b })).toBe(sign);
  });

  it.each([
    [49, undefined],
    [50, undefined],
    [51, 1],
  ])('of %i objects: %s more', (count, more) => {
    const objects = Array.from({ length: count }, (_, index) => `node/${String(index).padStart(2, '0')}`);
    const check = block('x', { summary: 's', objects: objects.toReversed(), remedy: 'r' });
    expect(check.objects).toEqual(objects.slice(0, 50));
    expect(check.moreObjects).toBe(more);
    expect('moreObjects' in check).toBe(more !== undefined);
  });
});
