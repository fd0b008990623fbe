import { describe, expect, it } from '@jest/globals';
import type { Check } from '../../../../../functions/cluster-upgrade/decide/check.ts';
import { assess } from '../../../../../functions/cluster-upgrade/decide/preflight.ts';
import type { Snapshot } from '../../../../../functions/cluster-upgrade/decide/snapshot.ts';
import {
  addOn,
  atVersion,
  insight,
  node,
  nodeGroup,
  snapshot,
} from '../../../../fixtures/upgrade-snapshot.ts';

/** What people read about each check: its figures, and what to do. */

const base = snapshot();
const cluster = (more: Partial<Snapshot['cluster']>): Partial<Snapshot> => ({
  cluster: { ...base.cluster, ...more },
});
const offers = (version: string, support: string, endOfStandardSupport?: string) => ({
  version,
  support,
  ...(endOfStandardSupport === undefined ? {} : { endOfStandardSupport }),
});
const versionUpdate = { id: 'u-1', type: 'VersionUpdate', params: { Version: '1.35' } };
const unready = { ...nodeGroup('web-a'), status: 'DEGRADED' };
const { targetRelease: _release, ...withoutRelease } = nodeGroup('old', { amiType: 'AL2_x86_64' });

const checkOf = (name: string, found: Snapshot): Check | undefined =>
  assess(found).checks.find(({ check }) => check === name);

type Row = [check: string, change: Partial<Snapshot>, summary: string, remedy?: string];

