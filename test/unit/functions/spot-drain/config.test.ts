import { describe, expect, it } from '@jest/globals';
import { checkSpotDrain, spotDrainSchema } from '../../../../functions/spot-drain/config.ts';

const configOf = (spotDrain: object) => ({
  version: 1 as const,
  mode: 'act' as const,
  clusters: [{ name: 'staging' }, { name: 'production' }],
  notifications: { topic: true },
  spotDrain: spotDrainSchema.parse(spotDrain),
});

const OURS = { managed: 'drain', selfManaged: 'drain', karpenter: 'observe', autoMode: 'observe' };

describe('the configuration', () => {
  it("has the page's defaults, which are valid input again", () => {
    const parsed = spotDrainSchema.parse({});
    expect(parsed).toEqual({
      policy: {
        spotInterruption: OURS,
        terminateLifecycle: OURS,
        rebalance: { managed: 'record', selfManaged: 'record', karpenter: 'observe', autoMode: 'observe' },
        retirement: OURS,
        maintenance: OURS,
      },
      deadlineMarginSeconds: 10,
      lifecycleHooks: [],
      deleteAtDeadline: true,
      rebalanceCordonMinutes: 60,
      rebalanceReplacementMinutes: 15,
      maintenanceLeadMinutes: 120,
      unhurriedDrainMinutes: 60,
      includeDaemonSets: false,
      evictionOrder: 'at-once',
      excludeFromLoadBalancers: false,
      evictionDelaySeconds: 0,
      namespaceOptOuts: false,
      outOfServiceTaint: false,
      lifecycleHoldMinutes: 15,
      evictionsPerSecond: 100,
      evictionConcurrency: 110,
      autoScalingNotifications: { topics: [], roles: [] },
      clusters: {},
    });
    expect(spotDrainSchema.parse(parsed)).toEqual(parsed);
  });

  it.each<[object]>([
    [{ deadlineMarginSeconds: '30s' }],
    [{ deadlineMarginSeconds: -1 }],
    [{ deadlineMarginSeconds: 1.5 }],
    [{ deadlineMarginSeconds: 120 }],
    [{ evictionConcurrency: 0 }],
    [{ lifecycleHooks: 'drain' }],
    [{ lifecycleHooks: [''] }],
    [{ deleteAtDeadline: 'yes' }],
    [{ rebalance: 'cordon' }],
    [{ policy: { rebalance: 'cordon' } }],
    [{ policy: { rebalance: { managed: 'ignore' } } }],
    [{ policy: { rebalance: { fargate: 'drain' } } }],
    [{ policy: { hibernation: { managed: 'drain' } } }],
    [{ rebalanceCordonMinutes: 0 }],
    [{ rebalanceReplacementMinutes: 241 }],
    [{ maintenanceLeadMinutes: 4 }],
    [{ unhurriedDrainMinutes: 1.5 }],
    [{ autoScalingNotifications: { topics: ['my-topic'] } }],
    [{ autoScalingNotifications: { roles: ['arn:aws:iam::111122223333:user/me'] } }],
    [{ clusters: { staging: { evictionConcurrency: 5 } } }],
    [{ clusters: { '-staging': {} } }],
    [{ clusters: { staging: { policy: { rebalance: { managed: 'maybe' } } } } }],
  ])('refuses %j', (section) => {
    expect(spotDrainSchema.safeParse(section).success).toBe(false);
  });

  it.each<[object]>([
    [{ policy: { rebalance: { managed: 'cordon', karpenter: 'record' } } }],
    [{ rebalanceReplacementMinutes: 0 }],
    [
      {
        autoScalingNotifications: {
          topics: ['arn:aws:sns:eu-central-1:111122223333:lifecycle'],
          roles: ['arn:aws:iam::111122223333:role/service/asg-notifier'],
        },
      },
    ],
    [{ clusters: { staging: { maintenanceLeadMinutes: 30, policy: { rebalance: { managed: 'drain' } } } } }],
  ])('takes %j', (section) => {
    const parsed = spotDrainSchema.safeParse(section);
    expect(parsed.success && parsed.data).toMatchObject(section);
  });

  it("refuses EKS's own hook and says why, for all clusters and for one", () => {
    const own = { lifecycleHooks: ['mine', 'Terminate-LC-Hook'] };
    const allowed = "hooks of your own; this one is EKS's, and EKS completes it itself";
    const found = '"Terminate-LC-Hook"';
    expect(checkSpotDrain(configOf({ ...own, clusters: { staging: own } }))).toEqual([
      { path: ['spotDrain', 'lifecycleHooks', 1], found, allowed },
      { path: ['spotDrain', 'clusters', 'staging', 'lifecycleHooks', 1], found, allowed },
    ]);
  });

  it('refuses options for a cluster that is not configured', () => {
    expect(checkSpotDrain(configOf({ clusters: { production: {}, test: {} } }))).toEqual([
      {
        path: ['spotDrain', 'clusters', 'test'],
        found: '"test"',
        allowed: 'one of the clusters: staging, production',
      },
    ]);
  });

  it('refuses a cordon alone for a lifecycle action, for all clusters and for one', () => {
    const policy = { terminateLifecycle: { managed: 'cordon' } };
    expect(
      checkSpotDrain(configOf({ policy, clusters: { staging: { policy } } })).map(({ path }) => path),
    ).toEqual([
      ['spotDrain', 'policy', 'terminateLifecycle', 'managed'],
      ['spotDrain', 'clusters', 'staging', 'policy', 'terminateLifecycle', 'managed'],
    ]);
  });
});
