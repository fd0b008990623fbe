import { MalformedEventError } from '../../../shared/core/errors.ts';

/** What AWS says about an instance that is about to go. Pure. */

export type NoticeKind =
  | 'spot-interruption'
  | 'rebalance'
  | 'terminate-lifecycle'
  | 'state-change'
  /** AWS Health: the instance is stopped, retired or on degraded hardware. */
  | 'retirement'
  /** AWS Health: a reboot, or anything else that is done to the instance or its host at a fixed time. */
  | 'maintenance';

export interface LifecycleNotice {
  readonly group: string;
  readonly hook: string;
  readonly token: string;
}

/** What AWS Health announces. Times are epoch ms. */
export interface ScheduledChange {
  /** The same for all that is said about one event, first and last. */
  readonly arn: string;
  readonly code: string;
  /** Of two notices about one event, the newer holds. */
  readonly updatedAt: number;
  readonly startsAt: number;
  readonly endsAt?: number;
  /** Cancelled, or over. */
  readonly closed: boolean;
}

export interface Notice {
  readonly kind: NoticeKind;
  /** The event's id: the same for every delivery of it. */
  readonly id: string;
  readonly account: string;
  /** Left out where a message names none: Auto Scaling's own. */
  readonly region?: string;
  readonly source: string;
  /** Of a message that Auto Scaling sent past EventBridge: through which topic, or straight into the queue. */
  readonly direct?: { readonly topicArn?: string };
  /** Epoch ms; AWS stamps whole seconds. */
  readonly time: number;
  readonly instanceId: string;
  /** Of a spot interruption: terminate, stop or hibernate. */
  readonly instanceAction?: string;
  /** Of a state change. */
  readonly state?: string;
  readonly lifecycle?: LifecycleNotice;
  readonly change?: ScheduledChange;
}

/** Who publishes which kind; an event of that form from anybody else is forged. */
export const SOURCES: Readonly<Record<NoticeKind, string>> = {
  'spot-interruption': 'aws.ec2',
  rebalance: 'aws.ec2',
  'state-change': 'aws.ec2',
  'terminate-lifecycle': 'aws.autoscaling',
  retirement: 'aws.health',
  maintenance: 'aws.health',
};

export type Fields = Readonly<Record<string, unknown>>;

export const malformed = (what: string): MalformedEventError =>
  new MalformedEventError(`not an event of EC2, Auto Scaling or AWS Health as AWS publishes it: ${what}`);

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member that is a text of that form. Throws MalformedEventError naming it. */
export const text = (fields: Fields, key: string, form = /./s): string => {
  const value = fields[key];
  if (typeof value === 'string' && form.test(value)) return value;
  throw malformed(`"${key}" is ${JSON.stringify(value) ?? 'missing'}`);
};

/** EC2's instance ids: 8 hex digits until 2016, 17 since. */
export const INSTANCE_ID = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
export const ACCOUNT_ID = /^\d{12}$/;

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** An ISO 8601 time in UTC, as epoch ms. */
export const isoMs = (fields: Fields, key: string): number => {
  const time = Date.parse(text(fields, key, ISO_TIME));
  if (Number.isNaN(time)) throw malformed(`"${key}" is ${JSON.stringify(fields[key])}`);
  return time;
};
