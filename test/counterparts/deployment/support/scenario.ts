import type { ClusterSpec } from '../../../../infra/local/world/spec.ts';
import { DEFAULT_STACK_NAME } from '../../../../infra/names.ts';
import { nodeGroup } from '../../../e2e/support/specs.ts';

export const STACK = DEFAULT_STACK_NAME;
export const CLUSTER = 'staging';
/** The control plane's version, so that the upgrade has an add-on to bring up and nothing else. */
export const VERSION = '1.35';

/** Everything is on, so that every function is deployed. */
export const CONFIG = `
version: 1
mode: act
clusters:
  - name: ${CLUSTER}
nodeGroupSchedule:
  schedules:
    always: { timeZone: Europe/Berlin, awake: ["Mon-Sun 00:00-24:00"] }
ecrRescan: { repositories: ["shop/*"] }
spotDrain: { lifecycleHooks: [drain-first] }
podCleanup: { minimumAgeMinutes: 0 }
`;

/** Two spot nodes, and an add-on that is behind. */
export const SPEC: Partial<ClusterSpec> & { readonly name: string } = {
  name: CLUSTER,
  version: VERSION,
  nodeGroups: [nodeGroup()],
  addons: [
    { name: 'vpc-cni', version: 'v1.21.1-eksbuild.3' },
    { name: 'kube-proxy', version: 'v1.34.6-eksbuild.2' },
  ],
};
