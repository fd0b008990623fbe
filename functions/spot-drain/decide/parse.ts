import type { Decision } from '../../../shared/core/verdict.ts';
import type { SpotDrainAction } from './decide.ts';
import { parseHealth } from './health.ts';
import type { Fields, LifecycleNotice, Notice } from './notice.ts';
import { ACCOUNT_ID, INSTANCE_ID, isFields, isoMs, malformed, SOURCES, text } from './notice.ts';

/** What a message of the queue says: notices, or something that is answered with a verdict and dropped. */
export type Parsed =
  | { readonly kind: 'notices'; readonly notices: readonly Notice[] }
  | { readonly kind: 'dropped'; readonly decision: Decision<SpotDrainAction> };

const TERMINATING = 'autoscaling:EC2_INSTANCE_TERMINATING';
const TEST = 'autoscaling:TEST_NOTIFICATION';
const AUTO_SCALING = 'AWS Auto Scaling';

const lifecycleIn = (fields: Fields): LifecycleNotice => ({
  group: text(fields, 'AutoScalingGroupName'),
  hook: text(fields, 'LifecycleHookName'),
  token: text(fields, 'LifecycleActionToken'),
});

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
      lifecycle: lifecycleIn(detail),
    };
  },
};
const HEALTH = 'AWS Health Event';

const dropped = (target: string, reason: string, detail: Decision['detail']): Parsed => ({
  kind: 'dropped',
  decision: { target, action: 'none', reason, detail: detail ?? {} },
});

/** Every entity of the page is a notice of its own. */
const parseHealthEvent = (detail: Fields, common: Omit<Notice, keyof Details>): Parsed => {
  const health = parseHealth(detail, common.time);
  if (health === undefined || health.entities.length === 0) {
    const { eventTypeCode, service, eventTypeCategory } = detail;
    const facts = { eventId: common.id, eventTypeCode, service, eventTypeCategory };
    return dropped(`health-event/${String(eventTypeCode)}`, 'no-instance-affected', facts);
  }
  const { kind, communicationId, region, account } = health;
  return {
    kind: 'notices',
    notices: health.entities.map(({ instanceId, change }) => ({
      ...common,
      kind,
      id: communicationId ?? `${common.id}#${health.page}`,
      ...(region === undefined ? {} : { region }),
      ...(account === undefined ? {} : { account }),
      instanceId,
      change,
    })),
  };
};

/** An EventBridge envelope. Throws MalformedEventError naming the field that is wrong. */
export const parseEnvelope = (event: Fields, direct?: Notice['direct']): Parsed => {
  const detailType = text(event, 'detail-type');
  const detailOf = Object.hasOwn(DETAILS, detailType) ? DETAILS[detailType] : undefined;
  if (detailOf === undefined && detailType !== HEALTH) {
    throw malformed(`"detail-type" is ${JSON.stringify(detailType)}`);
  }
  const { detail } = event;
  if (!isFields(detail)) throw malformed('"detail" is no object');
  const common = {
    time: isoMs(event, 'time'),
    id: text(event, 'id'),
    account: text(event, 'account', ACCOUNT_ID),
    region: text(event, 'region', /^[a-z0-9-]+$/),
    source: text(event, 'source'),
    ...(direct === undefined ? {} : { direct }),
  };
  if (detailOf === undefined) return parseHealthEvent(detail, common);
  return { kind: 'notices', notices: [{ ...common, ...detailOf(detail) }] };
};

/**
 * What Auto Scaling itself sends to a hook's notification target, without an envelope. It begins with a test
 * notification; groups with other notifications on the same topic send those too.
 * Source: Auto Scaling user guide, "Lifecycle hook notification message examples".
 */
const parseAutoScaling = (message: Fields, direct: NonNullable<Notice['direct']>): Parsed => {
  const target = `auto-scaling-group/${text(message, 'AutoScalingGroupName')}`;
  if (message.Event === TEST) return dropped(target, 'test-notification', {});
  if (message.LifecycleTransition !== TERMINATING) {
    const facts = { event: message.Event, transition: message.LifecycleTransition };
    return dropped(target, 'not-a-departure', facts);
  }
  const lifecycle = lifecycleIn(message);
  const notice: Notice = {
    kind: 'terminate-lifecycle',
    id: typeof message.RequestId === 'string' ? message.RequestId : lifecycle.token,
    account: text(message, 'AccountId', ACCOUNT_ID),
    source: message.Service === AUTO_SCALING ? SOURCES['terminate-lifecycle'] : text(message, 'Service'),
    direct,
    time: isoMs(message, 'Time'),
    instanceId: text(message, 'EC2InstanceId', INSTANCE_ID),
    lifecycle,
  };
  return { kind: 'notices', notices: [notice] };
};

const asFields = (json: string): Fields => {
  try {
    const parsed: unknown = JSON.parse(json);
    if (isFields(parsed)) return parsed;
  } catch (cause) {
    throw malformed(`"Message" of the notification is no JSON: ${String(cause)}`);
  }
  throw malformed('"Message" of the notification is no object');
};

const isSnsNotification = (message: Fields): boolean =>
  message.Type === 'Notification' && typeof message.Message === 'string';

/**
 * A message in any of the forms in which AWS's services bring it: an EventBridge envelope, Auto Scaling's own,
 * and either of them inside an SNS notification. Throws MalformedEventError.
 */
export const parseMessage = (message: unknown): Parsed => {
  if (!isFields(message)) throw malformed('it is no JSON object');
  const direct: Notice['direct'] = isSnsNotification(message)
    ? { topicArn: text(message, 'TopicArn') }
    : undefined;
  const inner = direct === undefined ? message : asFields(text(message, 'Message'));
  if (inner['detail-type'] !== undefined) return parseEnvelope(inner, direct);
  if (inner.LifecycleTransition !== undefined || inner.Event !== undefined) {
    return parseAutoScaling(inner, direct ?? {});
  }
  throw malformed('"detail-type" is missing');
};
