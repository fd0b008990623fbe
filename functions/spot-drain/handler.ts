import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createLifecycleActions } from '../../shared/aws/auto-scaling-lifecycle.ts';
import { clientSettings } from '../../shared/aws/clients.ts';
import { createInstanceReader } from '../../shared/aws/ec2.ts';
import { createAsyncInvoker } from '../../shared/aws/lambda-invoke.ts';
import { createMessageSender } from '../../shared/aws/sqs.ts';
import { createHandler, createQueueHandler } from '../../shared/runtime/chain.ts';
import { createContext } from '../../shared/runtime/context.ts';
import { environment } from '../../shared/runtime/environment.ts';
import { keepChecks } from './checks.ts';
import { spotDrainSchema } from './config.ts';
import { settingsFor } from './decide/settings.ts';
import { runIntake } from './intake.ts';
import { parseOrder, parseQueued } from './messages.ts';
import { createDrainRecords } from './records.ts';
import { runWorker } from './worker.ts';

const context = createContext({
  automation: 'spot-drain',
  sectionName: 'spotDrain',
  schema: spotDrainSchema,
});

const shared = { ...context, records: createDrainRecords(context.store, context.clock) };

/** The intake has ten seconds for everything: no AWS call may use them up. */
const quick = clientSettings({ requestTimeoutMs: 3_000 });

const intake = {
  ...shared,
  instances: createInstanceReader(new EC2Client(quick)),
  checks: createMessageSender(new SQSClient(quick), environment.queueUrl),
  worker: createAsyncInvoker(new LambdaClient(quick), environment.workerArn),
};

const drains = {
  ...shared,
  worker: createAsyncInvoker(new LambdaClient(clientSettings()), environment.workerArn),
  lifecycle: createLifecycleActions(new AutoScalingClient(clientSettings({ maxAttempts: 6 }))),
};

/** spot-drain: takes the queue's messages in, records and cordons. */
export const handler = createQueueHandler(context, {
  parse: parseQueued,
  run: (messages, call) => runIntake(intake, messages, call),
  off: (messages) => keepChecks(intake, messages),
});

/** spot-drain-worker: drains the nodes of a batch. */
export const worker = createHandler(context, {
  parse: parseOrder,
  run: (order, call) =>
    runWorker({ ...drains, section: settingsFor(drains.section, order.cluster) }, order, call),
});
