import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishBatchCommand, PublishCommand } from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { GetParameterCommand, GetParametersByPathCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import { outputs } from '../../../../infra/names.ts';
import type { CallContext } from '../sdk.ts';
import { call, refused } from '../sdk.ts';

/** A queue that no function is fed from. */
const queue = ({ account }: CallContext) => ({
  QueueUrl: account.deployment.outputs[outputs.failures] ?? '',
});
const received = (context: CallContext): string =>
  context.account.queues.failures.messages()[0]?.receiptHandle ?? '';
const entry = (context: CallContext) => ({ Id: 'a', ReceiptHandle: received(context) });

/** Handle of the message that a call deleted. */
let deleted = '';

const sqs = [
  call('sqs GetQueueUrl', ({ as, account }) =>
    as.sqs.send(new GetQueueUrlCommand({ QueueName: account.deployment.names.failures })),
  ),
  call('sqs ListQueues', ({ as }) => as.sqs.send(new ListQueuesCommand({}))),
  call('sqs SendMessage', (context) =>
    context.as.sqs.send(new SendMessageCommand({ ...queue(context), MessageBody: 'a' })),
  ),
  call('sqs ReceiveMessage', (context) =>
    context.as.sqs.send(
      new ReceiveMessageCommand({ ...queue(context), MessageSystemAttributeNames: ['All'] }),
    ),
  ),
  call('sqs ReceiveMessage', (context) =>
    context.as.sqs.send(new ReceiveMessageCommand({ ...queue(context) })),
  ),
  call('sqs ChangeMessageVisibility', (context) =>
    context.as.sqs.send(
      new ChangeMessageVisibilityCommand({
        ...queue(context),
        ReceiptHandle: received(context),
        VisibilityTimeout: 60,
      }),
    ),
  ),
  call('sqs ChangeMessageVisibilityBatch', (context) =>
    context.as.sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        ...queue(context),
        Entries: [
          { ...entry(context), VisibilityTimeout: 60 },
          { Id: 'b', ReceiptHandle: 'forged', VisibilityTimeout: 60 },
        ],
      }),
    ),
  ),
  call('sqs DeleteMessage', (context) => {
    deleted = received(context);
    return context.as.sqs.send(new DeleteMessageCommand({ ...queue(context), ReceiptHandle: deleted }));
  }),
  call('sqs SendMessageBatch', (context) =>
    context.as.sqs.send(
      new SendMessageBatchCommand({ ...queue(context), Entries: [{ Id: 'a', MessageBody: 'a' }] }),
    ),
  ),
  call('sqs ReceiveMessage', (context) =>
    context.as.sqs.send(new ReceiveMessageCommand({ ...queue(context) })),
  ),
  call('sqs DeleteMessageBatch', (context) =>
    context.as.sqs.send(
      new DeleteMessageBatchCommand({
        ...queue(context),
        Entries: [entry(context), { Id: 'b', ReceiptHandle: 'forged' }],
      }),
    ),
  ),
  call('sqs GetQueueAttributes', (context) =>
    context.as.sqs.send(new GetQueueAttributesCommand({ ...queue(context), AttributeNames: ['All'] })),
  ),
  call('sqs PurgeQueue', (context) => context.as.sqs.send(new PurgeQueueCommand(queue(context)))),
  refused('sqs GetQueueUrl', 'QueueDoesNotExist', ({ as }) =>
    as.sqs.send(new GetQueueUrlCommand({ QueueName: 'nowhere' })),
  ),
  refused('sqs DeleteMessage', 'ReceiptHandleIsInvalid', (context) =>
    context.as.sqs.send(new DeleteMessageCommand({ ...queue(context), ReceiptHandle: 'forged' })),
  ),
  ...[
    ['ReceiptHandleIsInvalid', () => 'forged'] as const,
    ['InvalidParameterValue', () => deleted] as const,
  ].map(([error, handle]) =>
    refused('sqs ChangeMessageVisibility', error, (context) =>
      context.as.sqs.send(
        new ChangeMessageVisibilityCommand({
          ...queue(context),
          ReceiptHandle: handle(),
          VisibilityTimeout: 1,
        }),
      ),
    ),
  ),
  refused('sqs SendMessageBatch', 'EmptyBatchRequest', (context) =>
    context.as.sqs.send(new SendMessageBatchCommand({ ...queue(context), Entries: [] })),
  ),
  refused('sqs SendMessageBatch', 'BatchEntryIdsNotDistinct', (context) =>
    context.as.sqs.send(
      new SendMessageBatchCommand({
        ...queue(context),
        Entries: [
          { Id: 'a', MessageBody: 'a' },
          { Id: 'a', MessageBody: 'b' },
        ],
      }),
    ),
  ),
  refused('sqs SendMessageBatch', 'TooManyEntriesInBatchRequest', (context) =>
    context.as.sqs.send(
      new SendMessageBatchCommand({
        ...queue(context),
        Entries: Array.from({ length: 11 }, (_, index) => ({ Id: `${index}`, MessageBody: 'a' })),
      }),
    ),
  ),
  refused('sqs ReceiveMessage', 'InvalidParameterValue', (context) =>
    context.as.sqs.send(new ReceiveMessageCommand({ ...queue(context), MaxNumberOfMessages: 11 })),
  ),
  refused('sqs PurgeQueue', 'AccessDeniedException', (context) =>
    context.asCleanup.sqs.send(new PurgeQueueCommand(queue(context))),
  ),
];

