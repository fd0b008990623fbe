import type { SpotDrainConfig } from '../config.ts';
import type {
  OwnPolicy,
  Policy,
  PolicyAction,
  PolicyEvent,
  PolicyOwner,
  PolicyRow,
} from '../policy-config.ts';
import type { NoticeKind } from './notice.ts';
import type { Owner } from './owner.ts';

/** Events about which something may be done; a change of state says that it is too late, or over. */
export type ActionableKind = Exclude<NoticeKind, 'state-change'>;

const EVENTS: Readonly<Record<ActionableKind, PolicyEvent>> = {
  'spot-interruption': 'spotInterruption',
  'terminate-lifecycle': 'terminateLifecycle',
  rebalance: 'rebalance',
  retirement: 'retirement',
  maintenance: 'maintenance',
};
const OWNERS: Readonly<Record<Owner, PolicyOwner>> = {
  managed: 'managed',
  'self-managed': 'selfManaged',
  karpenter: 'karpenter',
  'auto-mode': 'autoMode',
};

/** What is done about an event on a node of that owner. */
export const policyFor = (
  { policy }: Pick<SpotDrainConfig, 'policy'>,
  kind: ActionableKind,
  owner: Owner,
): PolicyAction => policy[EVENTS[kind]][OWNERS[owner]];

/** Options that are set, over those for all; `undefined` is not set. */
const over = <T extends object>(all: T, own: { readonly [Key in keyof T]?: T[Key] | undefined }): T => ({
  ...all,
  ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
});

const policyOver = (all: Policy, own: OwnPolicy): Policy => {
  const rowOver = (event: PolicyEvent): PolicyRow => over(all[event], own?.[event] ?? {});
  return {
    spotInterruption: rowOver('spotInterruption'),
    terminateLifecycle: rowOver('terminateLifecycle'),
    rebalance: rowOver('rebalance'),
    retirement: rowOver('retirement'),
    maintenance: rowOver('maintenance'),
  };
};

/** The configuration as it holds for one cluster: its own options over those for all. */
export const settingsFor = (config: SpotDrainConfig, cluster: string): SpotDrainConfig => {
  const own = Object.hasOwn(config.clusters, cluster) ? config.clusters[cluster] : undefined;
  if (own === undefined) return config;
  const { policy, ...rest } = own;
  return { ...over(config, rest), policy: policyOver(config.policy, policy) };
};
