import type { SNSClient } from '@aws-sdk/client-sns';
import { PublishCommand } from '@aws-sdk/client-sns';
import type { Notifier } from '../core/store.ts';

const MAX_SUBJECT = 100; // SNS: up to 100 printable ASCII characters
const MAX_MESSAGE_BYTES = 262_144; // SNS: 256 KiB

const asciiSubject = (subject: string): string => {
  const ascii = subject.replace(/[^\x20-\x7e]+/g, '?');
  return ascii.length > MAX_SUBJECT ? `${ascii.slice(0, MAX_SUBJECT - 3)}...` : ascii;
};

const cutToBytes = (text: string): string => {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= MAX_MESSAGE_BYTES) return text;
  const note = '\n[cut: the journal has the rest]';
  return bytes.subarray(0, MAX_MESSAGE_BYTES - note.length - 4).toString('utf8') + note;
};

/** Notifications for people through the stack's SNS topic; silent where the configuration turned it off. */
export const createNotifier = (
  client: SNSClient,
  options: { topicArn: string; automation: string },
): Notifier => ({
  notify: async ({ subject, text, cluster }) => {
    await client.send(
      new PublishCommand({
        TopicArn: options.topicArn,
        Subject: asciiSubject(subject),
        Message: cutToBytes(text),
        MessageAttributes: {
          automation: { DataType: 'String', StringValue: options.automation },
          ...(cluster === undefined ? {} : { cluster: { DataType: 'String', StringValue: cluster } }),
        },
      }),
    );
  },
});
