import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { EKSClient } from '@aws-sdk/client-eks';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { MalformedEventError } from '../../../../shared/core/errors.ts';
import type { Mode } from '../../../../shared/core/mode.ts';
import type { PublishedEvent } from '../../../../shared/core/store.ts';
import type { Verdict } from '../../../../shared/core/verdict.ts';
import type { Call, QueueMessage } from '../../../../shared/runtime/chain.ts';
import { createHandler, createQueueHandler } from '../../../../shared/runtime/chain.ts';
import type { AutomationContext } from '../../../../shared/runtime/context.ts';
import { parseTick } from '../../../../shared/runtime/tick.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';
import { createMemoryStore } from '../../../fixtures/memory-store.ts';

const lambda = {
  awsRequestId: 'request-1',
  functionName: 'eks-caretaker-pod-cleanup',
  memoryLimitInMB: '256',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:eks-caretaker-pod-cleanup',
  getRemainingTimeInMillis: () => 60_000,
} as Context;

let lines: string[];

beforeEach(() => {
  lines = [];
  const collect = (chunk: unknown): boolean => {
    lines.push(...String(chunk).trimEnd().split('\n'));
    return true;
  };
  // Powertools writes to the process's streams by a console of its own.
  jest.spyOn(process.stdout, 'write').mockImplementation(collect);
  jest.spyOn(process.stderr, 'write').mockImplementation(collect);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const world = (options: { mode?: Mode; publishFails?: boolean; journalFails?: boolean } = {}) => {
  const clock = createFakeClock();
  const memory = createMemoryStore(clock);
  const published: PublishedEvent[] = [];
  const context: AutomationContext<object> = {
    automation: 'pod-cleanup',
    config: { version: 1, mode: 'act', clusters: [{ name: 'staging' }], notifications: { topic: true } },
    section: {},
    clock,
    logger: new Logger({ serviceName: 'pod-cleanup' }),
    metrics: new Metrics({ namespace: 'eks-caretaker', serviceName: 'pod-cleanup' }),
    store: options.journalFails
      ? { ...memory, append: () => Promise.reject(new Error('the table is away')) }
      : memory,
    notifier: { notify: () => Promise.resolve() },
    publisher: {
      publish: async (events) => {
        if (options.publishFails) throw new Error('the bus is away');
        published.push(...events);
      },
    },
    clusters: { connect: () => Promise.reject(new Error('not part of this test')) },
    eks: new EKSClient({ region: 'eu-central-1' }),
    readMode: async () => options.mode ?? 'act',
  };
  const journal = () => memory.items().flatMap((item) => item.verdicts as Verdict[]);
  return { context, published, journal };
};

const deletion = { cluster: 'staging', target: 'pod/shop/cart-0', action: 'delete', reason: 'terminated' };
const skip = { cluster: 'staging', target: 'pod/shop/cart-1', action: 'none', reason: 'too-young' };

describe('a handler', () => {
  it('makes one object the log line, the result and the journal entry, and publishes what changed', async () => {
    const { context, published, journal } = world();
    const handler = createHandler(context, {
      parse: parseTick,
      run: async (_tick, call) => {
        call.recorder.record(deletion, 'act');
        call.recorder.record(skip, 'act');
      },
    });
    const result = await handler({ trigger: 'tick' }, lambda);
    expect(result).toMatchObject({ automation: 'pod-cleanup', mode: 'act' });
    expect(result.verdicts).toEqual([
      { automation: 'pod-cleanup', ...deletion, mode: 'act', at: '2026-11-19T22:00:00.000Z' },
      { automation: 'pod-cleanup', ...skip, mode: 'act', at: '2026-11-19T22:00:00.000Z' },
    ]);
    expect(journal()).toEqual(result.verdicts);
    const logged = lines.filter((line) => line.includes('"target"')).map((line) => JSON.parse(line));
    expect(logged).toEqual(result.verdicts.map((verdict) => expect.objectContaining(verdict)));
    expect(published).toEqual([{ detailType: 'pod-cleanup/delete', detail: result.verdicts[0] }]);
  });

  it('publishes nothing that was only observed', async () => {
    const { context, published, journal } = world({ mode: 'observe' });
    const handler = createHandler(context, {
      parse: parseTick,
      run: async (_tick, call) => {
        call.recorder.record(deletion, 'observe');
      },
    });
    await handler({}, lambda);
    expect(published).toEqual([]);
    expect(journal()).toHaveLength(1);
  });

  it('does nothing and says so when the mode is off', async () => {
    const { context } = world({ mode: 'off' });
    const run = jest.fn<() => Promise<void>>();
    const result = await createHandler(context, { parse: parseTick, run })({}, lambda);
    expect(run).not.toHaveBeenCalled();
    expect(result.verdicts).toMatchObject([
      { target: 'automation/pod-cleanup', action: 'none', reason: 'mode-off' },
    ]);
  });

  it('journals what was done, logs the error once and fails when run throws', async () => {
    const { context, journal } = world();
    const handler = createHandler(context, {
      parse: parseTick,
      run: async (_tick, call) => {
        call.recorder.record(deletion, 'act');
        throw new TypeError('unexpected');
      },
    });
    await expect(handler({}, lambda)).rejects.toThrow('unexpected');
    expect(journal()).toHaveLength(1);
    expect(lines.filter((line) => line.includes('"level":"ERROR"'))).toHaveLength(1);
  });

  it('carries on after a noted failure and fails at the end, naming it', async () => {
    const { context, journal } = world();
    const handler = createHandler(context, {
      parse: parseTick,
      run: async (_tick, call) => {
        call.recorder.fail(new Error('cluster a does not answer'));
        call.recorder.record(deletion, 'act');
      },
    });
    await expect(handler({}, lambda)).rejects.toMatchObject({
      name: 'PartialFailureError',
      message: expect.stringContaining('cluster a does not answer'),
    });
    expect(journal()).toHaveLength(1);
  });

  it('is not failed by a bus that is away: the journal is the record', async () => {
    const { context, journal } = world({ publishFails: true });
    const handler = createHandler(context, {
      parse: parseTick,
      run: async (_tick, call) => {
        call.recorder.record(deletion, 'act');
      },
    });
    await handler({}, lambda);
    expect(journal()).toHaveLength(1);
  });

  it('is failed by a journal that is away', async () => {
    const { context } = world({ journalFails: true });
    const handler = createHandler(context, {
      parse: parseTick,
      run: async (_tick, call) => {
        call.recorder.record(deletion, 'act');
      },
    });
    await expect(handler({}, lambda)).rejects.toThrow('the table is away');
  });

  it('cuts a long result and counts what was cut; the journal has all', async () => {
    const { context, journal } = world();
    const handler = createHandler(context, {
      parse: parseTick,
      run: async (_tick, call) => {
        for (let index = 0; index < 1_200; index += 1) {
          call.recorder.record({ ...skip, target: `pod/shop/cart-${index}` }, 'act');
          await call.recorder.flushIfLarge();
        }
      },
    });
    const result = await handler({}, lambda);
    expect(result.verdicts).toHaveLength(1_000);
    expect(result.truncated).toBe(200);
    expect(new Set(journal().map(({ target }) => target)).size).toBe(1_200);
  });

  it('knows when Lambda will end it', async () => {
    const { context } = world();
    let remaining = 0;
    const handler = createHandler(context, {
      parse: parseTick,
      run: async (_tick, call) => {
        remaining = call.deadline.remainingMs();
      },
    });
    await handler({}, lambda);
    expect(remaining).toBe(60_000);
  });

  it.each([['text'], [null], [[]], [{ trigger: 'tock' }], [{ cluster: 7 }]])(
    'refuses %j as a tick',
    async (event) => {
      const { context } = world();
      const run = jest.fn<() => Promise<void>>();
      await expect(createHandler(context, { parse: parseTick, run })(event, lambda)).rejects.toMatchObject({
        name: 'MalformedEventError',
      });
      expect(run).not.toHaveBeenCalled();
    },
  );
});

describe('a handler of the queue', () => {
  const record = (messageId: string, body: string, receives = 2) => ({
    messageId,
    body,
    attributes: { ApproximateReceiveCount: String(receives) },
  });
  const parse = (body: string): string => {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'string') throw new MalformedEventError('a message is text');
    return value;
  };
  const handle = async (
    options: Parameters<typeof world>[0],
    run: (messages: readonly QueueMessage<string>[], call: Call) => Promise<readonly string[]>,
    ...records: ReturnType<typeof record>[]
  ): Promise<SQSBatchResponse & { journal: Verdict[] }> => {
    const { context, journal } = world(options);
    const response = await createQueueHandler(context, { parse, run })({ Records: records }, lambda);
    return { ...response, journal: journal() };
  };

  it('lets malformed messages fail alone, with their reason, and hands the others over together', async () => {
    let seen: readonly QueueMessage<string>[] = [];
    const { batchItemFailures, journal } = await handle(
      {},
      async (messages) => {
        seen = messages;
        return [];
      },
      record('1', '"a"'),
      record('2', '{not json', 1),
      record('3', '{}', 1),
      record('4', '"b"'),
    );
    expect(seen.map(({ message, receiveCount }) => [message, receiveCount])).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
    expect(batchItemFailures).toEqual([{ itemIdentifier: '2' }, { itemIdentifier: '3' }]);
    expect(journal.map(({ target, reason }) => [target, reason])).toEqual([
      ['message/2', 'malformed-message'],
      ['message/3', 'malformed-message'],
    ]);
  });

  it('says of a malformed message once what is wrong with it, and gives it back until it is dead', async () => {
    const { batchItemFailures, journal } = await handle({}, async () => [], record('1', '{not json', 2));
    expect(batchItemFailures).toEqual([{ itemIdentifier: '1' }]);
    expect(journal).toEqual([]);
  });

  it('gives back the messages that run could not finish', async () => {
    const { batchItemFailures } = await handle({}, async () => ['1'], record('1', '"a"'), record('2', '"b"'));
    expect(batchItemFailures).toEqual([{ itemIdentifier: '1' }]);
  });

  it('takes messages off the queue without acting when the mode is off', async () => {
    const run = jest.fn<() => Promise<readonly string[]>>();
    const { batchItemFailures, journal } = await handle({ mode: 'off' }, run, record('1', '"a"'));
    expect(run).not.toHaveBeenCalled();
    expect(batchItemFailures).toEqual([]);
    expect(journal).toMatchObject([{ reason: 'mode-off' }]);
  });

  it('is not failed by a journal that is away: the nodes are cordoned by then', async () => {
    const { batchItemFailures } = await handle(
      { journalFails: true },
      async (_messages, call) => {
        call.recorder.record(deletion, 'act');
        return [];
      },
      record('1', '"a"'),
    );
    expect(batchItemFailures).toEqual([]);
  });

  it('gives back what run was given when it throws, and what was malformed: nothing else fails', async () => {
    const { batchItemFailures } = await handle(
      {},
      () => Promise.reject(new Error('broken')),
      record('1', '"a"'),
      record('2', '{not json'),
    );
    expect(batchItemFailures).toEqual([{ itemIdentifier: '2' }, { itemIdentifier: '1' }]);
    expect(lines.some((line) => line.includes('Error: broken') && line.includes('"level":"ERROR"'))).toBe(
      true,
    );
  });

  it('lets messages that must outlast mode off be put off, and gives back what could not be', async () => {
    const { context } = world({ mode: 'off' });
    const off = jest.fn(async (messages: readonly QueueMessage<string>[]) =>
      messages.map(({ messageId }) => messageId).slice(1),
    );
    const response = await createQueueHandler(context, { parse, run: async () => [], off })(
      { Records: [record('1', '"a"'), record('2', '"b"')] },
      lambda,
    );
    expect(off).toHaveBeenCalledTimes(1);
    expect(response.batchItemFailures).toEqual([{ itemIdentifier: '2' }]);
  });

  it('refuses what is no batch', async () => {
    const { context } = world();
    await expect(
      createQueueHandler(context, { parse, run: async () => [] })({}, lambda),
    ).rejects.toMatchObject({
      name: 'MalformedEventError',
    });
  });
});
