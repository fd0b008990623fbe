import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { EKSClient } from '@aws-sdk/client-eks';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parseStartInput } from '../../../../functions/cluster-upgrade/input.ts';
import { runUpgrade } from '../../../../functions/cluster-upgrade/run.ts';
import type { InvocationResult } from '../../../../shared/core/verdict.ts';
import type { AutomationContext } from '../../../../shared/runtime/context.ts';
import { createDurableHandler } from '../../../../shared/runtime/durable.ts';
import { createDurableService } from '../../../fixtures/durable-service.ts';
import type { UpgradeSetup } from '../../../fixtures/upgrade-run.ts';
import { setUpUpgrade, storyOf } from '../../../fixtures/upgrade-run.ts';

let lines: string[];

beforeEach(() => {
  lines = [];
  const collect = (chunk: unknown): boolean => {
    lines.push(...String(chunk).trimEnd().split('\n'));
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(collect);
  jest.spyOn(process.stderr, 'write').mockImplementation(collect);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const handlerOf = ({ deps }: UpgradeSetup) => {
  const context: AutomationContext<object> = {
    automation: 'cluster-upgrade',
    config: deps.config,
    section: deps.section,
    clock: deps.clock,
    logger: new Logger({ serviceName: 'cluster-upgrade' }),
    metrics: new Metrics({ namespace: 'eks-caretaker', serviceName: 'cluster-upgrade' }),
    store: deps.store,
    notifier: deps.notifier,
    publisher: { publish: () => Promise.resolve() },
    clusters: { connect: () => Promise.reject(new Error('not part of this test')) },
    eks: new EKSClient({ region: 'eu-central-1' }),
    readMode: deps.readMode,
  };
  return createDurableHandler(context, {
    parse: parseStartInput,
    run: (input, durable) => runUpgrade(deps, input, durable),
  });
};

/** middy types a handler by its context; what Lambda calls is the durable SDK's own signature. */
const asLambda = (handler: ReturnType<typeof handlerOf>) =>
  handler as Parameters<ReturnType<typeof createDurableService>['run']>[0] & typeof handler;

describe('the upgrade on the durable execution SDK', () => {
  it('comes to the same end as in memory, through the chain of every handler', async () => {
    const setup = setUpUpgrade();
    const planHash = await setup.planHash();
    const service = createDurableService({
      onPause: () => setup.clock.advance(60_000),
      onCallback: (operation) => ({
        Status: 'SUCCEEDED',
        CallbackDetails: {
          ...operation.CallbackDetails,
          Result: JSON.stringify({ decision: 'approve', planHash, by: 'ada' }),
        },
      }),
    });
    const output = await service.run(asLambda(handlerOf(setup)), {
      action: 'start',
      cluster: 'staging',
      version: '1.35',
      planHash,
    });
    if (output.Status !== 'SUCCEEDED') throw new Error(`ended as ${JSON.stringify(output)}`);
    const result = JSON.parse(output.Result ?? '{}') as InvocationResult;
    expect(result).toMatchObject({ automation: 'cluster-upgrade', mode: 'act' });
    expect(storyOf(result.verdicts).slice(4)).toEqual([
      'update-control-plane cluster/staging: updated',
      'update-node-group node-group/batch: updated',
      'update-node-group node-group/web-a: updated',
      'update-add-on add-on/kube-proxy: updated',
      'update-add-on add-on/coredns: updated',
      'update-add-on add-on/vpc-cni: updated',
      'complete-upgrade cluster/staging: upgraded',
    ]);
    expect(service.invocations).toBeGreaterThan(20);
    expect(await setup.record()).toMatchObject({ status: 'succeeded', decidedBy: 'ada' });
    expect(setup.store.items().filter(({ pk }) => pk.startsWith('lease#'))).toEqual([]);
  });

  it('fails the execution for a malformed input, and says why once', async () => {
    const setup = setUpUpgrade();
    const output = await createDurableService().run(asLambda(handlerOf(setup)), { action: 'start' });
    expect(output).toMatchObject({
      Status: 'FAILED',
      Error: { ErrorMessage: expect.stringContaining('"cluster" has to be the name of a cluster') },
    });
    expect(lines.filter((line) => line.includes('MalformedEventError'))).toHaveLength(1);
  });
});
