import type { DescribeInstancesCommandInput } from '@aws-sdk/client-ec2';
import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestAccount } from '../support/account.ts';
import { startTestAccount } from '../support/account.ts';

let account: TestAccount;
let ec2: EC2Client;

beforeEach(async () => {
  account = await startTestAccount();
  ec2 = new EC2Client(account.client);
});
afterEach(() => account.close());

const instances = async (input: DescribeInstancesCommandInput) => {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand(input));
  return (Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
};
const tagFilter = (key: string, value: string) => ({ Filters: [{ Name: `tag:${key}`, Values: [value] }] });

describe('instances', () => {
  it('carry the tags by which a cluster and an owner are told', async () => {
    const [burst] = await instances(tagFilter('eks:nodegroup-name', 'burst'));
    const tags = Object.fromEntries((burst?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    expect(tags).toMatchObject({
      'eks:cluster-name': 'staging',
      'eks:nodegroup-name': 'burst',
      'kubernetes.io/cluster/staging': 'owned',
      'aws:autoscaling:groupName': expect.stringMatching(/^eks-burst-/),
      'aws:ec2launchtemplate:id': expect.stringMatching(/^lt-/),
    });
    expect(burst).toMatchObject({
      InstanceLifecycle: 'spot',
      State: { Name: 'running', Code: 16 },
      Placement: { AvailabilityZone: 'eu-central-1a' },
    });
    expect(burst?.PrivateDnsName).toMatch(/^ip-10-0-\d+-\d+\.eu-central-1\.compute\.internal$/);
    const node = account.world
      .cluster('staging')
      .kubernetes.objects.get('nodes', undefined, burst?.PrivateDnsName ?? '');
    expect(node?.spec.providerID).toBe(`aws:///eu-central-1a/${burst?.InstanceId}`);
    expect(node?.metadata.labels).toMatchObject({
      'topology.kubernetes.io/zone': 'eu-central-1a',
      'eks.amazonaws.com/nodegroup': 'burst',
      'eks.amazonaws.com/capacityType': 'SPOT',
      'kubernetes.io/hostname': burst?.PrivateDnsName,
    });
  });

  it('come in pages, and by state', async () => {
    const first = await ec2.send(new DescribeInstancesCommand({ MaxResults: 3 }));
    expect(first.Reservations).toHaveLength(3);
    const second = await ec2.send(
      new DescribeInstancesCommand({ MaxResults: 3, NextToken: first.NextToken }),
    );
    expect(second.Reservations).toHaveLength(1);
    expect(
      await instances({ Filters: [{ Name: 'instance-state-name', Values: ['stopped', 'pending'] }] }),
    ).toEqual([]);
  });

  it('one unknown id fails the whole call and is named', async () => {
    const [known] = await instances({});
    await expect(
      instances({ InstanceIds: [known?.InstanceId ?? '', 'i-0123456789abcdef0'] }),
    ).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
      message: "The instance ID 'i-0123456789abcdef0' does not exist",
    });
  });

  it('lose their name with the state running, and are replaced by their group', async () => {
    const [web] = await instances(tagFilter('eks:nodegroup-name', 'web'));
    const InstanceIds = [web?.InstanceId ?? ''];
    const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    expect(TerminatingInstances).toMatchObject([
      { CurrentState: { Name: 'shutting-down' }, PreviousState: { Name: 'running' } },
    ]);
    expect(await instances({ InstanceIds })).toMatchObject([
      { PrivateDnsName: '', State: { Name: 'shutting-down' } },
    ]);
    account.pass(120);
    const running = await instances({
      Filters: [
        { Name: 'tag:eks:nodegroup-name', Values: ['web'] },
        { Name: 'instance-state-name', Values: ['running'] },
      ],
    });
    expect(running).toHaveLength(2);
    expect(await instances({ InstanceIds })).toMatchObject([{ State: { Name: 'terminated' } }]);
    account.pass(3700);
    await expect(instances({ InstanceIds })).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
  });
});

it('subnets lose addresses to new nodes', async () => {
  const free = async () => {
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
    return (Subnets ?? []).map(({ AvailableIpAddressCount = 0 }) => AvailableIpAddressCount).sort();
  };
  expect(await free()).toEqual([200, 200]);
  account.world.autoScaling.resize(account.world.autoScaling.get('own'), { desired: 2 }, 'a test.');
  expect(await free()).toEqual([199, 200]);
});

it('subnets are found by the key of their tag', async () => {
  const count = async (key: string) =>
    (await ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'tag-key', Values: [key] }] }))).Subnets
      ?.length;
  expect(await count('kubernetes.io/cluster/staging')).toBe(2);
  expect(await count('kubernetes.io/cluster/other')).toBe(0);
});

it('instance types say how many addresses a node has', async () => {
  const { InstanceTypes } = await ec2.send(
    new DescribeInstanceTypesCommand({ InstanceTypes: ['m6i.large'] }),
  );
  expect(InstanceTypes).toMatchObject([
    {
      VCpuInfo: { DefaultVCpus: 2 },
      MemoryInfo: { SizeInMiB: 8192 },
      NetworkInfo: { MaximumNetworkInterfaces: 3, Ipv4AddressesPerInterface: 10 },
    },
  ]);
});
