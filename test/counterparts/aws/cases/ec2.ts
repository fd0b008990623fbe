import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { createInstanceReader } from '../../../../shared/aws/ec2.ts';
import { describeSubnets } from '../../../../shared/aws/ec2-subnets.ts';
import type { Case } from '../comparison.ts';
import { attempt } from '../comparison.ts';
import type { Side } from '../side.ts';
import { CLUSTER } from '../world.ts';

const UNKNOWN_INSTANCE = 'i-0123456789abcdef0';
const UNKNOWN_SUBNET = 'subnet-0123456789abcdef0';

const instancesBy =
  (Name: string, values: (side: Side) => readonly string[]) =>
  async (side: Side): Promise<readonly string[]> => {
    const { Reservations = [] } = await side.clients.ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name, Values: [...values(side)] }] }),
    );
    return Reservations.flatMap(({ Instances = [] }) => Instances)
      .map(({ InstanceId = '' }) => InstanceId)
      .filter((id) => side.drawn.poolInstances.includes(id))
      .sort();
  };

const instances = ({ clients }: Side, InstanceIds: string[]) =>
  clients.ec2.send(new DescribeInstancesCommand({ InstanceIds }));

const subnetsBy = async ({ clients, drawn }: Side, Name: string, Values: string[]) => {
  const { Subnets = [] } = await clients.ec2.send(
    new DescribeSubnetsCommand({
      Filters: [
        { Name: 'vpc-id', Values: [drawn.vpcId] },
        { Name, Values },
      ],
    }),
  );
  const found = Subnets.map(({ SubnetId = '' }) => SubnetId);
  return drawn.subnetIds.filter((id) => found.includes(id));
};

/** What AWS adds to an instance of an Auto Scaling group, beside the group's own tags. */
const withoutTemplateTags = (tags: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('aws:ec2launchtemplate:')));

const filterCases = (
  [
    ['instance-id', 'the first', (side: Side) => [side.drawn.poolInstances[0] ?? '']],
    ['instance-state-name', 'running', () => ['running']],
    ['instance-state-name', 'stopped or terminated', () => ['stopped', 'terminated']],
    ['instance-type', 'm6i.large', () => ['m6i.large']],
    ['instance-type', 'c5.large', () => ['c5.large']],
    ['tag:stage', 'live', () => ['live']],
    ['tag:stage', 'l?ve', () => ['l?ve']],
    ['tag:stage', 'l*', () => ['l*']],
    ['tag:stage', 'test', () => ['test']],
    ['tag:aws:autoscaling:groupName', 'pool', () => ['pool']],
    ['tag-key', 'the cluster tag', () => [`kubernetes.io/cluster/${CLUSTER.name}`]],
    ['tag-key', 'nobody-has-this', () => ['nobody-has-this']],
    ['vpc-id', 'the VPC', (side: Side) => [side.drawn.vpcId]],
    ['subnet-id', 'both subnets', (side: Side) => side.drawn.subnetIds],
    ['availability-zone', 'both zones', () => CLUSTER.zones],
    ['availability-zone', 'a third zone', () => ['eu-central-1c']],
  ] as const
).map(
  ([filter, what, values]): Case => ({
    behaviour: `DescribeInstances with the filter ${filter} = ${what}`,
    run: instancesBy(filter, values),
  }),
);

