import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../../../../functions/cluster-upgrade/decide/canonical.ts';
import { planMarkdown } from '../../../../../functions/cluster-upgrade/decide/markdown.ts';
import { hashOfPlan, planUpgrade } from '../../../../../functions/cluster-upgrade/decide/plan.ts';
import { assess } from '../../../../../functions/cluster-upgrade/decide/preflight.ts';
import type { Snapshot } from '../../../../../functions/cluster-upgrade/decide/snapshot.ts';
import { addOn, atVersion, node, nodeGroup, snapshot } from '../../../../fixtures/upgrade-snapshot.ts';

const cni = addOn(
  'vpc-cni',
  'v1.19.0-eksbuild.1',
  [
    ['v1.19.0-eksbuild.1', ['1.34', '1.35']],
    ['v1.20.1-eksbuild.1', ['1.34', '1.35']],
    ['v1.20.4-eksbuild.10', ['1.34', '1.35']],
    ['v1.20.4-eksbuild.2', ['1.34', '1.35']],
    ['v1.21.1-eksbuild.1', ['1.35'], true],
  ],
  { configurationValues: '{"a":1}', serviceAccountRoleArn: 'arn:aws:iam::111122223333:role/cni' },
);
const ebs = addOn('aws-ebs-csi-driver', 'v1.50.0', [['v1.52.0', ['1.35'], true]]);
const proxy = addOn('kube-proxy', 'v1.34.0', [['v1.35.0', ['1.35'], true]]);
const dns = addOn('coredns', 'v1.12.1', [['v1.13.1', ['1.35'], true]]);

const full = snapshot({
  nodeGroups: [
    nodeGroup('web-b'),
    nodeGroup('own', { amiType: 'CUSTOM' }),
    nodeGroup('web-a'),
    nodeGroup('done', { version: '1.35' }),
  ],
  addOns: [ebs, cni, dns, proxy],
});

describe('a plan', () => {
  it('goes from control plane over node groups to add-ons, each in its order', () => {
    expect(planUpgrade(full).steps.map(({ id }) => id)).toEqual([
      'control-plane',
      'node-group/web-a',
      'node-group/web-b',
      'add-on/kube-proxy',
      'add-on/coredns',
      'add-on/vpc-cni@v1.20.4-eksbuild.10',
      'add-on/vpc-cni@v1.21.1-eksbuild.1',
      'add-on/aws-ebs-csi-driver',
    ]);
  });

  it('names for every step the exact call, before, after and the reason', () => {
    const { steps } = planUpgrade(full);
    expect(steps[0]).toEqual({
      id: 'control-plane',
      kind: 'control-plane',
      target: 'cluster/staging',
      before: { version: '1.34' },
      after: { version: '1.35' },
      reason: 'next-minor',
      call: {
        service: 'eks',
        operation: 'UpdateClusterVersion',
        input: { name: 'staging', version: '1.35' },
      },
    });
    expect(steps[1]?.call.input).toEqual({
      clusterName: 'staging',
      nodegroupName: 'web-a',
      version: '1.35',
      releaseVersion: '1.35.1-20261101',
    });
    expect(steps[6]).toMatchObject({
      before: { addonVersion: 'v1.20.4-eksbuild.10' },
      after: { addonVersion: 'v1.21.1-eksbuild.1' },
      call: {
        operation: 'UpdateAddon',
        input: {
          clusterName: 'staging',
          addonName: 'vpc-cni',
          addonVersion: 'v1.21.1-eksbuild.1',
          resolveConflicts: 'PRESERVE',
          configurationValues: '{"a":1}',
          serviceAccountRoleArn: 'arn:aws:iam::111122223333:role/cni',
        },
      },
    });
  });

  it('leaves the control plane out where it is at the target', () => {
    expect(planUpgrade(atVersion(full, '1.35')).steps[0]?.id).toBe('node-group/web-a');
  });

  it('proves the skew after the control plane and after the node groups', () => {
    const withOld = {
      ...full,
      nodes: [node('web-a-0', 'v1.33.9-eks-1'), { name: 'self', kubeletVersion: 'v1.34.1', ready: true }],
    };
    expect(planUpgrade(withOld).skew).toEqual([
      { stage: 'after the control plane', apiServer: '1.35', oldestKubelet: '1.33', oldestAllowed: '1.32' },
      { stage: 'after the node groups', apiServer: '1.35', oldestKubelet: '1.34', oldestAllowed: '1.32' },
    ]);
  });

  it('reads as Markdown with its hash, its checks with remedies and its steps', () => {
    const blocked = snapshot({ subnets: [] });
    const text = planMarkdown(assess(blocked));
    expect(text).toContain('# Upgrade of staging from 1.34 to 1.35');
    expect(text).toContain(assess(blocked).planHash);
    expect(text).toContain('- BLOCK free-addresses');
    expect(text).toContain('  - subnet/subnet-a: gone');
    expect(text).toContain(
      '1. cluster/staging: version 1.34 -> version 1.35 (next-minor; UpdateClusterVersion)',
    );
  });
});

