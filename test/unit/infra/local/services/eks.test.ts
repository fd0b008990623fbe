import type { Update } from '@aws-sdk/client-eks';
import {
  DescribeAddonCommand,
  DescribeAddonVersionsCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeInsightCommand,
  DescribeInsightsRefreshCommand,
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  EKSClient,
  ListInsightsCommand,
  ListNodegroupsCommand,
  ListTagsForResourceCommand,
  ListUpdatesCommand,
  StartInsightsRefreshCommand,
  TagResourceCommand,
  UpdateAddonCommand,
  UpdateClusterVersionCommand,
  UpdateNodegroupConfigCommand,
  UpdateNodegroupVersionCommand,
} from '@aws-sdk/client-eks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestAccount } from '../support/account.ts';
import { startTestAccount } from '../support/account.ts';
import { worldSpec } from '../support/specs.ts';

let account: TestAccount;
let eks: EKSClient;
const web = { clusterName: 'staging', nodegroupName: 'web' };

beforeEach(async () => {
  account = await startTestAccount();
  eks = new EKSClient(account.client);
});
afterEach(() => account.close());

const resize = (scalingConfig: object, clientRequestToken?: string) =>
  eks.send(
    new UpdateNodegroupConfigCommand({
      ...web,
      scalingConfig,
      ...(clientRequestToken ? { clientRequestToken } : {}),
    }),
  );
const describeUpdate = async (
  update: Update | undefined,
  scope: { nodegroupName?: string; addonName?: string },
) =>
  (await eks.send(new DescribeUpdateCommand({ name: 'staging', updateId: update?.id ?? '', ...scope })))
    .update;
const readyNodes = (label: string) =>
  account.world
    .cluster('staging')
    .kubernetes.objects.list('nodes', { filter: (node) => node.metadata.labels?.role === label })
    .filter((node) =>
      node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );

