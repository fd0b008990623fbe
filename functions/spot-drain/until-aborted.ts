import type { KubernetesApi } from '../../shared/kubernetes/client.ts';

/**
 * A cluster for as long as the signal lasts: what is under way then is given up, and nothing is sent any more. A function
 * that has answered is frozen, not ended; what it had given up would go on in a later invocation, hours later perhaps.
 */
export const untilAborted = (api: KubernetesApi, signal: AbortSignal): KubernetesApi => ({
  cluster: api.cluster,
  request: async (verb, resource, options = {}) => {
    signal.throwIfAborted();
    return api.request(verb, resource, { ...options, signal });
  },
  listPages: (resource, options = {}) => {
    signal.throwIfAborted();
    return api.listPages(resource, { ...options, signal });
  },
});
