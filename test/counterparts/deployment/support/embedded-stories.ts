import { randomUUID } from 'node:crypto';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { Connection } from '../../../../infra/cli/context.ts';
import { findDeployment } from '../../../../infra/cli/deployment.ts';
import { createFunctionsPort } from '../../../../infra/cli/functions-port.ts';
import { approve } from '../../../../infra/cli/upgrade/decide.ts';
import { startRun } from '../../../../infra/cli/upgrade/start.ts';
import type { InvocationResult } from '../../../../shared/core/verdict.ts';
import { adminClient, invoke, storeOf } from '../../../e2e/support/invoke.ts';
import type { Side } from '../../bundles/support/side.ts';
import { CLUSTER, STACK, VERSION } from './scenario.ts';
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

/** The stories told in the embedded account, whose time is moved on wherever somebody waits. */
const castOf = ({ scene }: Side): Cast => {
  const [first, second] = scene.account.world.instances.all();
  if (first === undefined || second === undefined) throw new Error('there are no two instances');
  return { first, second };
};

const spotDrainVerdicts = (side: Side): readonly string[] =>
  side.scene
    .verdicts({ automation: 'spot-drain' })
    .map((verdict) => settled(words(verdict), castOf(side)))
    .sort();

/** Message and everything that comes of it: thirty receives of a minute each for the one that nobody can read. */
const LONG_ENOUGH_SECONDS = 1_860;

export const embeddedQueueStory = async (side: Side): Promise<QueueStory> => {
  const { scene, request } = side;
  const { account } = scene;
  const cast = castOf(side);
  const before = account.published.length;
  await createWorkload(request, side.until);
  const place = { accountId: account.world.accountId, region: account.world.region };
  for (const body of queueMessages(cast, { ...place, now: account.clock.now(), id: randomUUID }))
    account.sendMessage(body);
  await scene.pass(LONG_ENOUGH_SECONDS);
  return {
    verdicts: spotDrainVerdicts(side).filter((verdict) => !isAboutMessage(verdict)),
    nodesInUse: [...(await runningByNode(request)).keys()].map((name) => settled(name, cast)),
    events: account.published
      .slice(before)
      .map((event) => event['detail-type'])
      .sort(),
    notifications: account.notifications.map(({ subject }) => settled(subject ?? '', cast)),
  };
};

/** After the one above. */
export const embeddedDeadLetterStory = (side: Side): DeadLetterStory => ({
  verdicts: spotDrainVerdicts(side).filter(isAboutMessage),
  deadLetters: side.scene.account.queues.deadLetters.receive(10).map(({ body }) => body),
});

export const embeddedCleanupStory = async (side: Side): Promise<CleanupStory> => {
  const { scene, request } = side;
  const cast = castOf(side);
  const before = scene.account.published.length;
  await createLeftBehind(
    request,
    { nodeName: cast.second.hostname, now: scene.account.clock.now() },
    side.until,
  );
  const { reasons } = await invoke(scene, 'pod-cleanup', { trigger: 'tick', cluster: CLUSTER });
  return {
    verdicts: reasons.toSorted(),
    podIsThere: await podExists(request, LEFT_BEHIND),
    events: scene.account.published.slice(before).map((event) => event['detail-type']),
  };
};

/** Whether an entry's function may put events of the product on the bus. */
export const embeddedDecisionOnEvents = async ({ scene }: Side, entryId: string): Promise<string> => {
  const client = new EventBridgeClient(adminClient(scene.account.environment(entryId)));
  try {
    const entry = { Source: 'eks-caretaker', DetailType: 'test', Detail: '{}' };
    const { FailedEntryCount } = await client.send(new PutEventsCommand({ Entries: [entry] }));
    return FailedEntryCount === 0 ? 'allowed' : 'refused';
  } finally {
    client.destroy();
  }
};

/** Two retries, a minute and two minutes later. */
const RETRIES_SECONDS = 600;

export const embeddedFailureStory = async ({ scene }: Side): Promise<FailureStory> => {
  const { account } = scene;
  const client = new LambdaClient(adminClient(account.admin));
  try {
    await client.send(failingInvocation);
    await scene.pass(RETRIES_SECONDS);
  } finally {
    client.destroy();
  }
  const [message] = account.queues.failures.receive(10);
  if (message === undefined) throw new Error('nothing was left of the invocation');
  return failureIn(message.body);
};

const UPGRADE_SECONDS = 3_600;

export const embeddedUpgradeStory = async ({ scene, until }: Side): Promise<UpgradeStory> => {
  const { account } = scene;
  const client = new LambdaClient(adminClient(account.admin));
  const store = storeOf(scene);
  const connection: Connection = {
    deployment: findDeployment({ stackName: STACK, environment: {}, describeStack: async () => undefined }),
    store,
    functions: createFunctionsPort(client),
  };
  try {
    const planned = await invoke(scene, 'cluster-upgrade-plan', {
      action: 'plan',
      cluster: CLUSTER,
      version: VERSION,
    });
    const [verdict] = planned.verdicts;
    const planHash = String(verdict?.detail?.planHash);
    const name = await startRun(connection, { cluster: CLUSTER, version: VERSION, planHash });
    const waits = async () =>
      (await scene.items(`upgrade#${CLUSTER}`)).some(({ status }) => status === 'awaiting-approval');
    await until('the question', async () => ((await waits()) ? true : undefined), UPGRADE_SECONDS);
    await approve(connection, { cluster: CLUSTER, plan: planHash, by: 'ada' });
    const [execution] = account.executions;
    if (execution === undefined) throw new Error('there is no execution');
    await account.runUntilTrue(() => execution.status !== 'RUNNING', UPGRADE_SECONDS);
    const result = JSON.parse(execution.end?.result ?? 'null') as InvocationResult;
    return {
      isNamed: execution.name === name,
      status: execution.status,
      verdicts: result.verdicts.map(words),
      operations: execution.operations
        .filter(({ Type }) => Type !== 'EXECUTION')
        .map(({ Type, Name }) => `${Type} ${Name}`)
        .sort(),
    };
  } finally {
    client.destroy();
  }
};
