import type { DescribedGroup, Sizes } from './model.ts';

/** A node group asleep: `max` stays, for EKS wants it to be 1 or more and its owner's limit is not ours to lose. */
export const asleepSizes = (current: Sizes): Sizes => ({ min: 0, desired: 0, max: current.max });

export const isAtZero = ({ min, desired }: Sizes): boolean => min === 0 && desired === 0;

export const sameSizes = (a: Sizes, b: Sizes): boolean =>
  a.min === b.min && a.desired === b.desired && a.max === b.max;

/** The saved sizes, within the maximum that holds now: somebody may have lowered it during the night. */
export const awakeSizes = (saved: Sizes, current: Sizes): Sizes => {
  const desired = Math.min(saved.desired, current.max);
  return { min: Math.min(saved.min, desired), desired, max: current.max };
};

/**
 * Why the sizes of a group must not be saved now, or undefined. During a version update EKS inflates desired
 * and max; a group at zero would be "restored" to nothing.
 */
export const saveRefusal = (
  group: DescribedGroup,
): 'node-group-not-active' | 'already-at-zero' | undefined => {
  if (group.status !== 'ACTIVE') return 'node-group-not-active';
  return group.sizes.desired === 0 ? 'already-at-zero' : undefined;
};
