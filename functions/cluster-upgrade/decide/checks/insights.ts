import type { CheckRule } from '../check.ts';
import { block, pass, warn } from '../check.ts';
import type { InsightSnapshot, Snapshot } from '../snapshot.ts';
import { minorOf } from '../versions.ts';

const CHECK = 'insights';

/** Insights about later minors do not stand in the way of this one; those without a version always count. */
const relevant = ({ insights, target }: Snapshot): readonly InsightSnapshot[] => {
  const wanted = minorOf(target) ?? 0;
  return insights.filter(
    ({ kubernetesVersion }) => kubernetesVersion === undefined || (minorOf(kubernetesVersion) ?? 0) <= wanted,
  );
};

const describe = (insight: InsightSnapshot): string[] => {
  const lead = `${insight.status} ${insight.name}${insight.reason === '' ? '' : `: ${insight.reason}`}`;
  const uses = insight.deprecated.map(
    ({ usage, replacedWith, stopServingVersion, clients }) =>
      `${insight.name}: ${usage}${stopServingVersion === undefined ? '' : `, gone in ${stopServingVersion}`}${
        replacedWith === undefined ? '' : `, use ${replacedWith}`
      }${clients.length === 0 ? '' : `, called by ${clients.join(', ')}`}`,
  );
  return [lead, ...uses, ...insight.resources.map((resource) => `${insight.name}: ${resource}`)];
};

/** EKS's own upgrade insights, freshly refreshed. None at all, or an unknown one, is not a pass. */
export const checkInsights: CheckRule = (snapshot) => {
  if (snapshot.cluster.version === snapshot.target) {
    return pass(CHECK, `the control plane is at ${snapshot.target}; upgrade insights no longer apply`);
  }
  if (snapshot.insightsRefresh !== 'COMPLETED') {
    return block(CHECK, {
      summary: `the refresh of the insights ended as ${snapshot.insightsRefresh}, so what they say may be old`,
      objects: [],
      remedy: 'plan again in a few minutes; EKS needs the cluster to be reachable for it',
    });
  }
  const insights = relevant(snapshot);
  if (insights.length === 0) {
    return block(CHECK, {
      summary: `EKS has no upgrade insight about ${snapshot.target} yet`,
      objects: [],
      remedy: 'plan again later: an empty list is not a pass',
    });
  }
  const blocking = insights.filter(({ status }) => status !== 'PASSING' && status !== 'WARNING');
  const warning = insights.filter(({ status }) => status === 'WARNING');
  const remedies = (found: readonly InsightSnapshot[]): string =>
    [...new Set(found.flatMap(({ recommendation }) => recommendation ?? []))].toSorted().join(' ') ||
    'see the insight in the EKS console';
  if (blocking.length > 0) {
    return block(CHECK, {
      summary: `${blocking.length} of ${insights.length} upgrade insights do not pass`,
      objects: [...blocking, ...warning].flatMap(describe),
      remedy: remedies(blocking),
    });
  }
  if (warning.length > 0) {
    return warn(CHECK, {
      summary: `${warning.length} of ${insights.length} upgrade insights warn`,
      objects: warning.flatMap(describe),
      remedy: remedies(warning),
    });
  }
  return pass(CHECK, `all ${insights.length} upgrade insights pass`);
};
