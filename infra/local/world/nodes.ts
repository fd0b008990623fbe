import type { Condition, Draft, Node } from '../kubernetes/objects.ts';
import { timestamp } from '../kubernetes/objects.ts';
import { instanceType } from './instance-types.ts';
import type { Instance } from './instances.ts';
import { kubeletVersion } from './versions.ts';

/** A Node as EKS's kubelet and cloud controller write it; `ready` false is a node that has just registered. */
export const nodeObject = (
  instance: Instance,
  at: { now: number; region: string; labels: ReadonlyMap<string, string>; amiType: string },
): Draft<Node> => {
  const size = instanceType(instance.type);
  const { zone } = instance.subnet;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: instance.hostname,
      labels: {
        'beta.kubernetes.io/arch': size.architecture === 'arm64' ? 'arm64' : 'amd64',
        'beta.kubernetes.io/instance-type': instance.type,
        'beta.kubernetes.io/os': 'linux',
        'failure-domain.beta.kubernetes.io/region': at.region,
        'failure-domain.beta.kubernetes.io/zone': zone,
        'kubernetes.io/arch': size.architecture === 'arm64' ? 'arm64' : 'amd64',
        'kubernetes.io/hostname': instance.hostname,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': instance.type,
        'topology.ebs.csi.aws.com/zone': zone,
        'topology.kubernetes.io/region': at.region,
        'topology.kubernetes.io/zone': zone,
        ...Object.fromEntries(at.labels),
      },
      annotations: {
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
    },
    spec: {
      providerID: `aws:///${zone}/${instance.id}`,
    },
    status: {
      addresses: [
        { type: 'InternalIP', address: instance.privateIp },
        { type: 'InternalDNS', address: instance.hostname },
        { type: 'Hostname', address: instance.hostname },
      ],
      capacity: {
        cpu: String(size.cpus),
        'ephemeral-storage': '83873772Ki',
        'hugepages-2Mi': '0',
        memory: `${size.memoryMiB * 1024}Ki`,
        pods: String(size.maxPods),
      },
      allocatable: {
        cpu: `${size.cpus * 1000 - 70}m`,
        'ephemeral-storage': '76224326324',
        'hugepages-2Mi': '0',
        memory: `${(size.memoryMiB - 255 - 11 * size.maxPods - 100) * 1024}Ki`,
        pods: String(size.maxPods),
      },
      conditions: nodeConditions(at.now, 'registered'),
      nodeInfo: {
        architecture: size.architecture === 'arm64' ? 'arm64' : 'amd64',
        bootID: bootId(instance),
        containerRuntimeVersion: 'containerd://2.1.5',
        kernelVersion: '6.12.53-69.119.amzn2023.x86_64',
        kubeProxyVersion: '',
        kubeletVersion: kubeletVersion(instance.image.minor),
        machineID: instance.id.replace('i-', '').padEnd(32, '0'),
        operatingSystem: 'linux',
        osImage: at.amiType.startsWith('BOTTLEROCKET')
          ? `Bottlerocket OS ${instance.image.releaseVersion}`
          : 'Amazon Linux 2023',
        systemUUID: uuidFrom(instance.id, 'system'),
      },
    },
  };
};

/** The kernel's, made anew at every boot. */
export const bootId = ({ id, boots }: Instance): string =>
  uuidFrom(boots === 1 ? id : `${id}${boots}`, 'boot');

const readiness = {
  ready: { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  registered: {
    status: 'False',
    reason: 'KubeletNotReady',
    message:
      'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
  },
  'shutting-down': { status: 'False', reason: 'KubeletNotReady', message: 'node is shutting down' },
} as const;

/** The kubelet's four conditions; those about pressure are never what is wrong here. */
export const nodeConditions = (now: number, state: keyof typeof readiness): readonly Condition[] => {
  const lastTransitionTime = timestamp(now);
  const fine = (type: string, reason: string, message: string): Condition => ({
    type,
    status: 'False',
    lastTransitionTime,
    reason,
    message,
  });
  return [
    fine('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    fine('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    fine('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    { type: 'Ready', lastTransitionTime, ...readiness[state] },
  ];
};

const uuidFrom = (id: string, what: string): string => {
  const hex = Buffer.from(`${what}${id}`).toString('hex').padEnd(32, '0').slice(-32);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
