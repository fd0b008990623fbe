import type { CheckRule } from '../check.ts';
import { block, pass, warn } from '../check.ts';
import { minorOf } from '../versions.ts';

const CHECK = 'target-version';

/**
 * One minor up, and a version that EKS offers today. The cluster's own minor is a target too where an
 * earlier run was stopped after the control plane: what is behind is brought up.
 */
export const checkTargetVersion: CheckRule = ({ cluster, target, versions }) => {
  const current = minorOf(cluster.version);
  const wanted = minorOf(target);
  const objects = [`cluster/${cluster.name}`];
  if (current === undefined || wanted === undefined) {
    return block(CHECK, {
      summary: `${wanted === undefined ? target : cluster.version} is not a Kubernetes minor such as 1.35`,
      objects,
      remedy: 'name the target as 1.<minor>',
    });
  }
  if (wanted !== current + 1 && wanted !== current) {
    return block(CHECK, {
      summary: `the cluster runs ${cluster.version}; an upgrade goes one minor at a time, ${target} is not the next one`,
      objects,
      remedy: `upgrade to 1.${current + 1}${wanted > current ? ' first' : '; going back is not offered'}`,
    });
  }
  const offered = versions.find(({ version }) => version === target);
  if (offered === undefined || offered.support === 'UNSUPPORTED') {
    return block(CHECK, {
      summary: `EKS ${offered === undefined ? 'does not offer' : 'no longer supports'} ${target}`,
      objects,
      remedy: `choose one of: ${versions
        .filter(({ support }) => support !== 'UNSUPPORTED')
        .map(({ version }) => version)
        .toSorted()
        .join(', ')}`,
    });
  }
  if (offered.support === 'EXTENDED_SUPPORT') {
    return warn(CHECK, {
      summary: `${target} is in extended support, which costs extra`,
      objects,
      remedy: `go on to a version in standard support afterwards`,
    });
  }
  return pass(
    CHECK,
    wanted === current
      ? `the control plane is at ${target} already; what is behind is brought up`
      : `${cluster.version} to ${target} is one minor, in standard support${
          offered.endOfStandardSupport === undefined
            ? ''
            : ` until ${offered.endOfStandardSupport.slice(0, 10)}`
        }`,
  );
};
