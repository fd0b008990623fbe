import type { Cluster } from '../../world/clusters.ts';
import { instanceType } from '../../world/instance-types.ts';
import type { Instance } from '../../world/instances.ts';
import type { Subnet } from '../../world/subnets.ts';
import type { World } from '../../world/world.ts';

const stateCodes = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const;

/** EC2's element names where they are not the member's with a small first letter. */
export const wireNames = {
  input: {
    InstanceId: 'InstanceIds',
    SubnetId: 'SubnetIds',
    GroupId: 'GroupIds',
    InstanceType: 'InstanceTypes',
    Filter: 'Filters',
    Value: 'Values',
  },
  output: {
    Reservations: 'reservationSet',
    'Reservations.Instances': 'instancesSet',
    'Instances.State': 'instanceState',
    StateTransitionReason: 'reason',
    PublicDnsName: 'dnsName',
    Tags: 'tagSet',
    Groups: 'groupSet',
    'Instances.SecurityGroups': 'groupSet',
    SecurityGroups: 'securityGroupInfo',
    'SecurityGroups.Description': 'groupDescription',
    Subnets: 'subnetSet',
    TerminatingInstances: 'instancesSet',
    InstanceTypes: 'instanceTypeSet',
  },
};

export const stateShape = (state: Instance['state']) => ({ Code: stateCodes[state], Name: state });

export const reservation = (world: World, instance: Instance) => ({
  ReservationId: instance.id.replace('i-', 'r-'),
  OwnerId: world.accountId,
  Groups: [],
  Instances: [instanceShape(instance)],
});

const instanceShape = (instance: Instance) => {
  const running = instance.state === 'running';
  const gone = instance.state === 'terminated';
  return {
    InstanceId: instance.id,
    ImageId: instance.image.imageId,
    State: stateShape(instance.state),
    // EC2 answers a name and an address only while the instance has its network interface.
    PrivateDnsName: running ? instance.hostname : '',
    PublicDnsName: '',
    StateTransitionReason: instance.stateReason?.message ?? '',
    AmiLaunchIndex: 0,
    InstanceType: instance.type,
    LaunchTime: new Date(instance.launchedAt),
    Placement: { GroupName: '', Tenancy: 'default', AvailabilityZone: instance.subnet.zone },
    Monitoring: { State: 'disabled' },
    ...(gone
      ? {}
      : { SubnetId: instance.subnet.id, VpcId: instance.subnet.vpcId, PrivateIpAddress: instance.privateIp }),
    Architecture: instanceType(instance.type).architecture,
    EnaSupport: true,
    Hypervisor: 'xen',
    RootDeviceName: '/dev/xvda',
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    Tags: [...instance.tags].map(([Key, Value]) => ({ Key, Value })),
    ...(instance.spot ? { InstanceLifecycle: 'spot' } : {}),
    ...(instance.stateReason === undefined
      ? {}
      : { StateReason: { Code: instance.stateReason.code, Message: instance.stateReason.message } }),
  };
};

export const subnetShape = (world: World, subnet: Subnet) => ({
  SubnetId: subnet.id,
  SubnetArn: `arn:aws:ec2:${world.region}:${world.accountId}:subnet/${subnet.id}`,
  VpcId: subnet.vpcId,
  OwnerId: world.accountId,
  State: 'available',
  CidrBlock: subnet.cidr,
  AvailableIpAddressCount: subnet.freeAddresses,
  AvailabilityZone: subnet.zone,
  DefaultForAz: false,
  MapPublicIpOnLaunch: false,
  MapCustomerOwnedIpOnLaunch: false,
  AssignIpv6AddressOnCreation: false,
  Ipv6CidrBlockAssociationSet: [],
  Ipv6Native: false,
  EnableDns64: false,
  PrivateDnsNameOptionsOnLaunch: {
    HostnameType: 'ip-name',
    EnableResourceNameDnsARecord: false,
    EnableResourceNameDnsAAAARecord: false,
  },
  Tags: [{ Key: `kubernetes.io/cluster/${subnet.clusterName}`, Value: 'shared' }],
});

export const instanceTypeShape = (name: string) => {
  const type = instanceType(name);
  return {
    InstanceType: name,
    CurrentGeneration: true,
    SupportedUsageClasses: ['on-demand', 'spot'],
    ProcessorInfo: { SupportedArchitectures: [type.architecture] },
    VCpuInfo: { DefaultVCpus: type.cpus },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    NetworkInfo: {
      MaximumNetworkInterfaces: type.interfaces,
      Ipv4AddressesPerInterface: type.addressesPerInterface,
    },
  };
};

export const securityGroupShape = (world: World, cluster: Cluster) => ({
  GroupId: cluster.securityGroupId,
  GroupName: `eks-cluster-sg-${cluster.name}`,
  Description: 'EKS created security group applied to ENI that is attached to EKS Control Plane master nodes',
  OwnerId: world.accountId,
  VpcId: cluster.vpcId,
  Tags: [{ Key: `kubernetes.io/cluster/${cluster.name}`, Value: 'owned' }],
});