const rows: readonly Row[] = [
  ['target-version', {}, '1.34 to 1.35 is one minor, in standard support until 2027-03-27'],
  [
    'target-version',
    { versions: [offers('1.35', 'STANDARD_SUPPORT')] },
    '1.34 to 1.35 is one minor, in standard support',
  ],
  [
    'target-version',
    cluster({ version: '1.35' }),
    'the control plane is at 1.35 already; what is behind is brought up',
  ],
  [
    'target-version',
    { target: 'latest' },
    'latest is not a Kubernetes minor such as 1.35',
    'name the target as 1.<minor>',
  ],
  [
    'target-version',
    cluster({ version: 'unknown' }),
    'unknown is not a Kubernetes minor such as 1.35',
    'name the target as 1.<minor>',
  ],
  [
    'target-version',
    { target: '1.36' },
    'the cluster runs 1.34; an upgrade goes one minor at a time, 1.36 is not the next one',
    'upgrade to 1.35 first',
  ],
  [
    'target-version',
    { target: '1.33' },
    'the cluster runs 1.34; an upgrade goes one minor at a time, 1.33 is not the next one',
    'upgrade to 1.35; going back is not offered',
  ],
  [
    'target-version',
    {
      versions: [
        offers('1.36', 'STANDARD_SUPPORT'),
        offers('1.33', 'EXTENDED_SUPPORT'),
        offers('1.30', 'UNSUPPORTED'),
      ],
    },
    'EKS does not offer 1.35',
    'choose one of: 1.33, 1.36',
  ],
  [
    'target-version',
    { versions: [offers('1.34', 'EXTENDED_SUPPORT'), offers('1.35', 'UNSUPPORTED')] },
    'EKS no longer supports 1.35',
    'choose one of: 1.34',
  ],
  [
    'target-version',
    { versions: [offers('1.34', 'UNSUPPORTED'), offers('1.35', 'EXTENDED_SUPPORT')] },
    '1.35 is in extended support, which costs extra',
    'go on to a version in standard support afterwards',
  ],
  ['insights', {}, 'all 1 upgrade insights pass'],
  [
    'insights',
    cluster({ version: '1.35' }),
    'the control plane is at 1.35; upgrade insights no longer apply',
  ],
  [
    'insights',
    { insightsRefresh: 'FAILED' },
    'the refresh of the insights ended as FAILED, so what they say may be old',
    'plan again in a few minutes; EKS needs the cluster to be reachable for it',
  ],
  [
    'insights',
    { insights: [] },
    'EKS has no upgrade insight about 1.35 yet',
    'plan again later: an empty list is not a pass',
  ],
  [
    'insights',
    { insights: [insight('PASSING'), insight('ERROR'), insight('WARNING')] },
    '1 of 3 upgrade insights do not pass',
    'see the insight in the EKS console',
  ],
  [
    'insights',
    {
      insights: [
        insight('ERROR', { recommendation: 'Then that.' }),
        insight('UNKNOWN', { recommendation: 'First this.' }),
        insight('ERROR', { recommendation: 'Then that.' }),
        insight('WARNING', { recommendation: 'Not this one.' }),
      ],
    },
    '3 of 4 upgrade insights do not pass',
    'First this. Then that.',
  ],
  [
    'insights',
    { insights: [insight('PASSING'), insight('WARNING', { recommendation: 'Soon.' })] },
    '1 of 2 upgrade insights warn',
    'Soon.',
  ],
  ['cluster-health', {}, '1 healthy and ACTIVE'],
  [
    'cluster-health',
    cluster({ status: 'FAILED', issues: [{ code: 'Odd', message: '' }] }),
    '2 problem(s) found',
    'repair what EKS names under the cluster’s health issues, wait until it is ACTIVE, then plan again',
  ],
  [
    'cluster-health',
    { ...cluster({ status: 'UPDATING' }), running: [versionUpdate] },
    'the update that is wanted is under way already; it is carried on from there',
    'nothing to do',
  ],
  ['running-updates', {}, 'no update of the cluster is under way'],
  ['running-updates', { running: [versionUpdate] }, 'the wanted update is under way already'],
  [
    'running-updates',
    { running: [{ ...versionUpdate, type: 'LoggingUpdate' }] },
    'another update of the cluster is under way',
    'wait until it has ended, then plan again',
  ],
  ['node-group-health', {}, '1 healthy and ACTIVE'],
  ['node-group-health', { nodeGroups: [] }, 'there are none'],
  [
    'node-group-health',
    { nodeGroups: [unready] },
    '1 problem(s) found',
    'repair what EKS names under the node group’s health issues, wait until it is ACTIVE, then plan again',
  ],
  [
    'add-on-health',
    { addOns: [addOn('x', 'v1.0.0', [], { status: 'DEGRADED' })] },
    '1 problem(s) found',
    'repair the add-on (its health issues say why), or delete it where nobody needs it, then plan again',
  ],
  ['kubelet-skew', {}, 'all 2 kubelets are from 1.32 to 1.34'],
  [
    'kubelet-skew',
    { nodes: [node('a', 'v1.31.0'), node('b', 'v1.34.0')] },
    '1 of 2 kubelets are older than 1.32, which an API server at 1.35 no longer bears',
    'bring these nodes to 1.34 first: update their node groups, replace self-managed nodes',
  ],
  [
    'kubelet-skew',
    { nodes: [node('a', 'v1.35.0'), node('b', ''), node('c', '?')] },
    '3 kubelets are newer than the API server at 1.34, or say no version',
    'replace these nodes by ones of the cluster’s version',
  ],
  [
    'kubelet-skew',
    { nodes: [{ name: 'own', kubeletVersion: 'v1.34.1', ready: true }] },
    '1 nodes belong to no managed node group; they stay at their version',
    'replace them yourself after the upgrade: their kubelets are within the skew until then',
  ],
  ['free-addresses', {}, '2 subnets in 2 zones have 5 free addresses or more'],
  ['free-addresses', cluster({ version: '1.35' }), 'the control plane does not move'],
  [
    'free-addresses',
    { subnets: [{ id: 'subnet-a', zone: 'a', freeAddresses: 50 }] },
    'subnets with 5 free addresses are needed in 2 zones, there are some in 1',
    'free addresses in these subnets, or give the cluster further subnets (UpdateClusterConfig)',
  ],
  ['add-on-versions', {}, 'all 1 add-ons have a version for 1.35'],
  [
    'add-on-versions',
    { addOns: [addOn('x', 'v1.0.0', []), addOn('y', 'v1.0.0', [['v1.0.0', ['1.35'], true]])] },
    'EKS offers no version for 1.35 that 1 of 2 add-ons could go to',
    'wait until its publisher offers one, or remove the add-on',
  ],
  [
    'add-on-versions',
    { addOns: [addOn('x', 'v1.0.0', [['v1.1.0', ['1.35'], true]])] },
    '1 add-ons run a version that EKS does not list for 1.35 until the plan has updated them',
    'nothing to do: the plan updates them after the nodes',
  ],
  ['node-images', {}, 'all 1 node groups to update have an image for 1.35'],
  [
    'node-images',
    { nodeGroups: [withoutRelease] },
    "AWS publishes no image of 1 node groups' family for 1.35",
    'move these workloads to a node group of a family that goes on (AL2 ended with 1.32)',
  ],
  [
    'node-images',
    { nodeGroups: [nodeGroup('own', { amiType: 'CUSTOM' })] },
    '1 node groups run an image of your own; they are left alone',
    'build an image for 1.35 and give the groups a launch template version with it',
  ],
  ['something-to-do', {}, '3 steps'],
  [
    'something-to-do',
    { ...cluster({ version: '1.35' }), nodeGroups: [], addOns: [] },
    'control plane, node groups and add-ons are at 1.35 already',
    'name the next minor',
  ],
];

