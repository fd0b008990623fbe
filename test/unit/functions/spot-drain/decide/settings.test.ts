import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../../functions/spot-drain/config.ts';
import type { Owner } from '../../../../../functions/spot-drain/decide/owner.ts';
import type { ActionableKind } from '../../../../../functions/spot-drain/decide/settings.ts';
import { policyFor, settingsFor } from '../../../../../functions/spot-drain/decide/settings.ts';

const config = spotDrainSchema.parse({
  deadlineMarginSeconds: 20,
  policy: { rebalance: { managed: 'cordon' } },
  clusters: {
    production: {
      deadlineMarginSeconds: 5,
      policy: { rebalance: { selfManaged: 'drain' }, spotInterruption: { karpenter: 'record' } },
    },
    quiet: {
      policy: {
        terminateLifecycle: { managed: 'record' },
        retirement: { managed: 'record' },
        maintenance: { managed: 'cordon' },
      },
    },
    dev: { deadlineMarginSeconds: 7 },
  },
});

describe('the policy', () => {
  it.each<[ActionableKind, Owner, string]>([
    ['spot-interruption', 'managed', 'drain'],
    ['spot-interruption', 'self-managed', 'drain'],
    ['spot-interruption', 'karpenter', 'observe'],
    ['spot-interruption', 'auto-mode', 'observe'],
    ['terminate-lifecycle', 'managed', 'drain'],
    ['terminate-lifecycle', 'self-managed', 'drain'],
    ['rebalance', 'managed', 'record'],
    ['rebalance', 'self-managed', 'record'],
    ['rebalance', 'karpenter', 'observe'],
    ['rebalance', 'auto-mode', 'observe'],
    ['retirement', 'managed', 'drain'],
    ['retirement', 'karpenter', 'observe'],
    ['maintenance', 'self-managed', 'drain'],
    ['maintenance', 'auto-mode', 'observe'],
  ])('about a %s on a %s node is by default: %s', (kind, owner, action) => {
    expect(policyFor(spotDrainSchema.parse({}), kind, owner)).toBe(action);
  });

  it.each<[string, ActionableKind, Owner, string]>([
    ['staging', 'rebalance', 'managed', 'cordon'],
    ['staging', 'rebalance', 'self-managed', 'record'],
    ['production', 'rebalance', 'managed', 'cordon'],
    ['production', 'rebalance', 'self-managed', 'drain'],
    ['production', 'spot-interruption', 'karpenter', 'record'],
    ['production', 'spot-interruption', 'auto-mode', 'observe'],
    ['quiet', 'terminate-lifecycle', 'managed', 'record'],
    ['quiet', 'terminate-lifecycle', 'self-managed', 'drain'],
    ['quiet', 'retirement', 'managed', 'record'],
    ['quiet', 'maintenance', 'managed', 'cordon'],
    ['quiet', 'rebalance', 'managed', 'cordon'],
    ['dev', 'rebalance', 'managed', 'cordon'],
  ])(
    "of %s about a %s on a %s node is the cluster's own, or that for all: %s",
    (cluster, kind, owner, action) => {
      expect(policyFor(settingsFor(config, cluster), kind, owner)).toBe(action);
    },
  );
});

describe('the other options', () => {
  it.each([
    ['production', 5],
    ['staging', 20],
    ['dev', 7],
    ['quiet', 20],
    ['constructor', 20],
  ])('of %s are its own, or those for all', (cluster, margin) => {
    const settings = settingsFor(config, cluster);
    expect(settings.deadlineMarginSeconds).toBe(margin);
    expect(settings.maintenanceLeadMinutes).toBe(120);
  });

  it('are those for all where its own are left open', () => {
    const open = { ...config, clusters: { dev: { deadlineMarginSeconds: undefined } } };
    expect(settingsFor(open as typeof config, 'dev').deadlineMarginSeconds).toBe(20);
  });
});
