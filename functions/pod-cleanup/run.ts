import pMap from 'p-map';
import { MalformedEventError } from '../../shared/core/errors.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { Tick } from '../../shared/runtime/tick.ts';
import type { PodCleanupDeps } from './clean-cluster.ts';
import { cleanCluster } from './clean-cluster.ts';

const CLUSTERS_AT_ONCE = 4;

/** Cleans up the cluster that the tick names, or every one. Clusters that fail do not stop the others. */
export const runPodCleanup = async (deps: PodCleanupDeps, tick: Tick, call: Call): Promise<void> => {
  const names = deps.config.clusters.map(({ name }) => name);
  if (tick.cluster !== undefined && !names.includes(tick.cluster)) {
    throw new MalformedEventError(`cluster ${tick.cluster} is not configured; known are ${names.join(', ')}`);
  }
  const budget = { left: deps.section.maximumDeletesPerRun };
  await pMap(
    tick.cluster === undefined ? names : [tick.cluster],
    (cluster) => cleanCluster(deps, { cluster, call, budget }),
    { concurrency: CLUSTERS_AT_ONCE },
  );
};
