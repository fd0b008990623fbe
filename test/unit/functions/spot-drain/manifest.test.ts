import { describe, expect, it } from '@jest/globals';
import { spotDrainSchema } from '../../../../functions/spot-drain/config.ts';
import { spotDrainEntries } from '../../../../functions/spot-drain/manifest.ts';
import type { SharedConfig } from '../../../../shared/core/config.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import { testScope } from '../../../fixtures/scope.ts';

const configOf = (spotDrain: object = {}, change: Partial<SharedConfig> = {}) => ({
  version: 1 as const,
  mode: 'act' as Mode,
  clusters: [{ name: 'staging' }],
  notifications: { topic: true },
  ...change,
  spotDrain: spotDrainSchema.parse(spotDrain),
});
const entries = (spotDrain: object = {}, change: Partial<SharedConfig> = {}) => {
  const [intake, worker] = spotDrainEntries(configOf(spotDrain, change), testScope);
  if (intake === undefined || worker === undefined) throw new Error('there are two entries');
  return { intake, worker };
};
const actionsOf = ({ statements }: { statements: readonly { actions: readonly string[] }[] }) =>
  statements.flatMap(({ actions }) => actions);

describe('the manifest', () => {
  it('is an intake behind the queue and a worker that is only invoked', () => {
    const { intake, worker } = entries();
    expect([intake.id, intake.handler, intake.trigger]).toMatchObject([
      'spot-drain',
      'handler',
      { kind: 'queue', batchSize: 10, visibilitySeconds: 60 },
    ]);
    expect([worker.id, worker.handler, worker.trigger]).toEqual([
      'spot-drain-worker',
      'worker',
      { kind: 'manual' },
    ]);
    expect([intake.timeoutSeconds, worker.timeoutSeconds]).toEqual([10, 900]);
  });

  it('gives each the Kubernetes rights of its own part', () => {
    const { intake, worker } = entries();
    const rights = ({ kubernetesRules }: typeof intake) =>
      kubernetesRules.flatMap(({ resources, verbs }) =>
        resources.map((resource) => `${resource}: ${verbs.join(' ')}`),
      );
    expect(rights(intake)).toEqual(['nodes: get list patch', 'pods: list', 'events: create']);
    expect(rights(worker)).toEqual([
      'nodes: get patch',
      'pods: list delete',
      'pods/eviction: create',
      'poddisruptionbudgets: list',
      'events: create',
    ]);
  });

  it('asks for no delete of pods where the deadline delete is off', () => {
    const { worker } = entries({ deleteAtDeadline: false });
    expect(worker.kubernetesRules.find(({ resources }) => resources.includes('pods'))?.verbs).toEqual([
      'list',
    ]);
  });

  it('listens to Auto Scaling and may complete its actions only where a hook is named', () => {
    const none = entries();
    expect(JSON.stringify(none.intake.trigger)).not.toContain('aws.autoscaling');
    expect(actionsOf(none.worker).filter((action) => action.startsWith('autoscaling:'))).toEqual([]);
    const named = entries({ lifecycleHooks: ['drain'] });
    expect(JSON.stringify(named.intake.trigger)).toContain('EC2 Instance-terminate Lifecycle Action');
    expect(actionsOf(named.worker).filter((action) => action.startsWith('autoscaling:'))).toEqual([
      'autoscaling:CompleteLifecycleAction',
      'autoscaling:RecordLifecycleActionHeartbeat',
      'autoscaling:DescribeAutoScalingInstances',
    ]);
  });

  it("asks for a hook's heartbeat time-out only where one may be held for hours", () => {
    const held = (lifecycleHoldMinutes: number) =>
      actionsOf(entries({ lifecycleHooks: ['drain'], lifecycleHoldMinutes }).worker).includes(
        'autoscaling:DescribeLifecycleHooks',
      );
    expect([held(15), held(16)]).toEqual([false, true]);
  });

  it('reads namespaces only where they may opt out', () => {
    const reads = (namespaceOptOuts: boolean) =>
      entries({ namespaceOptOuts }).worker.kubernetesRules.some(({ resources }) =>
        resources.includes('namespaces'),
      );
    expect([reads(false), reads(true)]).toEqual([false, true]);
  });

  it('does so for a hook that a single cluster names', () => {
    const { intake, worker } = entries({ clusters: { staging: { lifecycleHooks: ['drain'] } } });
    expect(JSON.stringify(intake.trigger)).toContain('EC2 Instance-terminate Lifecycle Action');
    expect(actionsOf(worker)).toContain('autoscaling:CompleteLifecycleAction');
  });

  it('listens to EC2 and to what AWS Health plans for EC2', () => {
    expect(entries().intake.trigger).toMatchObject({
      patterns: [
        {
          source: ['aws.ec2'],
          detailType: ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
        },
        { detail: { state: ['running', 'stopping', 'stopped', 'shutting-down', 'terminated'] } },
        {
          source: ['aws.health'],
          detailType: ['AWS Health Event'],
          detail: { service: ['EC2'], eventTypeCategory: ['scheduledChange'] },
        },
      ],
    });
  });

  it('does not ask for instances that start where there is no cordon to be undone', () => {
    const { intake } = entries({}, { mode: 'observe' });
    expect(JSON.stringify(intake.trigger)).not.toContain('running');
  });

  it('lets others than EventBridge send where they and a hook are named', () => {
    const autoScalingNotifications = {
      topics: ['arn:aws:sns:eu-central-1:111122223333:lifecycle'],
      roles: ['arn:aws:iam::111122223333:role/asg'],
    };
    expect(entries({ autoScalingNotifications }).intake.trigger).not.toHaveProperty('senders');
    expect(entries({ lifecycleHooks: ['drain'] }).intake.trigger).not.toHaveProperty('senders');
    expect(entries({ autoScalingNotifications, lifecycleHooks: ['drain'] }).intake.trigger).toMatchObject({
      senders: autoScalingNotifications,
    });
  });

  it('publishes to the topic only where there are notifications', () => {
    const { intake } = entries();
    expect([actionsOf(intake).includes('sns:Publish'), intake.uses.includes('topic')]).toEqual([true, true]);
    const silent = entries({}, { notifications: { topic: false } }).intake;
    expect([actionsOf(silent).includes('sns:Publish'), silent.uses.includes('topic')]).toEqual([
      false,
      false,
    ]);
  });

  it('asks for nothing that changes anything while it observes', () => {
    const { intake, worker } = entries({ lifecycleHooks: ['drain'] }, { mode: 'observe' });
    const verbs = [...intake.kubernetesRules, ...worker.kubernetesRules].flatMap((rule) => rule.verbs);
    expect(new Set(verbs)).toEqual(new Set(['get', 'list']));
    const actions = [...actionsOf(intake), ...actionsOf(worker)];
    expect(actions.filter((action) => /^(autoscaling|events):/.test(action))).toEqual([]);
  });

  it.each<[string, Partial<SharedConfig>]>([
    ['globally', { mode: 'off' }],
    ['in every cluster', { clusters: [{ name: 'staging', mode: 'off' }] }],
  ])('is empty when it is off %s', (_, change) => {
    expect(spotDrainEntries(configOf({}, change), testScope)).toEqual([]);
  });

  it('names no cluster that is off, and no resource by a wildcard that could be narrower', () => {
    const { intake, worker } = entries(
      { lifecycleHooks: ['drain'] },
      { clusters: [{ name: 'staging' }, { name: 'dev', mode: 'off' }] },
    );
    const resources = [...intake.statements, ...worker.statements].flatMap(
      (statement) => statement.resources,
    );
    expect(resources.filter((resource) => resource.includes('cluster/dev'))).toEqual([]);
    // DescribeInstances and DescribeAutoScalingInstances.
    expect(resources.filter((resource) => resource === '*')).toHaveLength(2);
  });
});
