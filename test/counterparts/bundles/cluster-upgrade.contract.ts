import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Verdict } from '../../../shared/core/verdict.ts';
import { only } from '../../e2e/support/scene.ts';
import { nodeGroup } from '../../e2e/support/specs.ts';
import { sameOnBoth } from './support/compare.ts';
import { create, isHealthy, podsIn, remove } from './support/objects.ts';
import { nameOf, refusalOf, shippedRights, verdictsNaming, withoutRight } from './support/rights.ts';
import type { Side } from './support/side.ts';
import { CLUSTER } from './support/side.ts';
import { useSides } from './support/sides.ts';
import { lastRun, upgrade } from './support/upgrade-command.ts';
import type { Place } from './support/workloads.ts';
import { createBudget, createNamespace, createWorkload } from './support/workloads.ts';

/** The control plane is there already: what is left to do is the node group. */
const TARGET = '1.35';
const GROUP = 'web';
const INSIGHTS_SECONDS = 80;

const CONFIG = only('clusterUpgrade');
const sides = useSides({
  config: CONFIG,
  cluster: {
    version: TARGET,
    addons: [],
    nodeGroups: [nodeGroup({ name: GROUP, version: '1.34', spot: false, min: 1, desired: 2 })],
  },
});
const shop: Place = { namespace: 'shop', nodeSelector: { role: GROUP } };

beforeAll(async () => {
  const populate = async (side: Side) => {
    await createNamespace(side, shop);
    await createBudget(side, shop, { of: 'cart', name: 'guard', allows: { minAvailable: 2 } });
    await createWorkload(side, shop, { kind: 'Deployment', name: 'cart', replicas: 2 });
    await side.until('the pods run', async () =>
      (await podsIn(side, 'shop')).filter(isHealthy).length === 2 ? true : undefined,
    );
  };
  await Promise.all([populate(sides.real), populate(sides.embedded)]);
});

const plan = async (side: Side): Promise<readonly Verdict[]> => {
  const { account } = side.scene;
  const before = { verdicts: side.scene.verdicts().length, exchanges: side.scene.exchanges.length };
  const planned = account.invoke('cluster-upgrade-plan', {
    action: 'plan',
    cluster: CLUSTER,
    version: TARGET,
  });
  if (side.name === 'real') {
    await side.until('EKS is asked how far its insights are', () =>
      side.scene.exchanges
        .slice(before.exchanges)
        .find(({ operation }) => operation === 'DescribeInsightsRefresh'),
    );
    side.skip(INSIGHTS_SECONDS);
  }
  await planned;
  return side.scene.verdicts().slice(before.verdicts);
};

interface Check {
  readonly check: string;
  readonly verdict: string;
  readonly objects: readonly string[];
}

describe('a plan', () => {
  const skewOf = ([verdict]: readonly Verdict[]) => {
    const checks = verdict?.detail?.checks as readonly Check[] | undefined;
    const { verdict: is, objects } = checks?.find(({ check }) => check === 'kubelet-skew') ?? {};
    return { reason: verdict?.reason, is, objects };
  };

  it.each([
    ['none', undefined, { reason: 'ready', is: 'pass', objects: [] }],
    [
      'one of their own, within the skew',
      'v1.33.4',
      { reason: 'ready', is: 'warn', objects: ['node/own (v1.33.4)'] },
    ],
    ['one that is too old', 'v1.31.14', { reason: 'blocked', is: 'block', objects: ['node/own (v1.31.14)'] }],
    ['one that is newer', 'v1.36.0', { reason: 'blocked', is: 'block', objects: ['node/own (v1.36.0)'] }],
  ])(
    'reads the kubelets of the cluster itself: besides the group’s %s',
    async (what, kubeletVersion, skew) => {
      const run = async (side: Side) => {
        if (kubeletVersion !== undefined)
          await create(side, '/api/v1/nodes', {
            apiVersion: 'v1',
            kind: 'Node',
            metadata: { name: 'own', annotations: { 'kwok.x-k8s.io/node': 'fake' } },
            status: { nodeInfo: { kubeletVersion } },
          });
        const verdicts = await plan(side);
        await remove(side, '/api/v1/nodes/own');
        return skewOf(verdicts);
      };
      const found = await sameOnBoth(
        sides,
        `A plan with kubelets besides the node group's: ${what}`,
        run,
        ({ reason, is, objects }) => [reason, is, ...(objects ?? [])].join(', '),
      );
      expect(found).toEqual(skew);
    },
  );
});

