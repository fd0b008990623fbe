import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutEventsCommand, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { CODE } from '../../../infra/build.ts';
import { roleOutputOf } from '../../../infra/names.ts';
import type { AwsAuthRole } from '../../../infra/rbac.ts';
import { buildOnce } from '../../e2e/support/bundles.ts';
import { adminClient } from '../../e2e/support/invoke.ts';
import { endScenes } from '../../e2e/support/scene.ts';
import type { Side } from '../bundles/support/side.ts';
import { startEmbeddedSide } from '../bundles/support/side.ts';
import { ministackEnforces } from '../support/ministack.ts';
import { ACCOUNT, REGION } from './support/aws.ts';
import type { Cloud } from './support/cloud.ts';
import { startCloud } from './support/cloud.ts';
import { addVariables, codeOf, inboxAt, journalOf, listenToEvents, subscribe } from './support/deployed.ts';
import type { Deployed } from './support/deployed-stories.ts';
import {
  deployedCleanupStory,
  deployedDeadLetterStory,
  deployedFailureStory,
  deployedQueueStory,
  deployedUpgradeStory,
} from './support/deployed-stories.ts';
import { makeDurable } from './support/durable.ts';
import {
  embeddedCleanupStory,
  embeddedDeadLetterStory,
  embeddedDecisionOnEvents,
  embeddedFailureStory,
  embeddedQueueStory,
  embeddedUpgradeStory,
} from './support/embedded-stories.ts';
import { eventually } from './support/eventually.ts';
import { gaps, groupsOfAccessEntry, putAsAws, said } from './support/gaps.ts';
import { decisionOn, putRolePolicy, readRolePolicy } from './support/iam.ts';
import type { Inventory } from './support/inventory.ts';
import { inventoryOf, without } from './support/inventory.ts';
import { logsOf, versionsIn } from './support/logs.ts';
import { CONFIG, SPEC, STACK } from './support/scenario.ts';
import {
  DROPPED,
  deployedFunction,
  deployedTriggers,
  embeddedFunctions,
  embeddedTriggers,
  keptOf,
} from './support/settings.ts';
import type { DeployedStack } from './support/stack.ts';
import { createStack, describeStack } from './support/stack.ts';
import { inWords, MALFORMED, rowOfDifference, rowOfSame } from './support/stories.ts';
import { readTemplate, sha256 } from './support/template.ts';
import { unzip } from './support/zip.ts';

// The CDK alone takes a minute and more where the machine has other things to do.
jest.setTimeout(300_000);

/** What is about IAM cannot be shown on a ministack that does not enforce it. */
const itWithIam = (await ministackEnforces()) ? it : it.skip;

/** A story in order: each part stands on what the one before left. */
let cloud: Cloud;
let bootstrapped: Inventory;

const stack = async (): Promise<DeployedStack> => {
  const found = await describeStack(cloud.aws, STACK);
  if (found === undefined) throw new Error(`there is no stack ${STACK}`);
  return found;
};

beforeAll(async () => {
  cloud = await startCloud({ config: CONFIG, spec: SPEC });
});
afterAll(() => cloud?.close());

