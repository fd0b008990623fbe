import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createEventPublisher } from '../../../../shared/aws/event-bridge.ts';
import { mockClient } from '../../../fixtures/mock-client.ts';

const mock = mockClient(EventBridgeClient);
const publisher = createEventPublisher(new EventBridgeClient({}));
const events = (count: number, bytes = 1) =>
  Array.from({ length: count }, (_, index) => ({
    detailType: 'pod-cleanup/delete',
    detail: { index, text: 'x'.repeat(bytes) },
  }));
const requests = () => mock.commandCalls(PutEventsCommand).map((call) => call.args[0].input.Entries ?? []);

beforeEach(() => {
  mock.reset();
  mock.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [] });
});

describe('what was done goes to the default bus', () => {
  it('with source, detail type and the verdict as detail', async () => {
    await publisher.publish(events(1));
    expect(requests()).toEqual([
      [
        {
          Source: 'eks-caretaker',
          DetailType: 'pod-cleanup/delete',
          Detail: JSON.stringify({ index: 0, text: 'x' }),
        },
      ],
    ]);
  });

  it.each([
    ['nothing', events(0), []],
    ['ten a request', events(23), [10, 10, 3]],
    ['256 KB a request', events(5, 100_000), [2, 2, 1]],
  ])('%s', async (_what, published, sizes) => {
    await publisher.publish(published);
    expect(requests().map(({ length }) => length)).toEqual(sizes);
    expect(
      requests()
        .flat()
        .map(({ Detail = '' }) => (JSON.parse(Detail) as { index: number }).index),
    ).toEqual(published.map((_, index) => index));
  });

  it('the rest too when one request is refused or lost, and then it says so', async () => {
    mock
      .on(PutEventsCommand)
      .rejectsOnce(new Error('connection reset'))
      .resolvesOnce({
        FailedEntryCount: 1,
        Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' }],
      })
      .resolves({ FailedEntryCount: 0, Entries: [] });
    await expect(publisher.publish(events(23))).rejects.toThrow(/connection reset \(2 refusals\)/);
    expect(requests().map(({ length }) => length)).toEqual([10, 10, 3]);
  });
});
