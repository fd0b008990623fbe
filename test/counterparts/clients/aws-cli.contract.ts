import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pMap from 'p-map';
import type { Exchange } from '../../../infra/local/protocol/server.ts';
import { timings } from '../../../infra/local/world/timings.ts';
import { outputs } from '../../../infra/names.ts';
import { only } from '../../e2e/support/scene.ts';
import { row } from '../support/results.ts';
import { counterpart } from '../support/variables.ts';
import { commonErrorsOf } from '../wire/common-errors.ts';
import { loadModel } from '../wire/model.ts';
import { checkExchange } from '../wire/validate.ts';
import { groupOf, imageOf, ownGroupOf, reads } from './aws-reads.ts';
import type { Ran } from './run.ts';
import { jsonOf, outputOf } from './run.ts';
import type { ClientsWorld } from './world.ts';
import { CLUSTER, startClientsWorld } from './world.ts';

/** Each is a Python process that takes a core for a second. */
const AT_ONCE = 3;

let world: ClientsWorld;
const exchanges: Exchange[] = [];
const printed = new Map<string, Ran>();

beforeAll(async () => {
  world = await startClientsWorld(only('podCleanup'));
  world.account.onExchange((exchange) => exchanges.push(exchange));
  const ask = async ({ command, arguments: more }: (typeof reads)[number]) => {
    printed.set(command, await world.aws([...command.split(' '), ...(more?.(world) ?? [])]));
  };
  await pMap(reads, ask, { concurrency: AT_ONCE });
}, 180_000);

afterAll(async () => {
  await world.close();
});

/** An AWS CLI command; what the world alone knows comes in `more`. */
const aws = (command: string, more: readonly string[] = []) => world.aws([...command.split(' '), ...more]);
const json = <T = Record<string, unknown>>(command: string, more?: readonly string[]): Promise<T> =>
  jsonOf<T>(aws(command, more));

/** Version 1 ends with 255, or 254 where the service refused. */
const refused = async (running: Promise<Ran>): Promise<string> => {
  const { code, stderr } = await running;
  expect([254, 255]).toContain(code);
  return /\((\w+(?:\.\w+)*)\)/.exec(stderr)?.[1] ?? stderr;
};

const pass = (seconds: number): void => {
  const { clock } = world.account;
  clock.jumpTo(clock.now() + seconds * 1000);
};

/** `held` is what the world says, `printed` what the AWS CLI made of it. */
const same = (behaviour: string, held: string, printed: string): void =>
  row({ suite: 'clients', behaviour, embedded: held, counterpart: `AWS CLI: ${printed}`, verdict: 'same' });

/** How many values an expectation names. A matcher is one. */
const valuesIn = (expected: unknown): number => {
  if (typeof expected !== 'object' || expected === null || 'asymmetricMatch' in expected) return 1;
  return Object.values(expected).reduce<number>((sum, value) => sum + valuesIn(value), 0);
};

describe('the AWS CLI reads what the world holds', () => {
  it.each(reads)('aws $command', ({ command, expected }) => {
    const { code, stdout, stderr } = printed.get(command) ?? { code: -1, stdout: '', stderr: 'not run' };
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject(expected(world));
    same(
      `aws ${command}`,
      `${valuesIn(expected(world))} values of the world`,
      `exit code ${code}, with all of them`,
    );
  });

  it('says what is not there', async () => {
    const code = await refused(aws('eks describe-cluster --name nowhere'));
    expect(code).toBe('ResourceNotFoundException');
    same('aws eks describe-cluster of none', 'no such cluster', code);
  });
});

interface Update {
  readonly update: { readonly id: string; readonly status: string };
}

interface Scan {
  readonly imageScanStatus: { readonly status: string };
}

interface Put {
  readonly FailedEntryCount: number;
  readonly Entries: readonly { readonly ErrorCode?: string }[];
}

