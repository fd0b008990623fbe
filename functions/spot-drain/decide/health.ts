import type { Fields, NoticeKind, ScheduledChange } from './notice.ts';
import { INSTANCE_ID, isFields, malformed, text } from './notice.ts';

/**
 * `detail` of an "AWS Health Event" about instances (AWS Health user guide, "AWS Health events Amazon EventBridge
 * schema"). A long list of entities is split over pages, each an event of its own with entities of its own.
 */
export interface HealthDetails {
  readonly kind: Extract<NoticeKind, 'retirement' | 'maintenance'>;
  /** The same for every delivery of this page; undefined in events from before 2023. */
  readonly communicationId?: string;
  /** Where and to whom it happens; the envelope says where it was delivered to. */
  readonly region?: string;
  readonly account?: string;
  readonly page: string;
  readonly entities: readonly { readonly instanceId: string; readonly change: ScheduledChange }[];
}

/** Codes after which the instance does not come back as it was: AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED, AWS_EC2_INSTANCE_STOP_SCHEDULED, ... */
const RETIREMENT = /RETIREMENT|DEGRADED|_STOP_|TERMINATION/;
/** `Sat, 11 Jun 2016 05:01:10 GMT` (RFC 1123), or ISO 8601. */
const TIME =
  /^(?:[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]\d{4})|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))$/;

const timeIn = (fields: Fields, key: string): number => {
  const time = Date.parse(text(fields, key, TIME));
  if (Number.isNaN(time)) throw malformed(`"${key}" is ${JSON.stringify(fields[key])}`);
  return time;
};

const optional = <T>(fields: Fields, key: string, read: () => T): T | undefined =>
  fields[key] === undefined || fields[key] === null || fields[key] === '' ? undefined : read();

const entitiesIn = (detail: Fields): readonly Fields[] => {
  const { affectedEntities } = detail;
  if (Array.isArray(affectedEntities) && affectedEntities.every(isFields)) return affectedEntities;
  throw malformed('"affectedEntities" is no list of objects');
};

/**
 * Undefined where the event is about something else than what is planned for EC2: a rule that lets more pass.
 * Entities that are no instances (hosts, reservations) are left out.
 */
export const parseHealth = (detail: Fields, time: number): HealthDetails | undefined => {
  const code = text(detail, 'eventTypeCode');
  if (text(detail, 'service') !== 'EC2' || text(detail, 'eventTypeCategory') !== 'scheduledChange') {
    return undefined;
  }
  const endsAt = optional(detail, 'endTime', () => timeIn(detail, 'endTime'));
  const event = {
    arn: text(detail, 'eventArn'),
    code,
    updatedAt: optional(detail, 'lastUpdatedTime', () => timeIn(detail, 'lastUpdatedTime')) ?? time,
    startsAt: timeIn(detail, 'startTime'),
    ...(endsAt === undefined ? {} : { endsAt }),
  };
  const isOver = detail.statusCode === 'closed';
  const communicationId = optional(detail, 'communicationId', () => text(detail, 'communicationId'));
  const region = optional(detail, 'eventRegion', () => text(detail, 'eventRegion'));
  const account = optional(detail, 'affectedAccount', () => text(detail, 'affectedAccount'));
  return {
    kind: RETIREMENT.test(code) ? 'retirement' : 'maintenance',
    ...(communicationId === undefined ? {} : { communicationId }),
    ...(region === undefined ? {} : { region }),
    ...(account === undefined ? {} : { account }),
    page: String(detail.page ?? '1'),
    entities: entitiesIn(detail).flatMap((entity) => {
      const instanceId = text(entity, 'entityValue');
      // AWS's word for an entity with which the event has nothing to do any more.
      const closed = isOver || entity.status === 'RESOLVED';
      return INSTANCE_ID.test(instanceId) ? [{ instanceId, change: { ...event, closed } }] : [];
    }),
  };
};
