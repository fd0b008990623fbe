import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { administrator, roleArn, sessionArn } from '../../../infra/local/world/principals.ts';
import type { World } from '../../../infra/local/world/world.ts';
import type { ClientsWorld } from './world.ts';
import { CLUSTER } from './world.ts';

/** A command of the AWS CLI that changes nothing, and what the world makes of it. */
export interface ReadCommand {
  readonly command: string;
  /** Further arguments that only the world knows. */
  arguments?(world: ClientsWorld): readonly string[];
  /** What the printed JSON has to hold. */
  expected(world: ClientsWorld): object;
}

const worldOf = ({ account }: ClientsWorld): World => account.world;
const clusterOf = (clients: ClientsWorld) => worldOf(clients).cluster(CLUSTER);

export const groupOf = (clients: ClientsWorld) => {
  const group = clusterOf(clients).nodeGroups.get('spot');
  if (group === undefined) throw new Error('the world has no node group spot');
  return group;
};

export const ownGroupOf = (clients: ClientsWorld) => {
  const group = worldOf(clients)
    .autoScaling.groups()
    .find(({ nodeGroupName }) => nodeGroupName === undefined);
  if (group === undefined) throw new Error('the world has no group of its own');
  return group;
};

export const imageOf = ({ spec }: ClientsWorld) => {
  const [repository] = spec.repositories;
  const [image] = repository?.images ?? [];
  if (repository === undefined || image === undefined) throw new Error('the world has no image');
  return { repository, image };
};

const instanceIds = (clients: ClientsWorld, groupName: string) =>
  worldOf(clients)
    .instances.all()
    .filter((instance) => instance.groupName === groupName)
    .map(({ id }) => id);

/** Lists that AWS orders as it likes. */
const inAnyOrder = (items: readonly unknown[]) => expect.arrayContaining([...items]);

const cluster = `--cluster-name ${CLUSTER}`;

const eks: readonly ReadCommand[] = [
  {
    command: 'eks list-clusters',
    expected: ({ spec }) => ({ clusters: spec.clusters.map(({ name }) => name) }),
  },
  {
    command: `eks describe-cluster --name ${CLUSTER}`,
    expected: (clients) => {
      const { name, arn, version, kubernetes, subnets } = clusterOf(clients);
      return {
        cluster: {
          name,
          arn,
          version,
          status: 'ACTIVE',
          endpoint: kubernetes.endpoint,
          certificateAuthority: { data: kubernetes.certificateAuthority },
          resourcesVpcConfig: { subnetIds: subnets.map(({ id }) => id) },
        },
      };
    },
  },
  {
    command: `eks list-nodegroups ${cluster}`,
    expected: ({ spec }) => ({ nodegroups: spec.clusters[0]?.nodeGroups.map(({ name }) => name) }),
  },
  {
    command: `eks describe-nodegroup ${cluster} --nodegroup-name spot`,
    expected: (clients) => {
      const [spec] = clients.spec.clusters[0]?.nodeGroups ?? [];
      return {
        nodegroup: {
          nodegroupName: 'spot',
          capacityType: 'SPOT',
          status: 'ACTIVE',
          version: clusterOf(clients).version,
          scalingConfig: { minSize: spec?.min, maxSize: spec?.max, desiredSize: spec?.desired },
          labels: spec?.labels,
          tags: spec?.tags,
          resources: { autoScalingGroups: [{ name: groupOf(clients).scaling.name }] },
        },
      };
    },
  },
  {
    command: `eks list-addons ${cluster}`,
    expected: ({ spec }) => ({ addons: spec.clusters[0]?.addons.map(({ name }) => name).sort() }),
  },
  {
    command: `eks describe-addon ${cluster} --addon-name vpc-cni`,
    expected: ({ spec }) => ({
      addon: {
        addonVersion: spec.clusters[0]?.addons.find(({ name }) => name === 'vpc-cni')?.version,
        status: 'ACTIVE',
      },
    }),
  },
  {
    command: `eks describe-access-entry ${cluster}`,
    arguments: (clients) => ['--principal-arn', roleArn(worldOf(clients).ground, administrator)],
    expected: () => ({ accessEntry: { kubernetesGroups: administrator.groups } }),
  },
];

