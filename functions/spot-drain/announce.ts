import type { Logger } from '@aws-lambda-powertools/logger';
import type { Clock } from '../../shared/core/clock.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Notifier } from '../../shared/core/store.ts';
import type { Verdict } from '../../shared/core/verdict.ts';
import type { KubernetesApi } from '../../shared/kubernetes/client.ts';
import type { NodeEvent } from '../../shared/kubernetes/events.ts';
import { createNodeEvent } from '../../shared/kubernetes/events.ts';
import type { NoticeKind } from './decide/notice.ts';

/** What people are told: events on the node, and notifications. None of it may hold up or fail a drain. */

type Told = { readonly logger: Pick<Logger, 'warn'>; readonly clock: Clock };

export interface CordonedNode {
  readonly node: { readonly name: string; readonly uid: string };
  readonly cause: NoticeKind;
  readonly at: number;
}

const WHYS: Readonly<Record<NoticeKind, string>> = {
  'spot-interruption': 'EC2 takes this spot instance back',
  'terminate-lifecycle': 'Auto Scaling terminates this instance',
  rebalance: 'EC2 recommends to replace this instance',
  'state-change': 'this instance changes its state',
  retirement: 'AWS retires this instance',
  maintenance: 'AWS maintains this instance or its host',
};

/** The event in a few words, for people. */
export const whyOf = (kind: NoticeKind): string => WHYS[kind];

const writeEvent = async (
  { logger, clock }: Told,
  api: KubernetesApi,
  { component, ...event }: NodeEvent & { component: string },
): Promise<void> => {
  try {
    await createNodeEvent(api, event, { component, now: clock.now() });
  } catch (error) {
    logger.warn('an event could not be written on a node', {
      node: event.node.name,
      error: describeError(error),
    });
  }
};

export const announceCordon = (
  told: Told,
  api: KubernetesApi,
  cordoned: CordonedNode & { component: string },
): Promise<void> =>
  writeEvent(told, api, {
    node: cordoned.node,
    type: 'Normal',
    reason: 'SpotDrainCordoned',
    message: `Cordoned, ${whyOf(cordoned.cause)}`,
    component: cordoned.component,
  });

const EVENT_REASONS: Readonly<Record<string, string>> = {
  drained: 'SpotDrainFinished',
  'budget-blocked': 'SpotDrainBlocked',
  'deadline-reached': 'SpotDrainDeadlineReached',
};

/** One line about a node's drain, for an event and for a notification. */
export const sentenceOf = (verdict: Verdict): string => {
  const detail = verdict.detail ?? {};
  const count = (key: string) => Number(detail[key] ?? 0);
  const blocked = (detail.blocked as { pod: string; budgets: string[] }[] | undefined) ?? [];
  const remaining = (detail.remaining as string[] | undefined) ?? [];
  const wouldEvict = detail.wouldEvict as string[] | undefined;
  if (wouldEvict !== undefined)
    return `${wouldEvict.length} pod(s) would be evicted: ${wouldEvict.join(', ')}`;
  return [
    `${count('evicted')} pod(s) evicted, ${count('deleted')} deleted`,
    ...(detail.secondsToEmpty === undefined ? [] : [`empty after ${detail.secondsToEmpty} s`]),
    ...blocked.map(({ pod, budgets }) => `${pod} held by budget ${budgets.join(', ')}`),
    ...(remaining.length === 0 ? [] : [`still there: ${remaining.join(', ')}`]),
    ...(detail.error === undefined ? [] : [String(detail.error)]),
  ].join('; ');
};

export const announceDrain = async (
  told: Told,
  api: KubernetesApi,
  end: { node: { name: string; uid: string }; verdict: Verdict },
): Promise<void> => {
  const reason = EVENT_REASONS[end.verdict.reason];
  if (reason === undefined) return;
  await writeEvent(told, api, {
    node: end.node,
    type: end.verdict.reason === 'drained' ? 'Normal' : 'Warning',
    reason,
    message: sentenceOf(end.verdict),
    component: 'eks-caretaker-spot-drain-worker',
  });
};

const nodeOf = ({ target }: Verdict): string => target.replace(/^node\//, '');

const send = async (
  told: Told & { readonly notifier: Notifier },
  message: { subject: string; text: string; cluster: string },
): Promise<void> => {
  try {
    await told.notifier.notify(message);
  } catch (error) {
    // The drain is done and journaled; failing here would repeat it.
    told.logger.warn('a notification could not be sent', {
      subject: message.subject,
      error: describeError(error),
    });
  }
};

export const notifyNode = (
  told: Told & { readonly notifier: Notifier },
  cluster: string,
  verdict: Verdict,
): Promise<void> =>
  send(told, {
    cluster,
    subject: `${cluster}: node ${nodeOf(verdict)} ${verdict.reason}${verdict.mode === 'observe' ? ' (observe)' : ''}`,
    text: [
      `Cluster ${cluster}, node ${nodeOf(verdict)}: ${verdict.reason}.`,
      sentenceOf(verdict),
      ...(verdict.mode === 'observe' ? ['Mode observe: nothing was changed.'] : []),
    ].join('\n'),
  });

/** A node's line in the notification of a storm. */
export interface StormLine {
  readonly node: string;
  readonly reason: string;
  readonly text: string;
}

/** Hundreds of them go into one message and one item. */
const LINE_LENGTH = 240;

export const lineOf = (verdict: Verdict): StormLine => ({
  node: nodeOf(verdict),
  reason: verdict.mode === 'observe' ? `${verdict.reason} (observe)` : verdict.reason,
  text: sentenceOf(verdict).slice(0, LINE_LENGTH),
});

export const notifyStorm = (
  told: Told & { readonly notifier: Notifier },
  cluster: string,
  lines: readonly StormLine[],
): Promise<void> => {
  const [only] = lines;
  if (only !== undefined && lines.length === 1) {
    const { node, reason, text } = only;
    return send(told, {
      cluster,
      subject: `${cluster}: node ${node} ${reason}`,
      text: `Cluster ${cluster}, node ${node}: ${reason}.\n${text}`,
    });
  }
  const counts = [...Map.groupBy(lines, ({ reason }) => reason)].map(
    ([reason, of]) => `${of.length} ${reason}`,
  );
  return send(told, {
    cluster,
    subject: `${cluster}: ${lines.length} nodes taken away at once: ${counts.join(', ')}`,
    text: lines.map(({ node, reason, text }) => `${node}: ${reason}. ${text}`).join('\n'),
  });
};