export const ec2Cases: readonly Case[] = [
  {
    behaviour:
      'InstanceReader.describe: state and tags of the instances that are there, without those that are not',
    run: async (side) => {
      const found = await createInstanceReader(side.clients.ec2).describe([
        ...side.drawn.poolInstances,
        UNKNOWN_INSTANCE,
      ]);
      return [...found].map(([id, { state, tags }]) => [id, state, withoutTemplateTags(tags)]).sort();
    },
  },
  {
    behaviour: 'InstanceReader.describe: the host name of an instance that runs',
    differs: {
      documented: ['eu-central-1.compute.internal', 'eu-central-1.compute.internal'],
      because:
        'moto gives every region the domain of us-east-1; EC2 user guide, "Amazon EC2 instance hostname types": ip-ADDRESS.REGION.compute.internal',
    },
    run: async (side) => {
      const found = await createInstanceReader(side.clients.ec2).describe(side.drawn.poolInstances);
      return [...found.values()].map(({ privateDnsName }) => privateDnsName.replace(/^ip-[0-9-]+\./, ''));
    },
  },
  {
    behaviour: 'InstanceReader.describe: nothing is asked for no instances',
    run: async ({ clients }) => (await createInstanceReader(clients.ec2).describe([])).size,
  },
  {
    behaviour: 'DescribeInstances by an unknown id fails whole, naming the id',
    run: (side) => instances(side, [...side.drawn.poolInstances, UNKNOWN_INSTANCE]),
  },
  {
    behaviour: 'DescribeInstances by two unknown ids',
    run: (side) => instances(side, [UNKNOWN_INSTANCE, 'i-0fedcba9876543210']),
  },
  {
    behaviour: 'DescribeInstances by something that is no id',
    differs: {
      documented: { error: 'InvalidInstanceID.Malformed', status: 400 },
      because:
        'moto looks the text up as an id; EC2 API reference, "Error codes": InvalidInstanceID.Malformed for an id that is not formed like one',
    },
    run: (side) => instances(side, ['ip-10-0-0-4']),
  },
  {
    behaviour: 'DescribeInstances by a filter on an unknown id finds nothing and is no error',
    run: instancesBy('instance-id', () => [UNKNOWN_INSTANCE]),
  },
  ...filterCases,
  {
    behaviour: 'DescribeInstances with the filter instance-type = m6i.*',
    differs: {
      documented: ['<pool 1>', '<pool 2>'],
      because:
        'moto compares types letter by letter; EC2 user guide, "Filter your resources": wildcards in values of filters',
    },
    run: instancesBy('instance-type', () => ['m6i.*']),
  },
  {
    behaviour: 'DescribeInstances with the filter instance-lifecycle = spot',
    differs: {
      documented: [],
      because: 'moto fails at this filter; API reference, DescribeInstances: instance-lifecycle is one',
    },
    run: instancesBy('instance-lifecycle', () => ['spot']),
  },
  {
    behaviour: 'DescribeInstances with two filters: both have to match',
    run: async ({ clients, drawn }) => {
      const { Reservations = [] } = await clients.ec2.send(
        new DescribeInstancesCommand({
          Filters: [
            { Name: 'instance-id', Values: [...drawn.poolInstances] },
            { Name: 'tag:stage', Values: ['test'] },
          ],
        }),
      );
      return Reservations.length;
    },
  },
  {
    behaviour: 'DescribeInstances: the members of an instance that runs',
    run: async (side) => {
      const { Reservations = [] } = await instances(side, [side.drawn.poolInstances[0] ?? '']);
      const [reservation] = Reservations;
      const instance = reservation?.Instances?.[0];
      return {
        owner: reservation?.OwnerId,
        id: instance?.InstanceId,
        state: instance?.State,
        type: instance?.InstanceType,
        architecture: instance?.Architecture,
        launched: instance?.LaunchTime,
        vpc: instance?.VpcId,
        inASubnet: side.drawn.subnetIds.includes(instance?.SubnetId ?? ''),
        zone: CLUSTER.zones.some((zone) => zone === instance?.Placement?.AvailabilityZone),
        tenancy: instance?.Placement?.Tenancy,
        address: /^10\.0\.\d+\.\d+$/.test(instance?.PrivateIpAddress ?? ''),
        lifecycle: instance?.InstanceLifecycle,
        monitoring: instance?.Monitoring,
        rootDeviceType: instance?.RootDeviceType,
        virtualization: instance?.VirtualizationType,
        hypervisor: instance?.Hypervisor,
      };
    },
  },
  {
    behaviour: 'DescribeInstances with MaxResults gives pages whose tokens lead through all',
    run: async ({ clients, drawn }) => {
      const Filters = [
        { Name: 'vpc-id', Values: [drawn.vpcId] },
        { Name: 'tag:stage', Values: ['live'] },
      ];
      const found: string[] = [];
      const sizes: number[] = [];
      let NextToken: string | undefined;
      do {
        const page = await clients.ec2.send(
          new DescribeInstancesCommand({ Filters, MaxResults: 5, ...(NextToken ? { NextToken } : {}) }),
        );
        const ids = (page.Reservations ?? [])
          .flatMap(({ Instances = [] }) => Instances)
          .map(({ InstanceId = '' }) => InstanceId);
        found.push(...ids);
        sizes.push(ids.length);
        NextToken = page.NextToken;
      } while (NextToken !== undefined && NextToken !== '');
      return { sizes, all: found.sort() };
    },
  },
  {
    behaviour: 'describeSubnets: zones and free addresses, without those that are gone',
    run: async ({ clients, drawn }) =>
      (await describeSubnets(clients.ec2, [...drawn.subnetIds, UNKNOWN_SUBNET]))
        .map(({ id, zone, freeAddresses }) => ({ id, zone, free: freeAddresses > 0 }))
        .sort((left, right) => left.zone.localeCompare(right.zone)),
  },
  {
    behaviour: 'DescribeSubnets by an unknown id is an error',
    run: ({ clients }) => clients.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [UNKNOWN_SUBNET] })),
  },
  {
    behaviour: 'DescribeSubnets by id: the members of a subnet',
    run: async ({ clients, drawn }) => {
      const { Subnets } = await clients.ec2.send(
        new DescribeSubnetsCommand({ SubnetIds: [drawn.subnetIds[1] ?? ''] }),
      );
      const [subnet] = Subnets ?? [];
      return {
        ...subnet,
        AvailableIpAddressCount: (subnet?.AvailableIpAddressCount ?? 0) > 0,
        // moto leaves these three out.
        AvailabilityZoneId: undefined,
        EnableDns64: undefined,
        MapCustomerOwnedIpOnLaunch: undefined,
      };
    },
  },
  {
    behaviour: 'DescribeSubnets of the VPC with a filter beside: tag-key, availability-zone, tag',
    run: async (side) => [
      await subnetsBy(side, 'tag-key', ['nobody-has-this']),
      await subnetsBy(side, 'availability-zone', [CLUSTER.zones[0]]),
      await subnetsBy(side, `tag:kubernetes.io/cluster/${CLUSTER.name}`, ['shared']),
    ],
  },
  {
    behaviour: 'DescribeSecurityGroups by an unknown id is an error',
    run: ({ clients }) =>
      clients.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ['sg-0123456789abcdef0'] })),
  },
  {
    behaviour: 'DescribeInstanceTypes: processors, memory, architecture and interfaces of a type',
    run: async ({ clients }) => {
      const { InstanceTypes } = await clients.ec2.send(
        new DescribeInstanceTypesCommand({ InstanceTypes: ['m6i.large'] }),
      );
      const [type] = InstanceTypes ?? [];
      return {
        type: type?.InstanceType,
        cpus: type?.VCpuInfo?.DefaultVCpus,
        memory: type?.MemoryInfo,
        architectures: type?.ProcessorInfo?.SupportedArchitectures,
        interfaces: type?.NetworkInfo?.MaximumNetworkInterfaces,
        addresses: type?.NetworkInfo?.Ipv4AddressesPerInterface,
      };
    },
  },
  {
    behaviour: 'TerminateInstances of an unknown instance ends nothing',
    run: async ({ clients, drawn }) => [
      await attempt(() =>
        clients.ec2.send(
          new TerminateInstancesCommand({ InstanceIds: [drawn.poolInstances[0] ?? '', UNKNOWN_INSTANCE] }),
        ),
      ),
      (await createInstanceReader(clients.ec2).describe(drawn.poolInstances)).get(
        drawn.poolInstances[0] ?? '',
      )?.state,
    ],
  },
  {
    behaviour: 'TerminateInstances as a dry run says that it would have succeeded',
    run: ({ clients, drawn }) =>
      clients.ec2.send(
        new TerminateInstancesCommand({ InstanceIds: [...drawn.poolInstances], DryRun: true }),
      ),
  },
];
