import type { DurableLambdaHandler, WireOperation } from '@aws/durable-execution-sdk-js';
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
import { describe, expect, it } from '@jest/globals';
import type { Durable } from '../../../../shared/core/durable.ts';
import { StepFailedError } from '../../../../shared/core/durable.ts';
import { executionNameOfArn, toDurable } from '../../../../shared/runtime/durable.ts';
import { createDurableService, DURABLE_ARN } from '../../../fixtures/durable-service.ts';

const handlerOf = (workflow: (durable: Durable) => Promise<unknown>): DurableLambdaHandler =>
  withDurableExecution(async (_event, context) => workflow(toDurable(context)));

const runWorkflow = async (
  workflow: (durable: Durable) => Promise<unknown>,
  onCallback?: (operation: WireOperation) => Partial<WireOperation>,
) => {
  const service = createDurableService(onCallback === undefined ? {} : { onCallback });
  const output = await service.run(handlerOf(workflow), {});
  if (output.Status !== 'SUCCEEDED') throw new Error(`the execution ended as ${JSON.stringify(output)}`);
  return { result: JSON.parse(output.Result ?? 'null') as unknown, service };
};

const throttled = () => Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });

describe('a durable execution', () => {
  it('has the name that it was started with', async () => {
    expect(executionNameOfArn(DURABLE_ARN)).toBe('staging-1-35-1');
    const { result } = await runWorkflow(async ({ executionName, executionArn }) => ({
      executionName,
      executionArn,
    }));
    expect(result).toEqual({ executionName: 'staging-1-35-1', executionArn: DURABLE_ARN });
  });

  it('has no name where the ARN is not one of an execution', () => {
    expect(() => executionNameOfArn('arn:aws:lambda:eu-central-1:111122223333:function:x')).toThrow(
      'is not the ARN of a durable execution',
    );
  });
});

describe('a step', () => {
  it('runs once, however often the function is entered again', async () => {
    const ran: string[] = [];
    const { result, service } = await runWorkflow(async (durable) => {
      const first = await durable.step('first', async () => {
        ran.push('first');
        return { at: 1 };
      });
      await durable.poll('pause', {
        initial: { times: 0 },
        everySeconds: 30,
        check: async ({ times }) => ({ times: times + 1 }),
        done: ({ times }) => times === 3,
      });
      return first;
    });
    expect(result).toEqual({ at: 1 });
    expect(ran).toEqual(['first']);
    expect(service.invocations).toBe(3);
  });

  it('is tried again after an error, at growing distances', async () => {
    let attempts = 0;
    const { result } = await runWorkflow((durable) =>
      durable.step('flaky', async () => {
        attempts += 1;
        if (attempts < 3) throw throttled();
        return attempts;
      }),
    );
    expect(result).toBe(3);
  });

  it('keeps the name of its last error once its attempts are used up', async () => {
    const { result } = await runWorkflow(async (durable) => {
      try {
        await durable.step('hopeless', () => Promise.reject(throttled()), { attempts: 2 });
        return 'no error';
      } catch (error) {
        return error instanceof StepFailedError
          ? [error.step, error.causeName, error.message]
          : 'another error';
      }
    });
    expect(result).toEqual([
      'hopeless',
      'ThrottlingException',
      'hopeless failed: ThrottlingException: Rate exceeded',
    ]);
  });
});

describe('a poll', () => {
  it('goes on after single failures with the state that it had', async () => {
    let checks = 0;
    const { result } = await runWorkflow((durable) =>
      durable.poll('update', {
        initial: { seen: 0 },
        everySeconds: 10,
        check: async ({ seen }) => {
          checks += 1;
          if (checks % 2 === 0) throw throttled();
          return { seen: seen + 1 };
        },
        done: ({ seen }) => seen === 3,
        failuresInARow: 2,
      }),
    );
    expect(result).toEqual({ seen: 3 });
    expect(checks).toBe(5);
  });

  it('fails after as many failures in a row as are allowed', async () => {
    let checks = 0;
    const { result } = await runWorkflow(async (durable) => {
      try {
        return await durable.poll('update', {
          initial: {},
          everySeconds: 10,
          check: async () => {
            checks += 1;
            throw throttled();
          },
          done: () => false,
          failuresInARow: 3,
        });
      } catch (error) {
        return error instanceof StepFailedError ? error.causeName : 'another error';
      }
    });
    expect(result).toBe('ThrottlingException');
    expect(checks).toBe(3);
  });
});

describe('a callback', () => {
  const ask = async (durable: Durable) => {
    const callback = await durable.callback('approval', { timeoutHours: 24 });
    const told = await durable.step('tell', async () => callback.id);
    return { told, id: callback.id, outcome: await callback.outcome() };
  };

  it.each<[string, Partial<WireOperation>, object]>([
    ['is answered', { Status: 'SUCCEEDED' }, { kind: 'success', payload: '{"decision":"approve"}' }],
    ['is refused', { Status: 'FAILED' }, { kind: 'failure', type: 'rejected', message: 'ada: no' }],
    ['times out', { Status: 'TIMED_OUT' }, { kind: 'timeout' }],
  ])('%s', async (_how, change, outcome) => {
    const details =
      change.Status === 'SUCCEEDED'
        ? { Result: '{"decision":"approve"}' }
        : change.Status === 'FAILED'
          ? { Error: { ErrorType: 'rejected', ErrorMessage: 'ada: no' } }
          : {};
    const { result } = await runWorkflow(ask, (operation) => ({
      ...change,
      CallbackDetails: { ...operation.CallbackDetails, ...details },
    }));
    expect(result).toMatchObject({ outcome });
    const { told, id } = result as { told: string; id: string };
    expect(told).toBe(id);
  });

  it('is open for as many hours as were asked for', async () => {
    const seen: unknown[] = [];
    const { service } = await runWorkflow(ask, (operation) => {
      seen.push(operation.Name);
      return { Status: 'TIMED_OUT' };
    });
    expect(seen).toEqual(['approval']);
    expect(service.operations.find(({ Type }) => Type === 'CALLBACK')?.Name).toBe('approval');
  });
});

describe('a map', () => {
  it('runs one item after the other and replays the finished ones', async () => {
    const ran: string[] = [];
    const { result, service } = await runWorkflow((durable) =>
      durable.map('groups', ['a', 'b', 'c'], {
        concurrency: 1,
        nameOf: (item) => `group ${item}`,
        run: async (child, item) => {
          await child.step('work', async () => {
            ran.push(item);
          });
          await child.poll('wait', {
            initial: { polls: 0 },
            everySeconds: 30,
            check: async ({ polls }) => ({ polls: polls + 1 }),
            done: ({ polls }) => polls === 2,
          });
          return `${item} of ${child.executionName}`;
        },
      }),
    );
    expect(result).toEqual(['a of staging-1-35-1', 'b of staging-1-35-1', 'c of staging-1-35-1']);
    expect(ran).toEqual(['a', 'b', 'c']);
    expect(service.invocations).toBe(4);
  });
});
