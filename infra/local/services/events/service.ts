import { awsJson } from '../../protocol/aws-json.ts';
import { optionalText, records, texts } from '../../protocol/input.ts';
import type { Input, Service } from '../../protocol/service.ts';
import { notImplemented, ServiceError } from '../../protocol/service.ts';
import type { EventBus } from './rules.ts';

const MOST_ENTRIES = 10;
const LARGEST_ENTRY_BYTES = 1_048_576;

/** EventBridge: PutEvents on the default bus, and the rules that are there. */
export const eventsService = (options: { bus: EventBus; accountId: string; region: string }): Service => {
  const { bus, accountId, region } = options;
  const busArn = `arn:aws:events:${region}:${accountId}:event-bus/default`;

  const put = (entry: Input): object => {
    const name = optionalText(entry, 'EventBusName') ?? 'default';
    if (name !== 'default' && name !== busArn) throw notImplemented('events', `the event bus ${name}`);
    const source = optionalText(entry, 'Source') ?? '';
    const detailType = optionalText(entry, 'DetailType') ?? '';
    const text = optionalText(entry, 'Detail') ?? '';
    const detail = jsonObject(text);
    const missing = Object.entries({ Source: source, DetailType: detailType, Detail: text }).find(
      ([, value]) => value === '',
    );
    if (missing !== undefined)
      return refused(
        'InvalidArgument',
        `Parameter ${missing[0]} is not valid. Reason: ${missing[0]} is a required argument.`,
      );
    if (source.startsWith('aws.'))
      return refused('NotAuthorizedForSourceException', 'Not authorized for the source.');
    if (detail === undefined) return refused('MalformedDetail', 'Detail is malformed.');
    return { EventId: bus.publish({ source, detailType, detail, resources: texts(entry, 'Resources') }) };
  };

  return awsJson(
    'events',
    'AWSEvents',
    {
      PutEvents: (input) => {
        const entries = records(input, 'Entries');
        if (entries.length === 0 || entries.length > MOST_ENTRIES)
          throw new ServiceError(
            'ValidationException',
            `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${MOST_ENTRIES}`,
            400,
          );
        if (Buffer.byteLength(JSON.stringify(entries)) > LARGEST_ENTRY_BYTES)
          throw new ServiceError(
            'ValidationException',
            'Total size of the entries in the request is over the limit.',
            400,
          );
        const Entries = entries.map(put);
        return { FailedEntryCount: Entries.filter((entry) => 'ErrorCode' in entry).length, Entries };
      },
      ListRules: () => ({
        Rules: bus.rules.map(({ name, pattern }) => ({
          Name: name,
          Arn: `arn:aws:events:${region}:${accountId}:rule/${name}`,
          EventPattern: JSON.stringify({
            source: pattern.source,
            'detail-type': pattern.detailType,
            detail: pattern.detail,
          }),
          State: 'ENABLED',
          EventBusName: 'default',
        })),
      }),
    },
    { invalidCode: 'ValidationException' },
  );
};

const refused = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });

const jsonObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
