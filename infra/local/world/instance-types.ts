/** Size of an instance type, worked out from its name as AWS's families have it: `m6i.xlarge` is 4 vCPU and 16 GiB. */
export interface InstanceType {
  readonly name: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly architecture: 'x86_64' | 'arm64';
  /** Network interfaces and addresses on each: they bound the pods of a node under the VPC CNI. */
  readonly interfaces: number;
  readonly addressesPerInterface: number;
  readonly maxPods: number;
}

const sizes: Readonly<Record<string, readonly [cpus: number, interfaces: number, addresses: number]>> = {
  medium: [1, 2, 4],
  large: [2, 3, 10],
  xlarge: [4, 4, 15],
  '2xlarge': [8, 4, 15],
  '4xlarge': [16, 8, 30],
  '8xlarge': [32, 8, 30],
};
const gibPerCpu: Readonly<Record<string, number>> = { c: 2, m: 4, t: 4, r: 8, x: 16 };

export const instanceType = (name: string): InstanceType => {
  const [family = 'm5', size = 'large'] = name.split('.');
  const [cpus, interfaces, addresses] = sizes[size] ?? [2, 3, 10];
  return {
    name,
    cpus,
    memoryMiB: cpus * (gibPerCpu[family.charAt(0)] ?? 4) * 1024,
    architecture: /^[a-z]+\d+g/.test(family) ? 'arm64' : 'x86_64',
    interfaces,
    addressesPerInterface: addresses,
    // The formula of the VPC CNI without prefix delegation.
    maxPods: interfaces * (addresses - 1) + 2,
  };
};