describe('clusters and versions', () => {
  it('describes a cluster with what a client of its Kubernetes API needs', async () => {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: 'staging' }));
    expect(cluster).toMatchObject({
      status: 'ACTIVE',
      version: '1.34',
      endpoint: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
      accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
      health: { issues: [] },
    });
    expect(Buffer.from(cluster?.certificateAuthority?.data ?? '', 'base64').toString()).toContain(
      'BEGIN CERTIFICATE',
    );
    expect(cluster?.resourcesVpcConfig?.subnetIds).toHaveLength(2);
  });

  it('answers the address of a Kubernetes API somewhere else where the world was given one', async () => {
    const kubernetesApi = { endpoint: 'https://127.0.0.1:6443', certificateAuthority: 'UEVN' };
    const [staging] = worldSpec.clusters;
    if (staging === undefined) throw new Error('the world has no cluster');
    const elsewhere = await startTestAccount({ ...worldSpec, clusters: [{ ...staging, kubernetesApi }] });
    try {
      const client = new EKSClient(elsewhere.client);
      const { cluster } = await client.send(new DescribeClusterCommand({ name: staging.name }));
      expect(cluster).toMatchObject({
        endpoint: kubernetesApi.endpoint,
        certificateAuthority: { data: kubernetesApi.certificateAuthority },
      });
    } finally {
      await elsewhere.close();
    }
  });

  it('does not know another cluster', async () => {
    await expect(eks.send(new DescribeClusterCommand({ name: 'prod' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('tells versions with their support by the world’s date', async () => {
    const { clusterVersions } = await eks.send(new DescribeClusterVersionsCommand({}));
    expect(
      clusterVersions?.map(({ clusterVersion, versionStatus }) => [clusterVersion, versionStatus]),
    ).toEqual([
      ['1.36', 'STANDARD_SUPPORT'],
      ['1.35', 'STANDARD_SUPPORT'],
      ['1.34', 'STANDARD_SUPPORT'],
      ['1.33', 'EXTENDED_SUPPORT'],
      ['1.32', 'EXTENDED_SUPPORT'],
      ['1.31', 'EXTENDED_SUPPORT'],
    ]);
  });

  it('moves one minor forward and is busy meanwhile', async () => {
    await expect(
      eks.send(new UpdateClusterVersionCommand({ name: 'staging', version: '1.36' })),
    ).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    const { update } = await eks.send(new UpdateClusterVersionCommand({ name: 'staging', version: '1.35' }));
    expect(update).toMatchObject({ status: 'InProgress', type: 'VersionUpdate' });
    await expect(
      eks.send(new UpdateClusterVersionCommand({ name: 'staging', version: '1.35' })),
    ).rejects.toMatchObject({ name: 'ResourceInUseException', $metadata: { httpStatusCode: 409 } });
    account.pass(5 * 60);
    expect((await eks.send(new DescribeClusterCommand({ name: 'staging' }))).cluster).toMatchObject({
      status: 'UPDATING',
      version: '1.34',
    });
    account.pass(10 * 60);
    expect((await describeUpdate(update, {}))?.status).toBe('Successful');
    expect((await eks.send(new DescribeClusterCommand({ name: 'staging' }))).cluster).toMatchObject({
      status: 'ACTIVE',
      version: '1.35',
    });
    expect(account.world.cluster('staging').kubernetes.version).toBe('1.35');
  });

  it('is ACTIVE on the old version after an update that failed', async () => {
    account.world.updates.failNext(
      { clusterName: 'staging' },
      { errorCode: 'IpNotAvailable', errorMessage: 'no free IP', resourceIds: ['subnet-1'] },
    );
    const { update } = await eks.send(new UpdateClusterVersionCommand({ name: 'staging', version: '1.35' }));
    account.pass(15 * 60);
    expect(await describeUpdate(update, {})).toMatchObject({
      status: 'Failed',
      errors: [{ errorCode: 'IpNotAvailable' }],
    });
    expect((await eks.send(new DescribeClusterCommand({ name: 'staging' }))).cluster).toMatchObject({
      status: 'ACTIVE',
      version: '1.34',
    });
  });
});

describe('node group sizes', () => {
  it('lists groups in pages', async () => {
    const first = await eks.send(new ListNodegroupsCommand({ clusterName: 'staging', maxResults: 1 }));
    expect(first).toMatchObject({ nodegroups: ['burst'], nextToken: expect.any(String) });
    const second = await eks.send(
      new ListNodegroupsCommand({ clusterName: 'staging', maxResults: 1, nextToken: first.nextToken }),
    );
    expect(second.nodegroups).toEqual(['web']);
    expect(second.nextToken).toBeUndefined();
  });

  it('sleeps: the update ends, then the instances, then the nodes', async () => {
    expect(readyNodes('web')).toHaveLength(2);
    const { update } = await resize({ minSize: 0, desiredSize: 0, maxSize: 4 });
    expect(update?.status).toBe('InProgress');
    await expect(resize({ minSize: 1, desiredSize: 1, maxSize: 4 })).rejects.toMatchObject({
      name: 'ResourceInUseException',
      clusterName: 'staging',
      nodegroupName: 'web',
    });
    account.pass(30);
    expect((await describeUpdate(update, { nodegroupName: 'web' }))?.status).toBe('Successful');
    const { nodegroup } = await eks.send(new DescribeNodegroupCommand(web));
    expect(nodegroup).toMatchObject({
      status: 'ACTIVE',
      scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 4 },
    });
    account.pass(20 * 60);
    expect(readyNodes('web')).toHaveLength(0);
    const { scaling } = account.world.cluster('staging').nodeGroups.get('web') ?? {};
    expect(scaling && account.world.autoScaling.members(scaling)).toEqual([]);
  });

  it('wakes: nodes are Ready a while after the update', async () => {
    await resize({ desiredSize: 4 });
    account.pass(25);
    expect(readyNodes('web')).toHaveLength(2);
    account.pass(60);
    expect(readyNodes('web')).toHaveLength(4);
  });

  it.each([
    ['max 0', { minSize: 0, desiredSize: 0, maxSize: 0 }],
    ['min over desired', { minSize: 3, desiredSize: 2, maxSize: 4 }],
    ['desired over max', { minSize: 0, desiredSize: 5, maxSize: 4 }],
    ['a negative min', { minSize: -1, desiredSize: 0, maxSize: 4 }],
  ])('refuses %s', async (_what, size) => {
    await expect(resize(size)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    const { nodegroup } = await eks.send(new DescribeNodegroupCommand(web));
    expect(nodegroup).toMatchObject({ status: 'ACTIVE', scalingConfig: { minSize: 1, desiredSize: 2 } });
  });

  it('answers a repeated client token with the same update, another request with that token not', async () => {
    const first = await resize({ desiredSize: 3 }, 'token-1');
    const again = await resize({ desiredSize: 3 }, 'token-1');
    expect(again.update?.id).toBe(first.update?.id);
    await expect(resize({ desiredSize: 4 }, 'token-1')).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    const { updateIds } = await eks.send(new ListUpdatesCommand({ name: 'staging', nodegroupName: 'web' }));
    expect(updateIds).toEqual([first.update?.id]);
  });

  it('finds a node group’s update only with its name', async () => {
    const { update } = await resize({ desiredSize: 3 });
    await expect(describeUpdate(update, {})).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('node group versions', () => {
  const roll = async (force = false) => {
    await eks.send(new UpdateClusterVersionCommand({ name: 'staging', version: '1.35' }));
    account.pass(15 * 60);
    return (await eks.send(new UpdateNodegroupVersionCommand({ ...web, version: '1.35', force }))).update;
  };
  const kubelets = () => readyNodes('web').map((node) => node.status.nodeInfo?.kubeletVersion?.slice(0, 5));

  it('replaces every node, keeps the size, and inflates it meanwhile', async () => {
    const update = await roll();
    account.pass(45);
    const during = await eks.send(new DescribeNodegroupCommand(web));
    expect(during.nodegroup).toMatchObject({
      status: 'UPDATING',
      scalingConfig: { desiredSize: 6, maxSize: 6 },
    });
    account.pass(20 * 60);
    expect((await describeUpdate(update, { nodegroupName: 'web' }))?.status).toBe('Successful');
    account.pass(5 * 60);
    const after = await eks.send(new DescribeNodegroupCommand(web));
    expect(after.nodegroup).toMatchObject({
      status: 'ACTIVE',
      version: '1.35',
      releaseVersion: '1.35.4-20261106',
      scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 4 },
    });
    expect(kubelets()).toEqual(['v1.35', 'v1.35']);
  });

  it('gives up on a budget after 15 minutes, and says which pods', async () => {
    const { objects } = account.world.cluster('staging').kubernetes;
    const budget = objects.get('poddisruptionbudgets', 'shop', 'cart');
    if (budget === undefined) throw new Error('no budget');
    objects.update('poddisruptionbudgets', { ...budget, spec: { ...budget.spec, maxUnavailable: 0 } });
    const update = await roll();
    account.pass(20 * 60);
    expect(await describeUpdate(update, { nodegroupName: 'web' })).toMatchObject({
      status: 'Failed',
      errors: [{ errorCode: 'PodEvictionFailure', errorMessage: expect.stringContaining('shop/cart-') }],
    });
    expect((await eks.send(new DescribeNodegroupCommand(web))).nodegroup).toMatchObject({
      status: 'ACTIVE',
      version: '1.34',
      scalingConfig: { desiredSize: 2 },
    });
  });

  it('keeps the old nodes after a failure of another kind', async () => {
    const scope = { clusterName: 'staging', nodeGroupName: 'web' };
    const error = { errorCode: 'AccessDenied', errorMessage: 'no rights', resourceIds: [] } as const;
    account.world.updates.failNext(scope, error);
    const before = readyNodes('web').map(({ metadata }) => metadata.name);
    const update = await roll();
    account.pass(30 * 60);
    expect(await describeUpdate(update, { nodegroupName: 'web' })).toMatchObject({
      status: 'Failed',
      errors: [error],
    });
    expect(readyNodes('web').map(({ metadata }) => metadata.name)).toEqual(before);
  });

  it('is not newer than the cluster', async () => {
    await expect(
      eks.send(new UpdateNodegroupVersionCommand({ ...web, version: '1.35' })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('add-ons, insights and tags', () => {
  it('lists versions with the clusters that they run on', async () => {
    const { addons } = await eks.send(
      new DescribeAddonVersionsCommand({ addonName: 'kube-proxy', kubernetesVersion: '1.35' }),
    );
    expect(
      addons?.[0]?.addonVersions?.map(({ addonVersion, compatibilities }) => [addonVersion, compatibilities]),
    ).toEqual([
      ['v1.35.4-eksbuild.2', [{ clusterVersion: '1.35', platformVersions: ['*'], defaultVersion: true }]],
      ['v1.35.0-eksbuild.2', [{ clusterVersion: '1.35', platformVersions: ['*'], defaultVersion: false }]],
    ]);
  });

  it('updates an add-on to a version that fits, not to one that does not', async () => {
    const target = { clusterName: 'staging', addonName: 'kube-proxy' };
    await expect(
      eks.send(new UpdateAddonCommand({ ...target, addonVersion: 'v1.35.4-eksbuild.2' })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
    const { update } = await eks.send(
      new UpdateAddonCommand({ ...target, addonVersion: 'v1.34.0-eksbuild.2', resolveConflicts: 'PRESERVE' }),
    );
    expect((await eks.send(new DescribeAddonCommand(target))).addon?.status).toBe('UPDATING');
    account.pass(60);
    expect((await describeUpdate(update, { addonName: 'kube-proxy' }))?.status).toBe('Successful');
    expect((await eks.send(new DescribeAddonCommand(target))).addon).toMatchObject({
      status: 'ACTIVE',
      addonVersion: 'v1.34.0-eksbuild.2',
    });
  });

  it('describes an insight’s resources and the add-ons that have to be updated first', async () => {
    const [insight] = (await eks.send(new ListInsightsCommand({ clusterName: 'staging' }))).insights ?? [];
    const { insight: described } = await eks.send(
      new DescribeInsightCommand({ clusterName: 'staging', id: insight?.id }),
    );
    expect(described?.resources).toEqual([
      {
        kubernetesResourceUri: '/api/v1/nodes/old',
        insightStatus: { status: 'PASSING', reason: 'Its kubelet is 1.34.' },
      },
      { arn: 'arn:aws:iam::123456789012:role/node', insightStatus: { status: 'PASSING' } },
    ]);
    expect(described?.categorySpecificSummary?.addonCompatibilityDetails).toEqual([
      { name: 'vpc-cni', compatibleVersions: ['v1.20.4-eksbuild.1'] },
    ]);
  });

  it('refreshes insights over time', async () => {
    const { insights } = await eks.send(
      new ListInsightsCommand({ clusterName: 'staging', filter: { categories: ['UPGRADE_READINESS'] } }),
    );
    expect(insights).toMatchObject([{ kubernetesVersion: '1.35', insightStatus: { status: 'PASSING' } }]);
    await eks.send(new StartInsightsRefreshCommand({ clusterName: 'staging' }));
    const ask = () => eks.send(new DescribeInsightsRefreshCommand({ clusterName: 'staging' }));
    expect((await ask()).status).toBe('IN_PROGRESS');
    account.pass(120);
    expect(await ask()).toMatchObject({ status: 'COMPLETED', endedAt: expect.any(Date) });
  });

  it('tags a node group by its ARN', async () => {
    const { nodegroup } = await eks.send(new DescribeNodegroupCommand(web));
    const resourceArn = nodegroup?.nodegroupArn ?? '';
    await eks.send(new TagResourceCommand({ resourceArn, tags: { owner: 'team a' } }));
    expect((await eks.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({
      'eks-caretaker/schedule': 'office',
      owner: 'team a',
    });
  });
});
