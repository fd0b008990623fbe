import { optionalRecord, optionalText, records, text } from '../protocol/input.ts';
import { awsQuery } from '../protocol/query.ts';
import type { Input, Service } from '../protocol/service.ts';
import { notImplemented } from '../protocol/service.ts';
import { Refusal } from '../world/refusal.ts';
import type { World } from '../world/world.ts';
import { translatedOperations } from './refusals.ts';

/** SNS's limits: 256 KiB a message, a subject of up to 100 characters on one line, 10 messages a batch. */
const mostBytes = 262_144;

/** Amazon SNS (query, 2010-03-31): publishes to topics; `world.topics.published` keeps what was said. */
export const snsService = (world: World): Service =>
  awsQuery(
    'sns',
    'http://sns.amazonaws.com/doc/2010-03-31/',
    translatedOperations(
      {
        Publish: (input: Input) => {
          const topicArn = optionalText(input, 'TopicArn') ?? optionalText(input, 'TargetArn');
          if (topicArn === undefined) throw notImplemented('sns', 'Publish to something else than a topic');
          return { MessageId: publish(world, topicArn, input) };
        },
        PublishBatch: (input: Input) => {
          const topicArn = text(input, 'TopicArn');
          const entries = records(input, 'PublishBatchRequestEntries');
          checkBatch(entries);
          const Successful: object[] = [];
          const Failed: object[] = [];
          for (const entry of entries)
            try {
              Successful.push({ Id: text(entry, 'Id'), MessageId: publish(world, topicArn, entry) });
            } catch (error) {
              if (!(error instanceof Refusal) || error.code === 'NotFound') throw error;
              Failed.push({
                Id: text(entry, 'Id'),
                Code: error.code,
                Message: error.message,
                SenderFault: true,
              });
            }
          return { Successful, Failed };
        },
      },
      { NotFound: 404 },
    ),
    { invalidCode: 'InvalidParameter' },
  );

const publish = (world: World, topicArn: string, input: Input): string => {
  const message = text(input, 'Message');
  const subject = optionalText(input, 'Subject');
  if (Buffer.byteLength(message) > mostBytes)
    throw new Refusal('InvalidParameter', 'Invalid parameter: Message too long');
  if (subject !== undefined && !/^\P{Cc}{1,100}$/u.test(subject))
    throw new Refusal('InvalidParameter', 'Invalid parameter: Subject');
  return world.topics.publish(topicArn, {
    message,
    attributes: attributesOf(input),
    ...(subject === undefined ? {} : { subject }),
  });
};

const attributesOf = (input: Input): Record<string, string> =>
  Object.fromEntries(
    Object.entries(optionalRecord(input, 'MessageAttributes') ?? {}).map(([name, value]) => [
      name,
      text(value as Input, 'StringValue'),
    ]),
  );

const checkBatch = (entries: readonly Input[]): void => {
  const ids = entries.map((entry) => text(entry, 'Id'));
  if (ids.length === 0)
    throw new Refusal('EmptyBatchRequest', "The batch request doesn't contain any entries.");
  if (ids.length > 10)
    throw new Refusal(
      'TooManyEntriesInBatchRequest',
      'The batch request contains more entries than permissible.',
    );
  if (new Set(ids).size < ids.length)
    throw new Refusal(
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    );
};
