import type { Logger } from '@aws-lambda-powertools/logger';
import type { InstanceFacts, InstanceReader } from '../../shared/aws/ec2.ts';
import type { AsyncInvoker } from '../../shared/aws/lambda-invoke.ts';
import type { MessageSender } from '../../shared/aws/sqs.ts';
import { describeError } from '../../shared/core/errors.ts';
import type { Mode } from '../../shared/core/mode.ts';
import type { Call, QueueMessage } from '../../shared/runtime/chain.ts';
import type { AutomationContext } from '../../shared/runtime/context.ts';
import { runChecks } from './checks.ts';
import type { SpotDrainConfig } from './config.ts';
import type { Home, Intent } from './decide/decide.ts';
import { judgeNotice, judgeOrigin } from './decide/decide.ts';
import type { Notice } from './decide/notice.ts';
import { takeInCluster } from './intake-cluster.ts';
import type { CheckMessage, QueuedMessage } from './messages.ts';
import type { MetricSink } from './metrics.ts';
import type { DrainRecords } from './records.ts';

export interface IntakeDeps
  extends Pick<AutomationContext<SpotDrainConfig>, 'config' | 'section' | 'clock' | 'clusters' | 'readMode'> {
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

/** The account and region in which the function works: those of the queue that fed it. */
const homeOf = (queueArn: string): Home => {
  const [, , , region = '', account = ''] = queueArn.split(':');
  return { account, region };
};

/** Each notice that is ours, with its instance; the others are answered with a verdict here. */
const judgeAll = async (
  deps: IntakeDeps,
  notices: readonly { readonly messageId: string; readonly notice: Notice }[],
  { call, mode }: { call: Call; mode: Mode },
): Promise<readonly Arrival[]> => {
  const instances = await deps.instances.describe(notices.map(({ notice }) => notice.instanceId));
  const context = {
    clusters: deps.config.clusters.map(({ name }) => name),
    config: deps.section,
    now: deps.clock.now(),
  };
  return notices.flatMap(({ messageId, notice }) => {
    const instance = instances.get(notice.instanceId);
    const judgement = judgeNotice(notice, instance, context);
    if (judgement.kind !== 'dismiss' && instance !== undefined) {
      return [{ messageId, notice, instance, intent: judgement }];
    }
    if (judgement.kind === 'dismiss') call.recorder.record(judgement.decision, mode);
    return [];
  });
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
  const checks: { messageId: string; check: CheckMessage }[] = [];
  const notices: { messageId: string; notice: Notice }[] = [];
  for (const { messageId, message, queueArn } of messages) {
    if (message.kind === 'check') {
      checks.push({ messageId, check: message });
      continue;
    }
    const foreign = judgeOrigin(message.notice, homeOf(queueArn));
    if (foreign === undefined) notices.push({ messageId, notice: message.notice });
    else if (foreign.kind === 'dismiss') call.recorder.record(foreign.decision, mode);
  }

  const takeInNotices = async (): Promise<readonly string[]> => {
    if (notices.length === 0) return [];
    let arrivals: readonly Arrival[];
    try {
      arrivals = await judgeAll(deps, notices, { call, mode });
    } catch (error) {
      call.recorder.fail(error);
      for (const { messageId } of notices) {
        call.recorder.record(
          {
            target: `message/${messageId}`,
            action: 'none',
            reason: 'instance-lookup-failed',
            detail: { error: describeError(error) },
          },
          mode,
        );
      }
      return notices.map(({ messageId }) => messageId);
    }
    const byCluster = Map.groupBy(arrivals, ({ intent }) => intent.cluster);
    const failed = await Promise.all(
      [...byCluster].map(([cluster, ofCluster]) =>
        takeInCluster(deps, { cluster, arrivals: ofCluster, call }),
      ),
    );
    return failed.flat();
  };

  const [failedNotices, failedChecks] = await Promise.all([takeInNotices(), runChecks(deps, checks, call)]);
  return [...failedNotices, ...failedChecks];
};
