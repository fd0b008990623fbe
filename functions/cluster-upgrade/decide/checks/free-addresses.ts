import type { CheckRule } from '../check.ts';
import { block, pass } from '../check.ts';

const CHECK = 'free-addresses';
/** EKS user guide, "Update existing cluster to new Kubernetes version": up to five free addresses. */
const FREE_ADDRESSES = 5;
const ZONES = 2;

/** The new control plane puts its network interfaces into at least two zones' subnets. */
export const checkFreeAddresses: CheckRule = ({ cluster, subnets, target }) => {
  if (cluster.version === target) return pass(CHECK, 'the control plane does not move');
  const enough = subnets.filter(({ freeAddresses }) => freeAddresses >= FREE_ADDRESSES);
  const zones = new Set(enough.map(({ zone }) => zone));
  if (zones.size >= ZONES) {
    return pass(
      CHECK,
      `${enough.length} subnets in ${zones.size} zones have ${FREE_ADDRESSES} free addresses or more`,
    );
  }
  const known = new Set(subnets.map(({ id }) => id));
  return block(CHECK, {
    summary: `subnets with ${FREE_ADDRESSES} free addresses are needed in ${ZONES} zones, there are some in ${zones.size}`,
    objects: [
      ...subnets
        .filter(({ freeAddresses }) => freeAddresses < FREE_ADDRESSES)
        .map(({ id, zone, freeAddresses }) => `subnet/${id} (${zone}): ${freeAddresses} free`),
      ...cluster.subnetIds.filter((id) => !known.has(id)).map((id) => `subnet/${id}: gone`),
    ],
    remedy: 'free addresses in these subnets, or give the cluster further subnets (UpdateClusterConfig)',
  });
};
