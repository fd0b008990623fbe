import { MalformedEventError } from '../../../shared/core/errors.ts';

/** What EC2 and Auto Scaling say about an instance that is about to go. Pure: parsing alone. */

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

export interface Notice {
  readonly kind: NoticeKind;
  /** The event's id: the same for every delivery of it. */
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly source: string;
  /** Epoch ms; AWS stamps whole seconds. */
  readonly time: number;
  readonly instanceId: string;
  /** Of a spot interruption: terminate, stop or hibernate. */
  readonly instanceAction?: string;
  /** Of a state change. */
  readonly state?: string;
  readonly lifecycle?: LifecycleNotice;
}

type Fields = Readonly<Record<string, unknown>>;

const malformed = (what: string): MalformedEventError =>
  new MalformedEventError(`not an event of EC2 or Auto Scaling as AWS publishes it: ${what}`);

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (fields: Fields, key: string, form = /./s): string => {
  const value = fields[key];
  if (typeof value === 'string' && form.test(value)) return value;
  throw malformed(`"${key}" is ${JSON.stringify(value) ?? 'missing'}`);
};

const INSTANCE_ID = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
const TERMINATING = 'autoscaling:EC2_INSTANCE_TERMINATING';

type Details = Pick<Notice, 'kind' | 'instanceId' | 'instanceAction' | 'state' | 'lifecycle'>;

/**
 * The `detail` of each detail type. The ARNs in `resources` are not used: AWS's own samples of the spot
 * events carry the zone where the region belongs.
 */
const DETAILS: Readonly<Record<string, (detail: Fields) => Details>> = {
  'EC2 Spot Instance Interruption Warning': (detail) => ({
    kind: 'spot-interruption',
    instanceId: text(detail, 'instance-id', INSTANCE_ID),
    instanceAction: text(detail, 'instance-action', /^(terminate|stop|hibernate)$/),
  }),
  'EC2 Instance Rebalance Recommendation': (detail) => ({
    kind: 'rebalance',
    instanceId: text(detail, 'instance-id', INSTANCE_ID),
  }),
  'EC2 Instance State-change Notification': (detail) => ({
    kind: 'state-change',
    instanceId: text(detail, 'instance-id', INSTANCE_ID),
    state: text(detail, 'state', /^(pending|running|stopping|stopped|shutting-down|terminated)$/),
  }),
  'EC2 Instance-terminate Lifecycle Action': (detail) => {
    if (detail.LifecycleTransition !== TERMINATING) {
      throw malformed(`"LifecycleTransition" is ${JSON.stringify(detail.LifecycleTransition) ?? 'missing'}`);
    }
    return {
      kind: 'terminate-lifecycle',
      instanceId: text(detail, 'EC2InstanceId', INSTANCE_ID),
      lifecycle: {
        group: text(detail, 'AutoScalingGroupName'),
        hook: text(detail, 'LifecycleHookName'),
        token: text(detail, 'LifecycleActionToken'),
      },
    };
  },
};

/** Who publishes which kind; an event of that form from anybody else is forged. */
export const SOURCES: Readonly<Record<NoticeKind, string>> = {
  'spot-interruption': 'aws.ec2',
  rebalance: 'aws.ec2',
  'state-change': 'aws.ec2',
  'terminate-lifecycle': 'aws.autoscaling',
  retirement: 'aws.health',
  maintenance: 'aws.health',
};

/** Parses an EventBridge envelope. Throws MalformedEventError naming the field that is wrong. */
export const parseNotice = (event: unknown): Notice => {
  if (!isFields(event)) throw malformed('it is no JSON object');
  const detailType = text(event, 'detail-type');
  const detailOf = Object.hasOwn(DETAILS, detailType) ? DETAILS[detailType] : undefined;
  if (detailOf === undefined) throw malformed(`"detail-type" is ${JSON.stringify(detailType)}`);
  const { detail } = event;
  if (!isFields(detail)) throw malformed('"detail" is no object');
  const time = Date.parse(text(event, 'time', /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/));
  if (Number.isNaN(time)) throw malformed(`"time" is ${JSON.stringify(event.time)}`);
  return {
    id: text(event, 'id'),
    account: text(event, 'account', /^\d{12}$/),
    region: text(event, 'region', /^[a-z0-9-]+$/),
    source: text(event, 'source'),
    time,
    ...detailOf(detail),
  };
};
