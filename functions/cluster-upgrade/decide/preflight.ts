import type { Check, CheckRule } from './check.ts';
import { block, pass } from './check.ts';
import { checkAddOnVersions } from './checks/add-on-versions.ts';
import { checkFreeAddresses } from './checks/free-addresses.ts';
import {
  checkAddOnHealth,
  checkClusterHealth,
  checkNodeGroupHealth,
  checkRunningUpdates,
} from './checks/health.ts';
import { checkInsights } from './checks/insights.ts';
import { checkNodeImages } from './checks/node-images.ts';
import { checkSkew } from './checks/skew.ts';
import { checkTargetVersion } from './checks/target-version.ts';
import type { UpgradePlan } from './plan.ts';
import { hashOfPlan, planUpgrade } from './plan.ts';
import type { Snapshot } from './snapshot.ts';

/** In the order in which people read them. */
const RULES: readonly CheckRule[] = [
  checkTargetVersion,
  checkInsights,
  checkClusterHealth,
  checkRunningUpdates,
  checkNodeGroupHealth,
  checkAddOnHealth,
  checkSkew,
  checkFreeAddresses,
  checkAddOnVersions,
  checkNodeImages,
];

export interface Preflight {
  readonly plan: UpgradePlan;
  readonly planHash: string;
  readonly checks: readonly Check[];
  /** Codes of the checks that block. */
  readonly blockedBy: readonly string[];
}

const checkSomethingToDo = (plan: UpgradePlan): Check =>
  plan.steps.length > 0
    ? pass('something-to-do', `${plan.steps.length} steps`)
    : block('something-to-do', {
        summary: `control plane, node groups and add-ons are at ${plan.toVersion} already`,
        objects: [`cluster/${plan.cluster}`],
        remedy: 'name the next minor',
      });

/** Every check and the plan, from one snapshot. Pure: the same snapshot gives the same hash. */
export const assess = (snapshot: Snapshot): Preflight => {
  const plan = planUpgrade(snapshot);
  const checks = [...RULES.map((rule) => rule(snapshot)), checkSomethingToDo(plan)];
  return {
    plan,
    planHash: hashOfPlan(plan),
    checks,
    blockedBy: checks.filter(({ verdict }) => verdict === 'block').map(({ check }) => check),
  };
};
