import type { V1Namespace } from '@kubernetes/client-node';
import { describeError } from '../../shared/core/errors.ts';
import { optOutsOf } from '../../shared/drain/opt-out.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import { NAMESPACES } from '../../shared/kubernetes/resources.ts';
import type { OptOuts } from './drain-options.ts';
import type { WorkerDeps } from './worker.ts';

/** Pods may always opt out by themselves. */
const NO_NAMESPACES: OptOuts = { keep: [], evictOnly: [] };

/**
 * The namespaces that opted out, read once for a batch where the configuration asks for it. A node does not wait for
 * it: where they cannot be read, the pods' own annotations count alone, and it is said so.
 */
export const readOptOuts = async (
  deps: Pick<WorkerDeps, 'section' | 'logger'>,
  api: KubernetesApi,
): Promise<OptOuts> => {
  if (!deps.section.namespaceOptOuts) return NO_NAMESPACES;
  try {
    const namespaces: V1Namespace[] = [];
    for await (const page of api.listPages<V1Namespace>(NAMESPACES)) namespaces.push(...page);
    return optOutsOf(namespaces);
  } catch (error) {
    deps.logger.warn("namespaces could not be read; only the pods' own annotations count", {
      cluster: api.cluster,
      error: describeError(error),
    });
    return NO_NAMESPACES;
  }
};