describe('the AWS CLI changes the world', () => {
  it('eks update-nodegroup-config, followed by describe-update until it is Successful', async () => {
    const group = `--cluster-name ${CLUSTER} --nodegroup-name spot`;
    const wanted = { minSize: 1, maxSize: 5, desiredSize: 3 };
    const sizes = Object.entries(wanted).map(([name, size]) => `${name}=${size}`);
    const started = await json<Update>(
      `eks update-nodegroup-config ${group} --scaling-config ${sizes.join(',')}`,
    );
    expect(started.update.status).toBe('InProgress');
    const describe = `eks describe-update --name ${CLUSTER} --nodegroup-name spot --update-id ${started.update.id}`;
    expect(await json(describe)).toMatchObject({ update: { id: started.update.id, status: 'InProgress' } });
    pass(timings.groupConfigUpdate + 1);
    const [ended, nodeGroup] = await Promise.all([
      json<Update>(describe),
      json(`eks describe-nodegroup ${group}`),
    ]);
    expect(ended.update.status).toBe('Successful');
    expect(nodeGroup).toMatchObject({ nodegroup: { scalingConfig: wanted } });
    const { min, max, desired } = groupOf(world).scaling;
    expect({ minSize: min, maxSize: max, desiredSize: desired }).toEqual(wanted);
    same(
      'aws eks update-nodegroup-config, describe-update',
      `a group of ${min} to ${max}, now ${desired}`,
      `${started.update.status}, then ${ended.update.status}`,
    );
  });

  it('ecr start-image-scan, once a day', async () => {
    const { repository, image } = imageOf(world);
    const id = `--repository-name ${repository.name} --image-id imageDigest=${image.digest}`;
    const started = await json<Scan>(`ecr start-image-scan ${id}`);
    expect(started.imageScanStatus.status).toBe('IN_PROGRESS');
    pass(timings.imageScan + 1);
    const [again, found] = await Promise.all([
      refused(aws(`ecr start-image-scan ${id}`)),
      json<Scan>(`ecr describe-image-scan-findings ${id}`),
    ]);
    expect(again).toBe('LimitExceededException');
    expect(found).toMatchObject({
      imageScanStatus: { status: 'COMPLETE' },
      imageScanFindings: { findings: image.findings.map(({ name }) => ({ name })) },
    });
    same(
      'aws ecr start-image-scan, twice',
      `${image.findings.length} finding, one scan a day`,
      `${started.imageScanStatus.status}, then ${found.imageScanStatus.status}; ${again}`,
    );
  });

  it('autoscaling complete-lifecycle-action lets an instance go that waits for its hook', async () => {
    const group = ownGroupOf(world);
    const [instance] = world.account.world.autoScaling.members(group);
    if (instance === undefined) throw new Error('the group has no instance');
    await outputOf(
      aws('autoscaling terminate-instance-in-auto-scaling-group --no-should-decrement-desired-capacity', [
        '--instance-id',
        instance.id,
      ]),
    );
    expect(
      await json('autoscaling describe-auto-scaling-instances --instance-ids', [instance.id]),
    ).toMatchObject({ AutoScalingInstances: [{ LifecycleState: 'Terminating:Wait' }] });
    const complete = () =>
      aws('autoscaling complete-lifecycle-action --lifecycle-action-result CONTINUE', [
        '--auto-scaling-group-name',
        group.name,
        '--lifecycle-hook-name',
        group.hooks[0]?.name ?? '',
        '--instance-id',
        instance.id,
      ]);
    await outputOf(complete());
    expect(instance.state).toBe('shutting-down');
    const again = await refused(complete());
    expect(again).toBe('ValidationError');
    same(
      'aws autoscaling complete-lifecycle-action, twice',
      `the instance is ${instance.state}`,
      `done, then ${again}`,
    );
  });

  it('sqs send-message, receive-message, delete-message', async () => {
    const url = ['--queue-url', world.account.deployment.outputs[outputs.failures] ?? ''];
    const attributes = async () =>
      (
        await json<{ Attributes: Record<string, string> }>(
          'sqs get-queue-attributes --attribute-names All',
          url,
        )
      ).Attributes;
    await outputOf(aws('sqs send-message --message-body hello', url));
    const sent = await attributes();
    expect(sent).toMatchObject({ ApproximateNumberOfMessages: '1' });
    const { Messages } = await json<{ Messages: { Body: string; ReceiptHandle: string }[] }>(
      'sqs receive-message --attribute-names All',
      url,
    );
    expect(Messages.map(({ Body }) => Body)).toEqual(['hello']);
    await outputOf(aws('sqs delete-message', [...url, '--receipt-handle', Messages[0]?.ReceiptHandle ?? '']));
    const left = await attributes();
    expect(left).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
    same(
      'aws sqs send-message, receive-message, delete-message',
      'a queue of one message, then of none',
      `${sent.ApproximateNumberOfMessages} message, then ${left.ApproximateNumberOfMessages}`,
    );
  });

  it('dynamodb put-item, get-item, query and scan', async () => {
    const table = `--table-name ${world.account.deployment.names.table}`;
    const item = { pk: { S: 'client#1' }, sk: { S: 'a' }, size: { N: '3' } };
    const key = JSON.stringify({ pk: item.pk, sk: item.sk });
    await outputOf(aws(`dynamodb put-item ${table}`, ['--item', JSON.stringify(item)]));
    const found = await pMap(
      [
        () => json(`dynamodb get-item ${table}`, ['--key', key]),
        () =>
          json(`dynamodb query ${table} --key-condition-expression pk=:p`, [
            '--expression-attribute-values',
            JSON.stringify({ ':p': item.pk }),
          ]),
        () => json(`dynamodb scan ${table}`),
      ],
      (ask) => ask(),
      { concurrency: AT_ONCE },
    );
    expect(found).toMatchObject([
      { Item: item },
      { Items: [item], Count: 1 },
      // The functions that the tests before woke may have written something too.
      { Items: expect.arrayContaining([item]) },
    ]);
    const items = (await world.account.table()).filter(({ pk }) => isDeepStrictEqual(pk, item.pk));
    expect(items).toEqual([item]);
    same(
      'aws dynamodb put-item, get-item, query, scan',
      `${items.length} item`,
      `${found.length} times the same`,
    );
  });

  it('events put-events, but not in the name of AWS', async () => {
    const entry = (source: string) =>
      JSON.stringify([{ Source: source, DetailType: 'Test', Detail: '{"a":1}' }]);
    const [own, forged] = await Promise.all([
      json<Put>('events put-events --entries', [entry('client')]),
      json<Put>('events put-events --entries', [entry('aws.ec2')]),
    ]);
    expect(own).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
    expect(forged).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode: 'NotAuthorizedForSourceException' }],
    });
    expect(world.account.published).toMatchObject([{ source: 'client', detail: { a: 1 } }]);
    same(
      'aws events put-events, also with a source of AWS',
      `${world.account.published.length} event on the bus`,
      `${own.FailedEntryCount} failed, then ${forged.Entries[0]?.ErrorCode}`,
    );
  });

  it('lambda invoke runs the deployed bundle', async () => {
    const out = world.file('answer.json');
    const answer = await json('lambda invoke --function-name eks-caretaker-pod-cleanup', [
      '--payload',
      JSON.stringify({ trigger: 'tick' }),
      out,
    ]);
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(answer).not.toHaveProperty('FunctionError');
    const [failed] = world.spec.clusters[0]?.failedPods ?? [];
    const { verdicts } = JSON.parse(readFileSync(out, 'utf8')) as {
      verdicts: { target: string; action: string }[];
    };
    expect(verdicts).toContainEqual(
      expect.objectContaining({ target: `pod/${failed?.namespace}/${failed?.name}`, action: 'delete' }),
    );
    const invocations = world.account.invocations.filter(({ entryId }) => entryId === 'pod-cleanup');
    expect(invocations).toHaveLength(1);
    same(
      'aws lambda invoke',
      `${invocations.length} invocation of ${invocations[0]?.entryId}`,
      `StatusCode ${answer.StatusCode} and the verdicts`,
    );
  });
});

