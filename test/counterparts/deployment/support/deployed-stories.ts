import { randomUUID } from 'node:crypto';
import { SendMessageBatchCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { functionNameOf } from '../../../../infra/names.ts';
import { describeError } from '../../../../shared/core/errors.ts';
import { ACCOUNT, REGION } from './aws.ts';
import type { Cloud } from './cloud.ts';
import type { Inbox } from './deployed.ts';
import { firstInvocation, inboxAt, itemsOf, journalOf } from './deployed.ts';
import type { HistoryEvent } from './durable.ts';
import { executionsOf, historyOf, resultOf } from './durable.ts';
import { eventually } from './eventually.ts';
import { logsOf } from './logs.ts';
import { CLUSTER, STACK, VERSION } from './scenario.ts';
import { schedulesOf } from './settings.ts';
import type {
  Cast,
  CleanupStory,
  DeadLetterStory,
  FailureStory,
  QueueStory,
  UpgradeStory,
} from './stories.ts';
import { failingInvocation, failureIn, isAboutMessage, queueMessages, settled, words } from './stories.ts';
import { createLeftBehind, createWorkload, LEFT_BEHIND, podExists, runningByNode } from './workload.ts';

/** The deployed functions, and what they may be watched by. */
export interface Deployed {
  readonly cloud: Cloud;
  /** Outputs of the stack. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly published: Inbox;
  readonly notifications: Inbox;
  readonly deadLetters: Inbox;
}

export const castOf = ({ embedded }: Cloud): Cast => {
  const [first, second] = embedded.world.instances.all();
  if (first === undefined || second === undefined) throw new Error('there are no two instances');
  return { first, second };
};

const verdictsOf = async ({ cloud, outputs }: Deployed, automation: string): Promise<readonly string[]> => {
  const journal = await journalOf(cloud.aws, outputs.TableName ?? '');
  return journal
    .filter((verdict) => verdict.automation === automation)
    .map((verdict) => settled(words(verdict), castOf(cloud)))
    .sort();
};

const detailTypeOf = (body: string): string => (JSON.parse(body) as { 'detail-type': string })['detail-type'];

/** Instead of 60: longer than the function may take, so that no message is in two hands. */
const FIRST_VISIBILITY_SECONDS = '15';
/** For what is left once the drain is over. Thirty receives of a minute each are too long for a test. */
const LATER_VISIBILITY_SECONDS = '1';

const setVisibility = async ({ cloud, outputs }: Deployed, VisibilityTimeout: string): Promise<void> => {
  const QueueUrl = outputs.QueueUrl ?? '';
  await cloud.aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout } }));
};

/** Does it, and says what the functions logged last where that fails. */
const withLogs = async <T>(cloud: Cloud, entryIds: readonly string[], work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    const logs = await Promise.all(
      entryIds.map(async (id) => {
        const lines = await logsOf(cloud.aws, functionNameOf(STACK, id));
        return [`${id}:`, ...lines.slice(-LINES).map((line) => line.slice(0, CHARACTERS))].join('\n');
      }),
    );
    throw new Error(`${describeError(cause)}. What was logged last:\n${logs.join('\n')}`, { cause });
  }
};

const LINES = 12;
const CHARACTERS = 500;

export const deployedQueueStory = (deployed: Deployed): Promise<QueueStory> =>
  withLogs(deployed.cloud, ['spot-drain', 'spot-drain-worker'], () => tellQueueStory(deployed));

const tellQueueStory = async (deployed: Deployed): Promise<QueueStory> => {
  const { cloud, outputs, published, notifications } = deployed;
  const { aws, cluster } = cloud;
  const cast = castOf(cloud);
  await createWorkload(cluster.request, eventually);
  await setVisibility(deployed, FIRST_VISIBILITY_SECONDS);
  const bodies = queueMessages(cast, { accountId: ACCOUNT, region: REGION, now: Date.now(), id: randomUUID });
  await aws.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: outputs.QueueUrl ?? '',
      Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
    }),
  );
  await eventually('the drain is over', async () => {
    const said = await verdictsOf(deployed, 'spot-drain');
    return said.includes('node/first drain: drained') ? true : undefined;
  });
  await setVisibility(deployed, LATER_VISIBILITY_SECONDS);
  const subjects = (await eventually('a notification', () => notifications.some())).map(
    (body) => (JSON.parse(body) as { Subject: string }).Subject,
  );
  return {
    verdicts: (await verdictsOf(deployed, 'spot-drain')).filter((verdict) => !isAboutMessage(verdict)),
    nodesInUse: [...(await runningByNode(cluster.request)).keys()].map((name) => settled(name, cast)),
    events: (await published.read()).map(detailTypeOf).sort(),
    notifications: subjects.map((subject) => settled(subject, cast)),
  };
};

/** After the one above. */
export const deployedDeadLetterStory = (deployed: Deployed): Promise<DeadLetterStory> =>
  withLogs(deployed.cloud, ['spot-drain'], async () => ({
    deadLetters: await eventually('a dead letter', () => deployed.deadLetters.some()),
    verdicts: (await verdictsOf(deployed, 'spot-drain')).filter(isAboutMessage),
  }));

