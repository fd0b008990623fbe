import type { V1Namespace } from '@kubernetes/client-node';
import { describeError } from '../../shared/core/errors.ts';
import { optOutsOf } from '../../shared/drain/opt-out.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { listAll } from '../../shared/kubernetes/list-all.ts';
import { NAMESPACES } from '../../shared/kubernetes/resources.ts';
import type { OptOuts } from './drain-options.ts';
import { inTime } from './in-time.ts';
import type { WorkerDeps } from './worker.ts';

/** Pods may always opt out by themselves. */
const NO_NAMESPACES: OptOuts = { keep: [], evictOnly: [] };
/** A list of thousands of namespaces takes about a second. */
const READ_WITHIN_MS = 3_000;

/**
 * The namespaces that opted out, read once for a batch where the configuration asks for it. A node does not wait long
 * for it: where they cannot be read soon, the pods' own annotations count alone, and it is said so.
 */
export const readOptOuts = async (
  deps: Pick<WorkerDeps, 'section' | 'logger' | 'clock'>,
  api: KubernetesApi,
): Promise<OptOuts> => {
  if (!deps.section.namespaceOptOuts) return NO_NAMESPACES;
  try {
    return optOutsOf(await inTime(deps.clock, READ_WITHIN_MS, listAll<V1Namespace>(api, NAMESPACES)));
  } catch (error) {
    deps.logger.warn("namespaces could not be read; only the pods' own annotations count", {
      cluster: api.cluster,
      error: describeError(error),
    });
    return NO_NAMESPACES;
  }
};