const shuffled = <T>(items: readonly T[]) => fc.shuffledSubarray([...items], { minLength: items.length });

describe('the hash of a plan', () => {
  it('does not depend on the order in which anything was listed', () => {
    const listings = fc.record({
      nodeGroups: shuffled(full.nodeGroups),
      addOns: shuffled(full.addOns),
      nodes: shuffled(full.nodes),
      subnets: shuffled(full.subnets),
      versions: shuffled(full.versions),
      offers: shuffled(cni.offered),
    });
    fc.assert(
      fc.property(listings, ({ offers, ...lists }) => {
        const addOns = lists.addOns.map((found) =>
          found.name === 'vpc-cni' ? { ...found, offered: offers } : found,
        );
        expect(hashOfPlan(planUpgrade({ ...full, ...lists, addOns }))).toBe(hashOfPlan(planUpgrade(full)));
      }),
    );
  });

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (document) => {
        const reversed = Object.fromEntries(Object.entries(document).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(document));
        expect(JSON.parse(canonicalJson(document))).toEqual(JSON.parse(JSON.stringify(document)));
      }),
    );
  });

  it('does not depend on how many nodes there are, which insights pass or how many addresses are free', () => {
    const later: Partial<Snapshot> = {
      nodes: [...full.nodes, node('web-a-2', 'v1.34.3-eks-9')],
      insights: [],
      subnets: [{ id: 'subnet-a', zone: 'eu-central-1a', freeAddresses: 1 }],
      nodeGroups: full.nodeGroups.map((group) => ({ ...group, desired: group.desired + 3 })),
    };
    expect(hashOfPlan(planUpgrade({ ...full, ...later }))).toBe(hashOfPlan(planUpgrade(full)));
  });

  it.each<[string, Partial<Snapshot>]>([
    ['a node group appears', { nodeGroups: [...full.nodeGroups, nodeGroup('new')] }],
    [
      'a newer image is published',
      { nodeGroups: full.nodeGroups.map((g) => ({ ...g, targetRelease: '1.35.2-20261110' })) },
    ],
    [
      'an add-on is configured differently',
      { addOns: [ebs, { ...cni, configurationValues: '{"a":2}' }, dns, proxy] },
    ],
    ['an add-on is removed', { addOns: [cni, dns, proxy] }],
    ['the control plane has moved', { cluster: { ...full.cluster, version: '1.35' } }],
    ['a kubelet of another minor joins', { nodes: [node('web-a-9', 'v1.33.1-eks-1')] }],
  ])('changes when %s', (_what, change) => {
    expect(hashOfPlan(planUpgrade({ ...full, ...change }))).not.toBe(hashOfPlan(planUpgrade(full)));
  });
});