export const deployedFailureStory = ({ cloud, outputs }: Deployed): Promise<FailureStory> =>
  withLogs(cloud, ['spot-drain-worker'], async () => {
    await cloud.aws.lambda.send(failingInvocation);
    const failures = inboxAt(cloud.aws, outputs.FailureQueueUrl ?? '');
    const [body = ''] = await eventually('a failure', () => failures.some());
    return failureIn(body);
  });

/** Every schedule fires at the next full minute, with the target, input and role that it was deployed with. */
export const hurrySchedules = async ({ aws }: Cloud): Promise<void> => {
  for (const schedule of await schedulesOf(aws, STACK)) {
    const { status, body } = await aws.raw({
      service: 'scheduler',
      method: 'PUT',
      path: `/schedules/${schedule.Name}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...schedule, ScheduleExpression: 'cron(* * * * ? *)' }),
    });
    if (status !== 200) throw new Error(`${schedule.Name}: ${status} ${body.toString('utf8')}`);
  }
};

/** A minute, and the ten seconds between two looks of ministack's Scheduler. */
const TICK_SECONDS = 80;

export const deployedCleanupStory = (deployed: Deployed): Promise<CleanupStory> =>
  withLogs(deployed.cloud, ['pod-cleanup'], () => tellCleanupStory(deployed));

const tellCleanupStory = async ({ cloud, outputs, published }: Deployed): Promise<CleanupStory> => {
  const { request } = cloud.cluster;
  const { second } = castOf(cloud);
  await createLeftBehind(request, { nodeName: second.hostname, now: Date.now() }, eventually);
  // It may have ticked before by itself, in a world that was not ready yet.
  const tick = { automation: 'pod-cleanup', since: Date.now() };
  await hurrySchedules(cloud);
  const said = await eventually(
    'a verdict of the tick',
    () => firstInvocation(cloud.aws, outputs.TableName ?? '', tick),
    TICK_SECONDS,
  );
  const events = await eventually('an event of the tick', () => published.some());
  return {
    verdicts: said.map(words).sort(),
    podIsThere: await podExists(request, LEFT_BEHIND),
    events: events.map(detailTypeOf),
  };
};

/** Types of operations as the events of a history begin. */
const TYPES = ['Step', 'Wait', 'Callback', 'Context'] as const;

const operationOf = ({ EventType, Name }: HistoryEvent): string[] =>
  TYPES.filter((type) => EventType === `${type}Started`).map((type) => `${type.toUpperCase()} ${Name ?? ''}`);

const EMBEDDED_UPDATE_MS = 120_000;

/** What EKS takes minutes for is over at the second look; the upgrade waits between the two as it always does. */
const hurryUpdates = ({ embedded }: Cloud): (() => void) =>
  embedded.onExchange(({ service, operation, status }) => {
    if (service !== 'eks' || status !== 200) return;
    const jump = () => embedded.clock.jumpTo(embedded.clock.now() + EMBEDDED_UPDATE_MS);
    if (operation === 'StartInsightsRefresh' || operation === 'DescribeUpdate') setImmediate(jump);
  });

/** The same with the execution's ARN. */
export interface DeployedUpgradeStory extends UpgradeStory {
  readonly arn: string;
}

export const deployedUpgradeStory = (
  deployed: Deployed,
  functionName: string,
): Promise<DeployedUpgradeStory> =>
  withLogs(deployed.cloud, ['cluster-upgrade'], () => tellUpgradeStory(deployed, functionName));

const tellUpgradeStory = async (
  { cloud, outputs }: Deployed,
  functionName: string,
): Promise<DeployedUpgradeStory> => {
  const caretaker = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cloud.caretaker('upgrade', ...args);
    if (code !== 0) throw new Error(`caretaker upgrade ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  };
  const stop = hurryUpdates(cloud);
  try {
    const planned = JSON.parse(await caretaker('plan', CLUSTER, VERSION, '--json')) as {
      detail: { planHash: string };
    };
    const { planHash } = planned.detail;
    const name = (await caretaker('start', CLUSTER, VERSION, '--plan', planHash)).trim();
    const runs = () => itemsOf(cloud.aws, outputs.TableName ?? '', `upgrade#${CLUSTER}`);
    await eventually('the question', async () =>
      (await runs()).some(({ status }) => status === 'awaiting-approval') ? true : undefined,
    );
    await caretaker('approve', CLUSTER, '--plan', planHash);
    const ended = await eventually('the end of the upgrade', async () => {
      const [found] = await executionsOf(cloud.aws, functionName);
      return found?.Status === 'RUNNING' ? undefined : found;
    });
    const arn = ended.DurableExecutionArn ?? '';
    const { verdicts } = await resultOf(cloud.aws, arn);
    return {
      arn,
      isNamed: ended.DurableExecutionName === name,
      status: ended.Status ?? '',
      verdicts: verdicts.map(words),
      operations: (await historyOf(cloud.aws, arn)).flatMap(operationOf).sort(),
    };
  } finally {
    stop();
  }
};
