import type { Ground } from './ground.ts';

export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidr: string;
  readonly clusterName: string;
  readonly freeAddresses: number;
  /** The next private address. Counts as one address taken, though each pod of the node takes one too. */
  takeAddress(): string;
  freeAddress(): void;
}

/** One private subnet a zone; `index` tells the clusters' networks apart. `free` is what is left when the world starts. */
export const createSubnets = (
  ground: Ground,
  cluster: { name: string; index: number; vpcId: string; zones: readonly string[]; free: number },
): { subnets: readonly Subnet[]; started(): void } => {
  let counting = false;
  const subnets = cluster.zones.map((zone, position): Subnet => {
    let hosts = 0;
    let taken = 0;
    return {
      id: `subnet-0${ground.newHex(16)}`,
      vpcId: cluster.vpcId,
      zone,
      cidr: `10.${cluster.index}.${position * 16}.0/20`,
      clusterName: cluster.name,
      get freeAddresses() {
        return Math.max(0, cluster.free - taken);
      },
      takeAddress: () => {
        if (counting) taken++;
        const host = hosts++;
        return `10.${cluster.index}.${position * 16 + (Math.floor(host / 250) % 16)}.${4 + (host % 250)}`;
      },
      freeAddress: () => {
        taken--;
      },
    };
  });
  return {
    subnets,
    started: () => {
      counting = true;
    },
  };
};
