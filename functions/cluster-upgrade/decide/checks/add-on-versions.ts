import { addOnTarget, fittingOffers } from '../add-on-targets.ts';
import type { CheckRule } from '../check.ts';
import { block, pass, warn } from '../check.ts';

const CHECK = 'add-on-versions';

/** Every EKS add-on has a version for the target, by cluster version and platform version. */
export const checkAddOnVersions: CheckRule = (snapshot) => {
  const without = snapshot.addOns.filter((addOn) => addOnTarget(addOn, snapshot).kind === 'no-version');
  if (without.length > 0) {
    return block(CHECK, {
      summary: `EKS offers no version for ${snapshot.target} that ${without.length} of ${snapshot.addOns.length} add-ons could go to`,
      objects: without.map(({ name, version }) => `add-on/${name} (${version})`),
      remedy: 'wait until its publisher offers one, or remove the add-on',
    });
  }
  const between = snapshot.addOns.filter(
    (addOn) => !fittingOffers(addOn, snapshot).some(({ version }) => version === addOn.version),
  );
  if (between.length > 0) {
    return warn(CHECK, {
      summary: `${between.length} add-ons run a version that EKS does not list for ${snapshot.target} until the plan has updated them`,
      objects: between.map(({ name, version }) => `add-on/${name} (${version})`),
      remedy: 'nothing to do: the plan updates them after the nodes',
    });
  }
  return pass(CHECK, `all ${snapshot.addOns.length} add-ons have a version for ${snapshot.target}`);
};
