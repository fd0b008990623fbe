import { describe, expect, it } from '@jest/globals';
import type { Check } from '../../../../../functions/cluster-upgrade/decide/check.ts';
import { block } from '../../../../../functions/cluster-upgrade/decide/check.ts';
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

const checkOf = (name: string, found: Snapshot): Check => {
  const check = assess(found).checks.find(({ check: code }) => code === name);
  if (check === undefined) throw new Error(`no check ${name}`);
  return check;
};

const base = snapshot();
const cluster = (more: Partial<Snapshot['cluster']>): Partial<Snapshot> => ({
  cluster: { ...base.cluster, ...more },
});
const issue = { code: 'Ec2SubnetNotFound', message: 'subnet-9 is gone' };
const versionUpdate = (Version: string) => ({ id: 'u-1', type: 'VersionUpdate', params: { Version } });

type Row = [what: string, verdict: Check['verdict'], change: Partial<Snapshot>, objects: readonly string[]];

describe('a healthy cluster', () => {
  it('passes every check and is blocked by none', () => {
    const { checks, blockedBy } = assess(base);
    expect(checks.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual([
      'target-version pass',
      'insights pass',
      'cluster-health pass',
      'running-updates pass',
      'node-group-health pass',
      'add-on-health pass',
      'kubelet-skew pass',
      'free-addresses pass',
      'add-on-versions pass',
      'node-images pass',
      'something-to-do pass',
    ]);
    expect(blockedBy).toEqual([]);
  });

  it('names a remedy wherever it does not pass, and at most 50 objects', () => {
    const many = Array.from({ length: 62 }, (_, index) => `node/n-${String(index).padStart(2, '0')}`);
    const check = block('kubelet-skew', { summary: 's', objects: many, remedy: 'r' });
    expect(check.objects).toHaveLength(50);
    expect(check.moreObjects).toBe(12);
    expect(check.remedy).toBe('r');
  });
});

describe('the target version', () => {
  it.each<Row>([
    ['is the next minor', 'pass', {}, []],
    ['is two minors ahead', 'block', { target: '1.36' }, ['cluster/staging']],
    ['is a minor back', 'block', { target: '1.33' }, ['cluster/staging']],
    ['is no minor at all', 'block', { target: 'latest' }, ['cluster/staging']],
    ['is not offered by EKS', 'block', { versions: [] }, ['cluster/staging']],
    [
      'is no longer supported',
      'block',
      { versions: [{ version: '1.35', support: 'UNSUPPORTED' }] },
      ['cluster/staging'],
    ],
    [
      'is in extended support',
      'warn',
      { versions: [{ version: '1.35', support: 'EXTENDED_SUPPORT' }] },
      ['cluster/staging'],
    ],
    ['is the control plane’s own while groups are behind', 'pass', cluster({ version: '1.35' }), []],
  ])('%s: %s', (_what, verdict, change, objects) => {
    expect(checkOf('target-version', snapshot(change))).toMatchObject({ verdict, objects });
  });

  it('says which minor comes first', () => {
    expect(checkOf('target-version', snapshot({ target: '1.37' })).remedy).toBe('upgrade to 1.35 first');
  });
});

describe('upgrade insights', () => {
  it.each<Row>([
    ['all pass', 'pass', { insights: [insight('PASSING'), insight('PASSING')] }, []],
    ['there are none', 'block', { insights: [] }, []],
    [
      'only later minors have any',
      'block',
      { insights: [insight('PASSING', { kubernetesVersion: '1.36' })] },
      [],
    ],
    [
      'one is unknown',
      'block',
      { insights: [insight('PASSING'), insight('UNKNOWN')] },
      ['UNKNOWN insight unknown'],
    ],
    [
      'one is an error',
      'block',
      { insights: [insight('ERROR', { reason: 'used' })] },
      ['ERROR insight error: used'],
    ],
    [
      'one warns',
      'warn',
      { insights: [insight('PASSING'), insight('WARNING')] },
      ['WARNING insight warning'],
    ],
    [
      'a later minor has an error',
      'pass',
      { insights: [insight('PASSING'), insight('ERROR', { kubernetesVersion: '1.36' })] },
      [],
    ],
    ['the refresh failed', 'block', { insightsRefresh: 'FAILED' }, []],
    ['the refresh is not through', 'block', { insightsRefresh: 'IN_PROGRESS' }, []],
    ['the control plane is there already', 'pass', { ...cluster({ version: '1.35' }), insights: [] }, []],
  ])('%s: %s', (_what, verdict, change, objects) => {
    expect(checkOf('insights', snapshot(change))).toMatchObject({ verdict, objects });
  });

  it('count where they name no version', () => {
    const { kubernetesVersion: _none, ...unversioned } = insight('ERROR');
    expect(checkOf('insights', snapshot({ insights: [insight('PASSING'), unversioned] })).verdict).toBe(
      'block',
    );
  });

  it('name the deprecated API, its replacement, who calls it and the resource', () => {
    const found = insight('ERROR', {
      name: 'APIs',
      recommendation: 'Migrate manifests.',
      resources: ['/apis/flowcontrol/v1beta3/flowschemas/x'],
      deprecated: [
        {
          usage: '/apis/flowcontrol/v1beta3',
          replacedWith: '/apis/flowcontrol/v1',
          stopServingVersion: '1.35',
          clients: ['argocd/v2 (31 in 30 days)'],
        },
      ],
    });
    expect(checkOf('insights', snapshot({ insights: [found] }))).toMatchObject({
      objects: [
        'APIs: /apis/flowcontrol/v1beta3, gone in 1.35, use /apis/flowcontrol/v1, called by argocd/v2 (31 in 30 days)',
        'APIs: /apis/flowcontrol/v1beta3/flowschemas/x',
        'ERROR APIs',
      ],
      remedy: 'Migrate manifests.',
    });
  });
});

describe('health', () => {
  it.each<[check: string, ...Row]>([
    [
      'cluster-health',
      'the cluster is UPDATING',
      'block',
      cluster({ status: 'UPDATING' }),
      ['cluster/staging is UPDATING'],
    ],
    [
      'cluster-health',
      'the wanted update is under way',
      'warn',
      { ...cluster({ status: 'UPDATING' }), running: [versionUpdate('1.35')] },
      ['cluster/staging: update u-1'],
    ],
    [
      'cluster-health',
      'EKS reports an issue',
      'block',
      cluster({ issues: [issue] }),
      ['cluster/staging: Ec2SubnetNotFound: subnet-9 is gone'],
    ],
    [
      'running-updates',
      'another update runs',
      'block',
      { running: [{ id: 'u-2', type: 'LoggingUpdate', params: {} }] },
      ['cluster/staging: LoggingUpdate u-2'],
    ],
    [
      'running-updates',
      'an update to another version runs',
      'block',
      { running: [versionUpdate('1.34')] },
      ['cluster/staging: VersionUpdate u-1'],
    ],
    ['running-updates', 'the wanted update runs', 'pass', { running: [versionUpdate('1.35')] }, []],
    [
      'node-group-health',
      'a group is DEGRADED',
      'block',
      { nodeGroups: [nodeGroup('web-a', { status: 'DEGRADED' }), nodeGroup('web-b')] },
      ['node-group/web-a is DEGRADED'],
    ],
    [
      'node-group-health',
      'a group has an issue',
      'block',
      { nodeGroups: [nodeGroup('web-a', { issues: [issue] })] },
      ['node-group/web-a: Ec2SubnetNotFound: subnet-9 is gone'],
    ],
    [
      'node-group-health',
      'a group is on its way to the target',
      'warn',
      { nodeGroups: [nodeGroup('web-a', { status: 'UPDATING', running: [versionUpdate('1.35')] })] },
      ['node-group/web-a: update u-1'],
    ],
    [
      'node-group-health',
      'a group is on its way elsewhere',
      'block',
      { nodeGroups: [nodeGroup('web-a', { status: 'UPDATING', running: [versionUpdate('1.34')] })] },
      ['node-group/web-a is UPDATING'],
    ],
    ['node-group-health', 'there are no groups', 'pass', { nodeGroups: [] }, []],
    [
      'node-group-health',
      'a group sleeps at size 0',
      'pass',
      { nodeGroups: [nodeGroup('web-a', { desired: 0 })] },
      [],
    ],
    [
      'add-on-health',
      'an add-on is DEGRADED',
      'block',
      { addOns: [addOn('coredns', 'v1.1.0', [['v1.1.0', ['1.35'], true]], { status: 'DEGRADED' })] },
      ['add-on/coredns is DEGRADED'],
    ],
    [
      'add-on-health',
      'the wanted update of an add-on is under way',
      'warn',
      {
        addOns: [
          addOn('coredns', 'v1.1.0', [['v1.2.0', ['1.35'], true]], {
            status: 'UPDATING',
            running: [{ id: 'u-3', type: 'AddonUpdate', params: { AddonVersion: 'v1.2.0' } }],
          }),
        ],
      },
      ['add-on/coredns: update u-3'],
    ],
  ])('%s when %s: %s', (check, _what, verdict, change, objects) => {
    expect(checkOf(check, snapshot(change))).toMatchObject({ verdict, objects });
  });
});

describe('kubelet skew', () => {
  it.each<Row>([
    ['kubelets are at the API server', 'pass', {}, []],
    ['a kubelet is three minors behind the target', 'pass', { nodes: [node('old', 'v1.32.9-eks-1')] }, []],
    [
      'a kubelet is four minors behind the target',
      'block',
      { nodes: [node('old', 'v1.31.9-eks-1'), node('new', 'v1.34.1')] },
      ['node/old (v1.31.9-eks-1)'],
    ],
    [
      'a kubelet is newer than the API server',
      'block',
      { nodes: [node('new', 'v1.35.0-eks-1')] },
      ['node/new (v1.35.0-eks-1)'],
    ],
    ['a kubelet says no version', 'block', { nodes: [node('odd', '')] }, ['node/odd ()']],
    [
      'a node belongs to no managed group',
      'warn',
      { nodes: [{ name: 'own', kubeletVersion: 'v1.34.1', ready: true }] },
      ['node/own (v1.34.1)'],
    ],
    ['there are no nodes', 'pass', { nodes: [] }, []],
  ])('%s: %s', (_what, verdict, change, objects) => {
    expect(checkOf('kubelet-skew', snapshot(change))).toMatchObject({ verdict, objects });
  });
});

describe('free addresses', () => {
  const subnet = (id: string, zone: string, freeAddresses: number) => ({ id, zone, freeAddresses });
  it.each<Row>([
    [
      'two zones have five',
      'pass',
      { subnets: [subnet('subnet-a', 'a', 5), subnet('subnet-b', 'b', 5)] },
      [],
    ],
    [
      'one zone has four',
      'block',
      { subnets: [subnet('subnet-a', 'a', 5), subnet('subnet-b', 'b', 4)] },
      ['subnet/subnet-b (b): 4 free'],
    ],
    [
      'both are in one zone',
      'block',
      { subnets: [subnet('subnet-a', 'a', 50), subnet('subnet-b', 'a', 50)] },
      [],
    ],
    ['a subnet is gone', 'block', { subnets: [subnet('subnet-a', 'a', 50)] }, ['subnet/subnet-b: gone']],
    ['the control plane does not move', 'pass', { ...cluster({ version: '1.35' }), subnets: [] }, []],
  ])('%s: %s', (_what, verdict, change, objects) => {
    expect(checkOf('free-addresses', snapshot(change))).toMatchObject({ verdict, objects });
  });
});

describe('versions of add-ons', () => {
  it.each<Row>([
    ['one is offered', 'pass', {}, []],
    [
      'none is offered for the target',
      'block',
      { addOns: [addOn('x', 'v1.0.0', [['v1.0.0', ['1.34'], true]])] },
      ['add-on/x (v1.0.0)'],
    ],
    [
      'one is offered for other platform versions alone',
      'block',
      { addOns: [addOn('x', 'v1.0.0', [['v1.1.0', ['1.35'], true, ['eks.1']]])] },
      ['add-on/x (v1.0.0)'],
    ],
    [
      'the installed one is not listed for the target',
      'warn',
      { addOns: [addOn('kube-proxy', 'v1.34.0', [['v1.35.0', ['1.35'], true]])] },
      ['add-on/kube-proxy (v1.34.0)'],
    ],
  ])('%s: %s', (_what, verdict, change, objects) => {
    expect(checkOf('add-on-versions', snapshot(change))).toMatchObject({ verdict, objects });
  });
});

describe('images of node groups', () => {
  const without = ({ targetRelease: _release, ...group }: ReturnType<typeof nodeGroup>) => group;
  it.each<Row>([
    ['SSM names a release', 'pass', {}, []],
    [
      'the family has ended',
      'block',
      { nodeGroups: [without(nodeGroup('old', { amiType: 'AL2_x86_64' }))] },
      ['node-group/old (AL2_x86_64)'],
    ],
    [
      'the group is at the target',
      'pass',
      { nodeGroups: [without(nodeGroup('done', { version: '1.35' }))] },
      [],
    ],
    [
      'the group has an image of its own',
      'warn',
      { nodeGroups: [without(nodeGroup('own', { amiType: 'CUSTOM' }))] },
      ['node-group/own'],
    ],
    [
      'EKS picks the release itself',
      'pass',
      { nodeGroups: [without(nodeGroup('win', { amiType: 'WINDOWS_CORE_2022_x86_64' }))] },
      [],
    ],
  ])('%s: %s', (_what, verdict, change, objects) => {
    expect(checkOf('node-images', snapshot(change))).toMatchObject({ verdict, objects });
  });
});

describe('nothing to do', () => {
  it('blocks: control plane, groups and add-ons are at the target', () => {
    const done = atVersion(
      snapshot({
        nodeGroups: [nodeGroup('web-a', { version: '1.35' })],
        addOns: [addOn('coredns', 'v1.13.1', [['v1.13.1', ['1.35'], true]])],
        nodes: [node('web-a-0', 'v1.35.1-eks-1')],
      }),
      '1.35',
    );
    expect(assess(done).blockedBy).toEqual(['something-to-do']);
  });
});