/** From the plan to the end of a run in which EKS cannot empty a node of the group. */
const runToTheEnd = async (side: Side): Promise<{ said: string; status: string; message: string }> => {
  const [planned] = await plan(side);
  const planHash = String(planned?.detail?.planHash);
  const logged = side.scene.logs().length;
  side.scene.account.world.updates.failNext(
    { clusterName: CLUSTER, nodeGroupName: GROUP },
    { errorCode: 'PodEvictionFailure', errorMessage: 'Reached max retries', resourceIds: ['i-1'] },
  );
  const earlier = (await lastRun(side))?.executionName;
  await upgrade(side, 'start', TARGET, '--plan', planHash);
  await side.pass(150);
  const asked = await side.until('a run waits for a yes, or has ended', async () => {
    const run = await lastRun(side);
    return run?.executionName === earlier || run?.status === 'running' ? undefined : run;
  });
  if (asked?.status === 'awaiting-approval') {
    await upgrade(side, 'approve', '--plan', planHash);
    await side.pass(3_600);
  }
  const ended = await side.until('the run has ended', async () => {
    const run = await lastRun(side);
    return run?.phase === 'ended' ? run : undefined;
  });
  return {
    said: side.scene.logs().slice(logged).join('\n'),
    status: `${ended.status} ${ended.reason}`,
    message: ended.message ?? '',
  };
};

describe('a run whose node group EKS cannot empty', () => {
  it('names the budget that holds the pods, the pods and their nodes, as the cluster has them', async () => {
    const run = async (side: Side) => {
      const { status, message } = await runToTheEnd(side);
      const pods = await podsIn(side, 'shop');
      const names = pods.map(({ metadata }) => `shop/${metadata.name}`).toSorted();
      const nodes = [...new Set(pods.map(({ spec }) => spec.nodeName ?? ''))].toSorted();
      return {
        status,
        isNamed: message.includes(`budget shop/guard holds ${names.join(', ')} on ${nodes.join(', ')}`),
      };
    };
    const end = await sameOnBoth(
      sides,
      'An upgrade whose node group cannot be emptied',
      run,
      ({ status, isNamed }) => `${status}, budget, pods and nodes named: ${isNamed}`,
    );
    expect(end).toEqual({ status: 'failed update-failed', isNamed: true });
  });
});

/** What a run comes to without it; the diagnosis of a failure goes on without what it cannot see, and says so. */
const ends: Readonly<Record<string, string>> = {
  'cluster-upgrade-plan: list nodes': 'missing-right',
  'cluster-upgrade: list nodes': 'failed missing-right',
  'cluster-upgrade: list pods': 'failed update-failed',
  'cluster-upgrade: list poddisruptionbudgets': 'failed update-failed',
};

describe('a right that the role lacks', () => {
  it('is each one that is shipped, and no other', () => {
    expect(Object.keys(ends).toSorted()).toEqual(shippedRights(CONFIG).map(nameOf).toSorted());
  });

  it.each(shippedRights(CONFIG).map((right) => [nameOf(right), right] as const))(
    '%s is named',
    async (name, right) => {
      const attempt = async (side: Side): Promise<string> => {
        if (right.entryId === 'cluster-upgrade-plan')
          return verdictsNaming(await plan(side), right)
            .map(({ reason }) => reason)
            .join(', ');
        const { said, status, message } = await runToTheEnd(side);
        return refusalOf(right).test(`${message}\n${said}`) ? status : `${status}, the right is not named`;
      };
      const run = (side: Side) => withoutRight(side, right, () => attempt(side));
      const end = await sameOnBoth(sides, `Without the right ${name}`, run);
      expect(end).toBe(ends[name]);
    },
  );
});
