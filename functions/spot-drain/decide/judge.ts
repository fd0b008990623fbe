import type { SpotDrainConfig } from '../config.ts';
import { EKS_TERMINATE_HOOK } from '../config.ts';
import type { SpotDrainDecision } from './decide.ts';
import type { Notice } from './notice.ts';
import { SOURCES } from './notice.ts';

/** Where the function itself lives; the queue's ARN says it. */
export interface Home {
  readonly account: string;
  readonly region: string;
}

export interface Dismissal {
  readonly kind: 'dismiss';
  readonly decision: SpotDrainDecision;
}

/** Answered with a verdict, and done. */
export const dismiss = (
  notice: Notice,
  reason: string,
  detail: SpotDrainDecision['detail'],
  cluster?: string,
): Dismissal => ({
  kind: 'dismiss',
  decision: {
    ...(cluster === undefined ? {} : { cluster }),
    target: `instance/${notice.instanceId}`,
    action: 'none',
    reason,
    detail: { event: notice.kind, eventId: notice.id, ...detail },
  },
});

type Senders = SpotDrainConfig['autoScalingNotifications'];

/** Past EventBridge only what the configuration names may come: the queue's policy says the same. */
const isForeignSender = ({ direct }: Notice, { topics, roles }: Senders): boolean => {
  if (direct === undefined) return false;
  return direct.topicArn === undefined ? roles.length === 0 : !topics.includes(direct.topicArn);
};

/** What can be said before anybody is asked: forged and foreign messages, and what is no business of ours. */
export const judgeOrigin = (notice: Notice, home: Home, senders: Senders): Dismissal | undefined => {
  if (notice.source !== SOURCES[notice.kind]) {
    return dismiss(notice, 'foreign-source', { source: notice.source });
  }
  if (isForeignSender(notice, senders)) {
    return dismiss(notice, 'foreign-source', { source: notice.direct?.topicArn ?? 'past EventBridge' });
  }
  if (notice.account !== home.account) return dismiss(notice, 'foreign-account', { account: notice.account });
  if (notice.region !== undefined && notice.region !== home.region) {
    return dismiss(notice, 'foreign-region', { region: notice.region });
  }
  if (notice.state === 'pending') return dismiss(notice, 'not-a-departure', { state: notice.state });
  // Each managed node group has it; EKS drains for it and completes it.
  if (notice.lifecycle?.hook === EKS_TERMINATE_HOOK) return dismiss(notice, 'eks-own-hook', {});
  return undefined;
};