describe('a check says', () => {
  it.each(rows.map(([check, change, summary, remedy]) => [check, change, summary, remedy] as const))(
    '%s with %j: %s',
    (check, change, summary, remedy) => {
      const found = checkOf(check, snapshot(change));
      expect([found?.summary, found?.remedy]).toEqual([summary, remedy]);
    },
  );

  it('which cluster has nothing to do', () => {
    const done = { ...atVersion(base, '1.35'), nodeGroups: [], addOns: [] };
    expect(checkOf('something-to-do', done)?.objects).toEqual(['cluster/staging']);
  });
});

describe('an insight is told by', () => {
  it.each([
    [{ reason: 'old API' }, ['ERROR insight error: old API']],
    [
      { deprecated: [{ usage: '/apis/a/v1beta1', clients: [] }] },
      ['ERROR insight error', 'insight error: /apis/a/v1beta1'],
    ],
    [
      { deprecated: [{ usage: '/apis/a/v1beta1', stopServingVersion: '1.36', clients: ['argo', 'flux'] }] },
      ['ERROR insight error', 'insight error: /apis/a/v1beta1, gone in 1.36, called by argo, flux'],
    ],
    [
      { deprecated: [{ usage: '/apis/a/v1beta1', replacedWith: '/apis/a/v1', clients: [] }] },
      ['ERROR insight error', 'insight error: /apis/a/v1beta1, use /apis/a/v1'],
    ],
  ])('%j', (more, objects) => {
    expect(checkOf('insights', snapshot({ insights: [insight('ERROR', more)] }))?.objects).toEqual(objects);
  });
});

describe('health', () => {
  it.each([
    [{ code: 'Odd', message: 'it is' }, 'cluster/staging: Odd: it is'],
    [{ code: 'Odd', message: '' }, 'cluster/staging: Odd'],
  ])('tells the issue %j as "%s"', (issue, object) => {
    expect(checkOf('cluster-health', snapshot(cluster({ issues: [issue] })))?.objects).toEqual([object]);
  });

  it('is not that of a cluster with another update under way', () => {
    const running = [{ id: 'u-9', type: 'LoggingUpdate', params: {} }];
    const check = checkOf('cluster-health', snapshot({ ...cluster({ status: 'UPDATING' }), running }));
    expect([check?.verdict, check?.objects]).toEqual(['block', ['cluster/staging is UPDATING']]);
  });
});

it('a node that nobody manages and that is at the target already needs nobody', () => {
  const nodes = [{ name: 'own', kubeletVersion: 'v1.35.0', ready: true }];
  expect(checkOf('kubelet-skew', snapshot({ ...cluster({ version: '1.35' }), nodes }))?.verdict).toBe('pass');
});

describe('what is under way is adopted', () => {
  const group = (more: Parameters<typeof nodeGroup>[1]) =>
    checkOf('node-group-health', snapshot({ nodeGroups: [nodeGroup('web-a', more)] }));

  it.each([
    ['while it updates to the target', { status: 'UPDATING', running: [versionUpdate] }, 'warn'],
    ['not while the group is ACTIVE', { status: 'ACTIVE', running: [versionUpdate] }, 'pass'],
    ['not while the group is DEGRADED', { status: 'DEGRADED', running: [versionUpdate] }, 'block'],
    [
      'not with an issue',
      { status: 'UPDATING', running: [versionUpdate], issues: [{ code: 'Odd', message: 'm' }] },
      'block',
    ],
    ['not without an update', { status: 'UPDATING', running: [] }, 'block'],
  ])('%s', (_, more, verdict) => {
    expect(group(more)?.verdict).toBe(verdict);
  });

  it('with every update that is wanted named', () => {
    const running = [versionUpdate, { ...versionUpdate, id: 'u-2' }];
    expect(group({ status: 'UPDATING', running })?.objects).toEqual(['node-group/web-a: update u-1, u-2']);
  });

  const update = (id: string, AddonVersion: string) => ({
    id,
    type: 'AddonUpdate',
    params: { AddonVersion },
  });
  it.each([
    ['v1.20.0', [['v1.20.0', true]], 'warn'],
    ['v1.19.0', [['v1.20.0', true]], 'block'],
    [
      'v1.19.0',
      [
        ['v1.19.0', false],
        ['v1.20.0', true],
      ],
      'warn',
    ],
    ['v1.18.0', [['v1.18.0', true]], 'block'],
  ] as const)('of an add-on at v1.18.0 to %s where EKS offers %j: %s', (version, versions, verdict) => {
    const found = addOn(
      'vpc-cni',
      'v1.18.0',
      versions.map(([offered, isDefault]) => [offered, ['1.35'], isDefault]),
      { status: 'UPDATING', running: [update('u-1', version), update('u-2', 'v1.0.0')] },
    );
    const check = checkOf('add-on-health', snapshot({ addOns: [found] }));
    expect(check?.verdict).toBe(verdict);
    if (verdict === 'warn') expect(check?.objects).toEqual(['add-on/vpc-cni: update u-1']);
  });
});
