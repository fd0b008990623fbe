import type { ResourceType } from './client.ts';

/** Resource types that the product reads or writes. */
const core = (plural: string): ResourceType => ({ group: '', version: 'v1', plural });

export const PODS = core('pods');
export const NODES = core('nodes');
export const NAMESPACES = core('namespaces');
export const EVENTS = core('events');
export const DAEMON_SETS: ResourceType = { group: 'apps', version: 'v1', plural: 'daemonsets' };
export const DEPLOYMENTS: ResourceType = { group: 'apps', version: 'v1', plural: 'deployments' };
export const DISRUPTION_BUDGETS: ResourceType = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
};