const compute: readonly ReadCommand[] = [
  {
    command: 'autoscaling describe-auto-scaling-groups --auto-scaling-group-names',
    arguments: (clients) => [groupOf(clients).scaling.name],
    expected: (clients) => {
      const { name, min, max, desired } = groupOf(clients).scaling;
      return {
        AutoScalingGroups: [
          {
            AutoScalingGroupName: name,
            MinSize: min,
            MaxSize: max,
            DesiredCapacity: desired,
            Instances: instanceIds(clients, name).map((InstanceId) => ({
              InstanceId,
              LifecycleState: 'InService',
              HealthStatus: 'Healthy',
            })),
          },
        ],
      };
    },
  },
  {
    command: 'autoscaling describe-lifecycle-hooks --auto-scaling-group-name',
    arguments: (clients) => [ownGroupOf(clients).name],
    expected: (clients) => ({
      LifecycleHooks: ownGroupOf(clients).hooks.map(({ name, heartbeatSeconds, defaultResult }) => ({
        LifecycleHookName: name,
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        HeartbeatTimeout: heartbeatSeconds,
        DefaultResult: defaultResult,
      })),
    }),
  },
  {
    command: `ec2 describe-instances --filters Name=tag:eks:cluster-name,Values=${CLUSTER} Name=instance-state-name,Values=running --query {ids:Reservations[].Instances[].InstanceId}`,
    expected: (clients) => ({ ids: inAnyOrder(instanceIds(clients, groupOf(clients).scaling.name)) }),
  },
  {
    command: 'ec2 describe-instances --instance-ids',
    arguments: (clients) => instanceIds(clients, ownGroupOf(clients).name),
    expected: (clients) => ({
      Reservations: instanceIds(clients, ownGroupOf(clients).name).map((InstanceId) => {
        const { hostname, privateIp, subnet, type } = worldOf(clients).instances.get(InstanceId);
        return {
          Instances: [
            {
              InstanceId,
              InstanceType: type,
              PrivateDnsName: hostname,
              PrivateIpAddress: privateIp,
              SubnetId: subnet.id,
              State: { Name: 'running' },
            },
          ],
        };
      }),
    }),
  },
  {
    command: 'ec2 describe-subnets --subnet-ids',
    arguments: (clients) => clusterOf(clients).subnets.map(({ id }) => id),
    expected: (clients) => ({
      Subnets: clusterOf(clients).subnets.map(({ id, zone, cidr, freeAddresses }) => ({
        SubnetId: id,
        AvailabilityZone: zone,
        CidrBlock: cidr,
        AvailableIpAddressCount: freeAddresses,
      })),
    }),
  },
];

const images: readonly ReadCommand[] = [
  {
    command: 'ecr describe-repositories',
    expected: ({ spec }) => ({
      repositories: spec.repositories.map(({ name }) => ({ repositoryName: name })),
    }),
  },
  {
    command: 'ecr describe-images --repository-name',
    arguments: (clients) => [imageOf(clients).repository.name],
    expected: (clients) => ({
      imageDetails: imageOf(clients).repository.images.map(({ digest, tags }) => ({
        imageDigest: digest,
        ...(tags.length === 0 ? {} : { imageTags: tags }),
      })),
    }),
  },
  {
    command: 'ecr describe-image-scan-findings --image-id imageTag=1.0 --repository-name',
    arguments: (clients) => [imageOf(clients).repository.name],
    expected: (clients) => ({
      imageScanStatus: { status: 'COMPLETE' },
      imageId: { imageDigest: imageOf(clients).image.digest },
      imageScanFindings: {
        findings: imageOf(clients).image.findings.map(({ name, severity, fixedInVersion }) => ({
          name,
          severity,
          attributes: inAnyOrder([{ key: 'fixed_in_version', value: fixedInVersion }]),
        })),
      },
    }),
  },
];

const NODE_RELEASE =
  '/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/release_version';

const plumbing: readonly ReadCommand[] = [
  {
    command: 'sts get-caller-identity',
    expected: (clients) => ({
      Account: clients.spec.accountId,
      Arn: sessionArn(worldOf(clients).ground, administrator),
    }),
  },
  {
    command: `ssm get-parameter --name ${NODE_RELEASE}`,
    expected: (clients) => ({
      Parameter: { Name: NODE_RELEASE, Value: worldOf(clients).parameters.get(NODE_RELEASE)?.value },
    }),
  },
  {
    command: 'cloudformation describe-stacks --stack-name eks-caretaker',
    expected: ({ account }) => ({
      Stacks: [
        {
          StackStatus: 'CREATE_COMPLETE',
          Outputs: inAnyOrder(
            Object.entries(account.deployment.outputs).map(([OutputKey, OutputValue]) => ({
              OutputKey,
              OutputValue,
            })),
          ),
        },
      ],
    }),
  },
  {
    command: 'lambda get-function --function-name eks-caretaker-pod-cleanup',
    expected: ({ account }) => {
      const deployed = account.deployment.entries.find(({ entry }) => entry.id === 'pod-cleanup');
      return {
        Configuration: {
          FunctionArn: deployed?.definition.arn,
          MemorySize: deployed?.entry.memoryMb,
          Timeout: deployed?.entry.timeoutSeconds,
          CodeSha256: createHash('sha256')
            .update(readFileSync(deployed?.definition.file ?? ''))
            .digest('base64'),
        },
      };
    },
  },
];

export const reads: readonly ReadCommand[] = [...eks, ...compute, ...images, ...plumbing];