describe('the stack', () => {
  it('is deployed by the CDK into an account that the CDK bootstrapped', async () => {
    expect(await cloud.cdk('bootstrap', `aws://${ACCOUNT}/${REGION}`)).toContain('bootstrapped');
    bootstrapped = await inventoryOf(cloud.aws);
    expect(await cloud.deploy()).toContain(`✅  ${STACK}`);
    const { status, resources, outputs } = await stack();
    expect(status).toBe('CREATE_COMPLETE');
    const { resources: wanted } = readTemplate(cloud.cdkOut, STACK);
    expect(resources.map(({ logicalId }) => logicalId).sort()).toEqual([...wanted.keys()].sort());
    const keys = Object.keys(cloud.embedded.deployment.outputs).sort();
    expect(Object.keys(outputs).sort()).toEqual(keys);
    rowOfSame('outputs of the stack', keys);
  });

  it('runs the very bundles that the build and the tests make', async () => {
    const tested = await buildOnce();
    const template = readTemplate(cloud.cdkOut, STACK);
    for (const { definition, entry } of cloud.embedded.deployment.entries) {
      const automation = definition.file.split('/').at(-2) ?? '';
      const files = unzip(await codeOf(cloud.aws, definition.name));
      const built = [
        template.assetOf(definition.name),
        join(cloud.bundles, automation),
        join(tested, automation),
      ];
      expect([...files.keys()].sort()).toEqual(['config.json', ...CODE].sort());
      for (const file of CODE) {
        const expected = { file, entry: entry.id, hash: sha256(files.get(file) ?? Buffer.of()) };
        for (const folder of built)
          expect({ ...expected, hash: sha256(readFileSync(join(folder, file))) }).toEqual(expected);
      }
      expect(JSON.parse(files.get('config.json')?.toString('utf8') ?? '')).toEqual(cloud.config);
    }
  });

  it('gives each function what its manifest says and no other variable', async () => {
    const wanted = embeddedFunctions(cloud.embedded.deployment);
    const found = await Promise.all(wanted.map(({ name }) => deployedFunction(cloud.aws, name)));
    expect(found).toEqual(wanted);
    for (const { name, handler, memoryMb, timeoutSeconds, variables } of found)
      rowOfSame(`function ${name}`, [handler, `${memoryMb} MB`, `${timeoutSeconds} s`, ...variables]);
  });

  it.each(DROPPED)('asks for %s, which ministack leaves out', async (property) => {
    const asked = readTemplate(cloud.cdkOut, STACK).functionsWith(property);
    expect(asked.length).toBeGreaterThan(0);
    for (const name of asked) expect(await keptOf(cloud.aws, name)).not.toContain(property);
    rowOfDifference(
      `${property} of a function`,
      { embedded: `asked for by ${inWords(asked)}`, counterpart: 'left out' },
      `ministack's CloudFormation does not pass it on; CloudFormation Template Reference, AWS::Lambda::Function ${property}`,
    );
  });

  it('fires them by what their manifests say', async () => {
    const { outputs } = await stack();
    const found = await deployedTriggers(cloud.aws, { stackName: STACK, queueUrl: outputs.QueueUrl ?? '' });
    expect(found).toEqual(embeddedTriggers(cloud.embedded.deployment));
    const { batchSize, visibilitySeconds, maxReceives } = found.queue;
    rowOfSame(
      'schedules',
      found.ticks.map(
        ({ functionName, everyMinutes, input }) =>
          `${functionName} every ${everyMinutes} minutes ${JSON.stringify(input)}`,
      ),
    );
    rowOfSame('queue of spot-drain', [
      `batches of ${batchSize}`,
      `visibility ${visibilitySeconds} s`,
      `${maxReceives} receives`,
      'partial failures',
    ]);
    rowOfSame(
      'event patterns',
      found.patterns.map((pattern) => JSON.stringify(pattern)),
    );
  });

  it('has no difference left for the CDK, and a second deployment changes nothing', async () => {
    const before = await stack();
    expect(await cloud.cdk('diff', '--fail', `--app=${cloud.cdkOut}`)).toContain('There were no differences');
    expect(await cloud.deploy()).toContain('(no changes)');
    expect(await stack()).toEqual({ ...before, physicalIdOf: expect.any(Function) });
  });
});

const REFUSED_SOURCE = 'NotAuthorizedForSourceException';
const NO_KEY_FOR_SOURCES =
  'ministack has no condition key events:source; EventBridge User Guide, "Using IAM policy conditions in Amazon EventBridge"';