const topic = ({ account }: CallContext) => ({ TopicArn: account.deployment.scope.topicArn });

const sns = [
  call('sns Publish', (context) =>
    context.as.sns.send(new PublishCommand({ ...topic(context), Subject: 'a', Message: 'b' })),
  ),
  call('sns PublishBatch', (context) =>
    context.as.sns.send(
      new PublishBatchCommand({
        ...topic(context),
        PublishBatchRequestEntries: [
          { Id: 'a', Message: 'b' },
          { Id: 'b', Message: 'b', Subject: 'two\nlines' },
        ],
      }),
    ),
  ),
  refused('sns PublishBatch', 'EmptyBatchRequestException', (context) =>
    context.as.sns.send(new PublishBatchCommand({ ...topic(context), PublishBatchRequestEntries: [] })),
  ),
  refused('sns Publish', 'NotFoundException', (context) =>
    context.as.sns.send(new PublishCommand({ TopicArn: `${topic(context).TopicArn}-nowhere`, Message: 'b' })),
  ),
  refused('sns Publish', 'InvalidParameterException', (context) =>
    context.as.sns.send(new PublishCommand({ ...topic(context), Subject: 'two\nlines', Message: 'b' })),
  ),
  refused('sns PublishBatch', 'AuthorizationErrorException', (context) =>
    context.asCleanup.sns.send(
      new PublishBatchCommand({
        TopicArn: `${topic(context).TopicArn}-other`,
        PublishBatchRequestEntries: [{ Id: 'a', Message: 'b' }],
      }),
    ),
  ),
];

const events = [
  call('events PutEvents', ({ as }) =>
    as.events.send(
      new PutEventsCommand({
        Entries: [
          { Source: 'own', DetailType: 'Test', Detail: '{}' },
          { Source: 'aws.ec2', DetailType: 'Test', Detail: '{}' },
          { Source: 'own', DetailType: 'Test', Detail: '[' },
          { Source: 'own', Detail: '{}' },
        ],
      }),
    ),
  ),
  call('events ListRules', ({ as }) => as.events.send(new ListRulesCommand({}))),
  refused('events PutEvents', 'ValidationException', ({ as }) =>
    as.events.send(new PutEventsCommand({ Entries: [] })),
  ),
];

const path = '/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended';

const others = [
  call('ssm GetParameter', ({ as }) =>
    as.ssm.send(new GetParameterCommand({ Name: `${path}/release_version` })),
  ),
  call('ssm GetParameters', ({ as }) =>
    as.ssm.send(new GetParametersCommand({ Names: [`${path}/release_version`, '/nowhere'] })),
  ),
  call('ssm GetParametersByPath', ({ as }) =>
    as.ssm.send(new GetParametersByPathCommand({ Path: path, Recursive: true, MaxResults: 1 })),
  ),
  refused('ssm GetParameter', 'ParameterNotFound', ({ as }) =>
    as.ssm.send(new GetParameterCommand({ Name: '/nowhere' })),
  ),
  refused('ssm GetParametersByPath', 'ValidationException', ({ as }) =>
    as.ssm.send(new GetParametersByPathCommand({ Path: path, NextToken: 'forged' })),
  ),
  call('cloudformation DescribeStacks', ({ as }) => as.cloudformation.send(new DescribeStacksCommand({}))),
  refused('cloudformation DescribeStacks', 'ValidationError', ({ as }) =>
    as.cloudformation.send(new DescribeStacksCommand({ StackName: 'nowhere' })),
  ),
  refused('cloudformation DescribeStacks', 'AccessDenied', ({ asCleanup }) =>
    asCleanup.cloudformation.send(new DescribeStacksCommand({})),
  ),
];

export const messageCalls = [...sqs, ...sns, ...events, ...others];
