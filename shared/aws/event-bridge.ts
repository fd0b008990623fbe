import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { EventPublisher } from '../core/store.ts';

const ENTRIES_A_REQUEST = 10; // PutEvents' own limit

/** What was done, published on the default bus: `source: eks-caretaker`, one detail type per kind. */
export const createEventPublisher = (client: EventBridgeClient): EventPublisher => ({
  publish: async (events) => {
    for (let index = 0; index < events.length; index += ENTRIES_A_REQUEST) {
      const { FailedEntryCount, Entries } = await client.send(
        new PutEventsCommand({
          Entries: events.slice(index, index + ENTRIES_A_REQUEST).map(({ detailType, detail }) => ({
            Source: 'eks-caretaker',
            DetailType: detailType,
            Detail: JSON.stringify(detail),
          })),
        }),
      );
      if ((FailedEntryCount ?? 0) > 0) {
        const reason = Entries?.find((entry) => entry.ErrorCode !== undefined);
        throw new Error(
          `EventBridge refused ${FailedEntryCount} event(s): ${reason?.ErrorCode} ${reason?.ErrorMessage}`,
        );
      }
    }
  },
});