describe('what the AWS CLI and the embedded account say to each other', () => {
  it('is as AWS’s service models say', () => {
    const data = counterpart('BOTOCORE_DATA');
    const models = new Map(
      [...new Set(exchanges.map(({ service }) => service))].map((service) => [
        service,
        loadModel(data, service),
      ]),
    );
    const violations = exchanges.flatMap(({ service, operation, wire }) => {
      const model = models.get(service);
      if (model === undefined) throw new Error(`no model of ${service}`);
      const checked = checkExchange(model, wire, commonErrorsOf(service));
      return checked.problems.map(
        ({ side, where, what }) => `${service} ${operation} ${side}: ${where} ${what}`,
      );
    });
    expect(violations).toEqual([]);
    const own = exchanges.filter(({ accessKeyId }) => accessKeyId === world.account.admin.AWS_ACCESS_KEY_ID);
    const operations = new Set(own.map(({ service, operation }) => `${service} ${operation}`));
    expect(operations.size).toBeGreaterThan(25);
    row({
      suite: 'clients',
      behaviour: `what the AWS CLI puts on the wire: ${[...operations].sort().join(', ')}`,
      embedded: `${operations.size} operations, violations ${violations.length}`,
      counterpart: 'AWS’s service models',
      verdict: 'same',
    });
  });
});
