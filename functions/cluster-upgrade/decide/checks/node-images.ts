import type { CheckRule } from '../check.ts';
import { block, pass, warn } from '../check.ts';
import { imageFamilyOf } from '../node-images.ts';

const CHECK = 'node-images';

/** Every managed node group that moves has an image of its family for the target. */
export const checkNodeImages: CheckRule = ({ nodeGroups, target }) => {
  const behind = nodeGroups.filter(({ version }) => version !== target);
  const missing = behind.filter(
    ({ amiType, targetRelease }) =>
      imageFamilyOf(amiType, target).kind === 'parameter' && targetRelease === undefined,
  );
  if (missing.length > 0) {
    return block(CHECK, {
      summary: `AWS publishes no image of ${missing.length} node groups' family for ${target}`,
      objects: missing.map(({ name, amiType }) => `node-group/${name} (${amiType})`),
      remedy: 'move these workloads to a node group of a family that goes on (AL2 ended with 1.32)',
    });
  }
  const custom = behind.filter(({ amiType }) => imageFamilyOf(amiType, target).kind === 'custom');
  if (custom.length > 0) {
    return warn(CHECK, {
      summary: `${custom.length} node groups run an image of your own; they are left alone`,
      objects: custom.map(({ name }) => `node-group/${name}`),
      remedy: `build an image for ${target} and give the groups a launch template version with it`,
    });
  }
  return pass(CHECK, `all ${behind.length} node groups to update have an image for ${target}`);
};
