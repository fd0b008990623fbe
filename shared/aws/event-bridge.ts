import type { EventBridgeClient, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describeError } from '../core/errors.ts';
import type { EventPublisher, PublishedEvent } from '../core/store.ts';

/** PutEvents takes 10 entries and 256 KB a request; source and detail type count with a few bytes. */
const ENTRIES_A_REQUEST = 10;
const BYTES_A_REQUEST = 240_000;

const toEntry = ({ detailType, detail }: PublishedEvent): PutEventsRequestEntry => ({
  Source: 'eks-caretaker',
  DetailType: detailType,
  Detail: JSON.stringify(detail),
});

const sizeOf = ({ Detail = '', DetailType = '' }: PutEventsRequestEntry): number =>
  Buffer.byteLength(Detail) + Buffer.byteLength(DetailType) + 50;

const inRequests = (entries: readonly PutEventsRequestEntry[]): readonly PutEventsRequestEntry[][] => {
  const requests: PutEventsRequestEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const last = requests.at(-1);
    const size = sizeOf(entry);
    if (last === undefined || last.length === ENTRIES_A_REQUEST || bytes + size > BYTES_A_REQUEST) {
      requests.push([entry]);
      bytes = size;
    } else {
      last.push(entry);
      bytes += size;
    }
  }
  return requests;
};

/**
 * What was done, published on the default bus: `source: eks-caretaker`, one detail type per kind (schema:
 * infra/config/events.md). Every request is sent, whatever becomes of the others; then throws for those that
 * were refused.
 */
export const createEventPublisher = (client: EventBridgeClient): EventPublisher => ({
  publish: async (events) => {
    const problems: string[] = [];
    for (const Entries of inRequests(events.map(toEntry))) {
      try {
        const answer = await client.send(new PutEventsCommand({ Entries }));
        for (const { ErrorCode, ErrorMessage } of answer.Entries ?? []) {
          if (ErrorCode !== undefined) problems.push(`${ErrorCode} ${ErrorMessage}`);
        }
      } catch (error) {
        problems.push(describeError(error));
      }
    }
    if (problems.length > 0) {
      throw new Error(
        `EventBridge did not take everything: ${problems[0]} (${problems.length} refusals); the journal has it`,
      );
    }
  },
});