describe('the deployed functions', () => {
  let deployed: Deployed;
  let side: Side;
  const entryOf = (entryId: string) => {
    const found = cloud.embedded.deployment.entries.find(({ entry }) => entry.id === entryId);
    if (found === undefined) throw new Error(`no entry ${entryId} is deployed`);
    return found;
  };
  const roleOf = (output: string): string => deployed.outputs[output]?.split('/').at(-1) ?? '';

  beforeAll(async () => {
    const { aws, cluster, embedded, gate } = cloud;
    const { outputs } = await stack();
    const rbac = await cloud.caretaker('rbac', '--config', cloud.configFile);
    expect(await cluster.kubectl(['apply', '-f', '-'], rbac.stdout)).toMatchObject({ code: 0 });
    const mapped = await cloud.caretaker('rbac', '--aws-auth', '--config', cloud.configFile);
    gate.useRoles(parse(mapped.stdout) as AwsAuthRole[]);
    for (const { definition, entry } of embedded.deployment.entries)
      await addVariables(aws, definition.name, cloud.services.variablesOf(entry.id));
    deployed = {
      cloud,
      outputs,
      published: await listenToEvents(aws),
      notifications: await subscribe(aws, outputs.TopicArn ?? ''),
      deadLetters: inboxAt(aws, outputs.DeadLetterQueueUrl ?? ''),
    };
    side = await startEmbeddedSide({ config: CONFIG, cluster: SPEC });
  });
  afterAll(async () => {
    await side?.close();
    await endScenes();
  });

  itWithIam('publish what they did once IAM is told the source of an event', async () => {
    const manifest = await readRolePolicy(cloud.aws, {
      roleName: roleOf('SpotDrainRoleArn'),
      policyName: 'manifest',
    });
    expect(manifest).toContainEqual(
      expect.objectContaining({
        Action: 'events:PutEvents',
        Condition: { StringEquals: { 'events:source': 'eks-caretaker' } },
      }),
    );
    const counterpart = await decisionOn(
      cloud.aws,
      deployed.outputs.SpotDrainRoleArn ?? '',
      'events:PutEvents',
    );
    const embedded = await embeddedDecisionOnEvents(side, 'spot-drain');
    expect({ embedded, counterpart }).toEqual({ embedded: 'allowed', counterpart: 'implicitDeny' });
    rowOfDifference(
      'PutEvents where its source is the condition',
      { embedded, counterpart },
      NO_KEY_FOR_SOURCES,
    );
    const statement = { Effect: 'Allow', Action: 'events:PutEvents', Resource: '*' };
    for (const { entry } of cloud.embedded.deployment.entries)
      await putRolePolicy(cloud.aws, { roleName: roleOf(roleOutputOf(entry.id)), policyName: 'any-source' }, [
        statement,
      ]);
  });

  it('empty the node that a message in the queue names', async () => {
    const [found, wanted] = [await deployedQueueStory(deployed), await embeddedQueueStory(side)];
    expect(found).toEqual(wanted);
    expect(found.nodesInUse).toEqual(['second']);
    expect(found.verdicts).toContain('node/first drain: drained');
    rowOfSame('queue: verdicts on a spot warning, and on one of another account', found.verdicts);
    rowOfSame('queue: nodes with running pods once the drain is over', found.nodesInUse);
    rowOfSame('queue: events that the product publishes', found.events);
    rowOfSame('queue: notifications', found.notifications);
  });

  itWithIam('are let into the cluster as their own roles, by tokens that STS recognises', () => {
    const { admissions } = cloud.gate;
    expect(admissions).not.toContainEqual(expect.objectContaining({ refused: expect.anything() }));
    const groups = new Set(admissions.flatMap((one) => ('groups' in one ? one.groups : [])));
    expect([...groups].sort()).toEqual(['eks-caretaker:spot-drain', 'eks-caretaker:spot-drain-worker']);
  });

  it('are fired by their schedules', async () => {
    const [found, wanted] = [await deployedCleanupStory(deployed), await embeddedCleanupStory(side)];
    expect(found).toEqual(wanted);
    expect(found.podIsThere).toBe(false);
    rowOfSame('tick: a pod that a node shutdown left behind', [...found.verdicts, ...found.events]);
  });

  it('carry an upgrade out as a durable execution', async () => {
    const { aws } = cloud;
    const { definition } = entryOf('cluster-upgrade');
    if (definition.durable === undefined) throw new Error('no entry is durable');
    const functionName = definition.name;
    await makeDurable(aws, {
      functionName,
      code: await codeOf(aws, functionName),
      durable: definition.durable,
    });
    const { arn, isNamed, ...found } = await deployedUpgradeStory(deployed, functionName);
    const { isNamed: isNamedThere, ...wanted } = await embeddedUpgradeStory(side);
    expect(found).toEqual(wanted);
    expect(found).toMatchObject({
      status: 'SUCCEEDED',
      verdicts: expect.arrayContaining(['cluster/staging complete-upgrade: upgraded']),
    });
    rowOfSame('durable upgrade: verdicts', found.verdicts);
    rowOfSame('durable upgrade: operations', found.operations);
    expect(arn).toContain(`:${functionName}:1/durable-execution/`);
    expect({ isNamed, isNamedThere }).toEqual({ isNamed: false, isNamedThere: true });
    rowOfDifference(
      'durable upgrade: name of the execution',
      { embedded: 'as it was started', counterpart: 'made up' },
      'ministack does not read X-Amz-Durable-Execution-Name; Lambda API Reference, Invoke',
    );
    const versions = {
      embedded: inWords(versionsIn(side.scene.logs(), functionName)),
      counterpart: inWords(versionsIn(await logsOf(aws, functionName), functionName)),
    };
    expect(versions).toEqual({ embedded: '1', counterpart: '$LATEST, live' });
    rowOfDifference(
      'durable upgrade: versions that its invocations ran',
      versions,
      'ministack goes on with $LATEST after a pause; Lambda Developer Guide, "Best practices for Lambda durable functions": versions and aliases pin an execution to its code',
    );
  });

  it('take what the rules send', async () => {
    const { aws } = cloud;
    const Name = (await stack()).physicalIdOf('SpotDrainEventsRule1', 'AWS::Events::Rule');
    const asAws = await putAsAws(aws.settings);
    expect([asAws, await putAsAws(adminClient(cloud.embedded.admin))]).toEqual(Array(2).fill(REFUSED_SOURCE));
    rowOfSame('EventBridge: an event of aws.ec2 that AWS did not send', [asAws]);
    // So the deployed rule gets a source of the test's own.
    const pattern = (source: string) => JSON.stringify({ source: [source] });
    await aws.events.send(new PutRuleCommand({ Name, EventPattern: pattern('test.ec2') }));
    await aws.events.send(
      new PutEventsCommand({
        Entries: [
          {
            Source: 'test.ec2',
            DetailType: 'EC2 Spot Instance Interruption Warning',
            Detail: '{"instance-id":"i-0123456789abcdef0","instance-action":"terminate"}',
          },
        ],
      }),
    );
    await eventually('the event of another source', async () => {
      const journal = await journalOf(aws, deployed.outputs.TableName ?? '');
      return journal.some(({ reason }) => reason === 'foreign-source') ? true : undefined;
    });
  });

  itWithIam('do without what their roles do not have, and say what it is', async () => {
    const role = { roleName: roleOf('PodCleanupRoleArn'), policyName: 'manifest' };
    const { definition } = entryOf('pod-cleanup');
    const tick = async () => {
      const Payload = Buffer.from('{"trigger":"tick"}');
      const answer = await cloud.aws.lambda.send(
        new InvokeCommand({ FunctionName: definition.name, Payload }),
      );
      return {
        failed: answer.FunctionError !== undefined,
        said: Buffer.from(answer.Payload ?? []).toString(),
      };
    };
    expect(await tick()).toMatchObject({ failed: false });
    const statements = await readRolePolicy(cloud.aws, role);
    const fewer = statements.filter(({ Action }) => ![Action].flat().includes('dynamodb:GetItem'));
    expect(fewer.length).toBe(statements.length - 1);
    await putRolePolicy(cloud.aws, role, fewer);
    expect(await tick()).toMatchObject({ failed: true, said: expect.stringContaining('dynamodb:GetItem') });
    await putRolePolicy(cloud.aws, role, statements);
    expect(await tick()).toMatchObject({ failed: false });
  });

  it('send back the message that they cannot read, alone, until it is a dead letter', async () => {
    const found = await deployedDeadLetterStory(deployed);
    expect(found).toEqual(embeddedDeadLetterStory(side));
    expect(found.deadLetters).toEqual([MALFORMED]);
    rowOfSame('queue: verdicts on a malformed message', found.verdicts);
    rowOfSame('queue: dead letters', found.deadLetters);
  });

  it('leave behind what failed for good', async () => {
    const found = await deployedFailureStory(deployed);
    expect(found).toEqual(await embeddedFailureStory(side));
    const { condition, invocations } = found;
    expect([condition, invocations]).toEqual(['RetriesExhausted', 3]);
    rowOfSame('an asynchronous invocation that always fails', [condition, `${invocations} invocations`]);
  });
});

