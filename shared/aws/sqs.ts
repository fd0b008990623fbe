import type { SQSClient } from '@aws-sdk/client-sqs';
import { SendMessageCommand } from '@aws-sdk/client-sqs';

/** Messages to the product's own queue. */
export interface MessageSender {
  /** `delaySeconds`: 0 to 900, SQS's own limit. */
  send(message: object, options: { delaySeconds: number }): Promise<void>;
}

export const createMessageSender = (client: SQSClient, queueUrl: () => string): MessageSender => ({
  send: async (message, { delaySeconds }) => {
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl(),
        MessageBody: JSON.stringify(message),
        DelaySeconds: delaySeconds,
      }),
    );
  },
});
