import type { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { InstanceFacts, InstanceReader } from '../../shared/aws/ec2.ts';
import type { AsyncInvoker } from '../../shared/aws/lambda-invoke.ts';
import type { MessageSender } from '../../shared/aws/sqs.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Call, QueueMessage } from '../../shared/runtime/chain.ts';
import type { AutomationContext } from '../../shared/runtime/context.ts';
import { runChecks } from './checks.ts';
import type { SpotDrainConfig } from './config.ts';
import type { Intent } from './decide/decide.ts';
import { judgeNotice } from './decide/decide.ts';
import type { Home } from './decide/judge.ts';
import { judgeOrigin } from './decide/judge.ts';
import type { Notice } from './decide/notice.ts';
import { inTime, KEPT_MS } from './in-time.ts';
import { takeInCluster } from './intake-cluster.ts';
import type { CheckMessage, QueuedMessage } from './messages.ts';
import type { MetricSink } from './metrics.ts';
import type { DrainRecords } from './records.ts';

export interface IntakeDeps
  extends Pick<
    AutomationContext<SpotDrainConfig>,
    'config' | 'section' | 'clock' | 'clusters' | 'readMode' | 'store' | 'notifier'
  > {
  readonly logger: Pick<Logger, 'warn'>;
  readonly metrics: MetricSink;
  readonly records: DrainRecords;
  readonly instances: InstanceReader;
  readonly worker: AsyncInvoker;
  /** To our own queue. */
  readonly checks: MessageSender;
}

/** A notice about an instance of one of our clusters, and what is to become of it. */
export interface Arrival {
  readonly messageId: string;
  readonly notice: Notice;
  readonly instance: InstanceFacts;
  readonly intent: Intent;
}

interface Received {
  readonly messageId: string;
  readonly notice: Notice;
}

/** The account and region in which the function works: those of the queue that fed it. */
const homeOf = (queueArn: string): Home => {
  const [, , , region = '', account = ''] = queueArn.split(':');
  return { account, region };
};

/** Each notice that is ours, with its instance; the others are answered with a verdict here. */
const judgeAll = async (
  deps: IntakeDeps,
  received: readonly Received[],
  { call, mode }: { call: Call; mode: Mode },
): Promise<readonly Arrival[]> => {
  const instances = await deps.instances.describe(received.map(({ notice }) => notice.instanceId));
  const context = {
    clusters: deps.config.clusters.map(({ name }) => name),
    config: deps.section,
    now: deps.clock.now(),
  };
  return received.flatMap(({ messageId, notice }) => {
    const instance = instances.get(notice.instanceId);
    const judged = judgeNotice(notice, instance, context);
    if (judged.kind !== 'dismiss' && instance !== undefined) {
      return [{ messageId, notice, instance, intent: judged }];
    }
    if (judged.kind === 'dismiss') {
      call.recorder.record(judged.decision, mode);
      if (judged.decision.reason === 'foreign-instance') {
        deps.metrics.addMetric('foreignInstances', MetricUnit.Count, 1);
      }
    }
    return [];
  });
};

/** What the messages of a batch say: what is to be looked at, and what is answered already. */
const sortOut = (
  deps: IntakeDeps,
  messages: readonly QueueMessage<QueuedMessage>[],
  { call, mode }: { call: Call; mode: Mode },
): { checks: { messageId: string; check: CheckMessage }[]; received: Received[] } => {
  const checks: { messageId: string; check: CheckMessage }[] = [];
  const received: Received[] = [];
  for (const { messageId, message, queueArn } of messages) {
    if (message.kind === 'check') checks.push({ messageId, check: message });
    if (message.kind === 'dropped') call.recorder.record(message.decision, mode);
    if (message.kind !== 'notices') continue;
    for (const notice of message.notices) {
      const foreign = judgeOrigin(notice, homeOf(queueArn), deps.section.autoScalingNotifications);
      if (foreign === undefined) received.push({ messageId, notice });
      else call.recorder.record(foreign.decision, mode);
    }
  }
  return { checks, received };
};

const sayFailed = (
  call: Call,
  failed: { target: string; reason: string; error: unknown; cluster?: string },
  mode: Mode,
): void => {
  const { error, ...rest } = failed;
  call.recorder.fail(error);
  call.recorder.record({ ...rest, action: 'none', detail: { error: describeError(error) } }, mode);
};

/** A cluster fails its own messages, whatever it is that fails, or hangs. */
const takeInSafely = async (
  deps: IntakeDeps,
  batch: { cluster: string; arrivals: readonly Arrival[]; call: Call; mode: Mode },
): Promise<readonly string[]> => {
  const { cluster, arrivals, call, mode } = batch;
  try {
    const withinMs = call.deadline.remainingMs() - KEPT_MS.cluster;
    return await inTime(deps.clock, withinMs, takeInCluster(deps, { cluster, arrivals, call }));
  } catch (error) {
    sayFailed(call, { cluster, target: `cluster/${cluster}`, reason: 'interrupted', error }, mode);
    return arrivals.map(({ messageId }) => messageId);
  }
};

const takeInAll = async (
  deps: IntakeDeps,
  received: readonly Received[],
  { call, mode }: { call: Call; mode: Mode },
): Promise<readonly string[]> => {
  if (received.length === 0) return [];
  let arrivals: readonly Arrival[];
  try {
    arrivals = await judgeAll(deps, received, { call, mode });
  } catch (error) {
    const ids = [...new Set(received.map(({ messageId }) => messageId))];
    for (const id of ids) {
      sayFailed(call, { target: `message/${id}`, reason: 'instance-lookup-failed', error }, mode);
    }
    return ids;
  }
  const byCluster = Map.groupBy(arrivals, ({ intent }) => intent.cluster);
  const failed = await Promise.all(
    [...byCluster].map(([cluster, ofCluster]) =>
      takeInSafely(deps, { cluster, arrivals: ofCluster, call, mode }),
    ),
  );
  return failed.flat();
};

/**
 * A batch of the queue: one look at EC2 for all of it, then every cluster at the same time. Answers the ids
 * of the messages that SQS is to deliver again.
 */
export const runIntake = async (
  deps: IntakeDeps,
  messages: readonly QueueMessage<QueuedMessage>[],
  call: Call,
): Promise<readonly string[]> => {
  const mode = await deps.readMode();
  const { checks, received } = sortOut(deps, messages, { call, mode });
  const failed = await Promise.all([
    takeInAll(deps, received, { call, mode }),
    runChecks(deps, checks, call),
  ]);
  return [...new Set(failed.flat())];
};