describe('what ministack lacks', () => {
  it('CloudFormation: access entries', async () => {
    const type = 'AWS::EKS::AccessEntry';
    const TemplateBody = JSON.stringify({ Resources: { Entry: { Type: type } } });
    const refused = await said(createStack(cloud.aws, { StackName: 'access-entry', TemplateBody }));
    const groups = await groupsOfAccessEntry(cloud.embedded, 'spot-drain');
    expect({ refused, groups }).toEqual({ refused: 'ValidationError', groups: ['eks-caretaker:spot-drain'] });
    rowOfDifference(
      `access entry of spot-drain, asked for by ${type}`,
      { embedded: inWords(groups), counterpart: refused },
      'ministack has no such type, so the stack is deployed for a cluster in mode CONFIG_MAP; CloudFormation Template Reference, AWS::EKS::AccessEntry',
    );
  });

  it.each(gaps)('$behaviour', async ({ behaviour, ask, ministack, embedded, why }) => {
    const seen = {
      embedded: await said(ask(adminClient(cloud.embedded.admin))),
      counterpart: await said(ask(cloud.aws.settings)),
    };
    expect(seen).toEqual({ embedded, counterpart: ministack });
    rowOfDifference(behaviour, seen, why);
  });
});

describe('the end of the stack', () => {
  it('leaves what is retained on purpose and nothing else', async () => {
    const { retained } = readTemplate(cloud.cdkOut, STACK);
    const { physicalIdOf } = await stack();
    const kept = {
      tables: [physicalIdOf('StateTable', 'AWS::DynamoDB::Table')],
      buckets: [physicalIdOf('StateBucket', 'AWS::S3::Bucket')],
    };
    expect(await cloud.cdk('destroy', '--force', `--app=${cloud.cdkOut}`)).toContain(
      `✅  ${STACK}: destroyed`,
    );
    expect(await describeStack(cloud.aws, STACK)).toBeUndefined();
    // A version goes with its function; what keeps it is there for the time in between.
    expect(retained).toEqual(['AWS::DynamoDB::Table', 'AWS::Lambda::Version', 'AWS::S3::Bucket']);
    expect(without(await inventoryOf(cloud.aws), bootstrapped)).toEqual(kept);
  });
});
