import { randomUUID } from 'node:crypto';
import type { EventPattern } from '../../../../shared/core/automation.ts';
import type { WorldClock } from '../../clock.ts';
import type { AwsEvent, NewEvent } from '../../world/events.ts';
import { envelope } from '../../world/events.ts';

export interface Rule {
  readonly name: string;
  readonly pattern: EventPattern;
  deliver(event: AwsEvent): void;
}

/** The account's default bus: what is put on it goes to every rule that it matches. */
export interface EventBus {
  readonly rules: readonly Rule[];
  /** Events of the account itself, in order; AWS's own are not kept. */
  readonly published: readonly AwsEvent[];
  /** As an AWS service puts them. */
  deliver(event: AwsEvent): void;
  /** As a caller of PutEvents puts them. Answers the event's id. */
  publish(event: NewEvent): string;
}

/** Exact values, one of each list, as the manifests have them. */
export const matches = ({ source, detailType, detail = {} }: EventPattern, event: AwsEvent): boolean =>
  source.includes(event.source) &&
  detailType.includes(event['detail-type']) &&
  Object.entries(detail).every(([key, values]) =>
    values.includes(String((event.detail as Readonly<Record<string, unknown>>)[key])),
  );

export const createEventBus = (options: {
  clock: WorldClock;
  accountId: string;
  region: string;
  rules: readonly Rule[];
}): EventBus => {
  const { clock, accountId, region, rules } = options;
  const published: AwsEvent[] = [];
  const deliver = (event: AwsEvent) => {
    for (const rule of rules) if (matches(rule.pattern, event)) rule.deliver(event);
  };
  return {
    rules,
    published,
    deliver,
    publish: (event) => {
      const id = randomUUID();
      const put = envelope(event, { accountId, region, now: clock.now(), id });
      published.push(put);
      deliver(put);
      return id;
    },
  };
};
