import type { StackProps } from 'aws-cdk-lib';
import { ArnFormat, CfnOutput, Lazy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Entry, Resource, Scope } from '../../shared/core/automation.ts';
import type { NetworkConfig } from '../../shared/core/networks.ts';
import type { PlacedEntry } from '../entries.ts';
import { constructIdOf, functionNameOf, outputs, roleOutputOf } from '../names.ts';
import { needsKubernetes } from '../rbac.ts';
import { AccessEntries } from './access-entries.ts';
import { Alarms } from './alarms.ts';
import { EntryFunction } from './entry-function.ts';
import { EventRules, toFunction, toQueue } from './event-rules.ts';
import { createDeadLetterQueue, feed, Intake } from './intake.ts';
import { FunctionNetwork } from './network.ts';
import { Notifications } from './notifications.ts';
import { Schedules } from './schedules.ts';
import { State } from './state.ts';

const WORKER = 'spot-drain-worker';
const UPGRADE = 'cluster-upgrade';
const UPGRADE_PLAN = 'cluster-upgrade-plan';

export interface CaretakerStackProps extends StackProps {
  /** The manifests' entries, given the ARNs of what the stack makes. */
  readonly entries: (scope: Scope) => readonly PlacedEntry[];
  /** The directory of the build: `<automation>/index.mjs` and `config.json`. */
  readonly bundles: string;
  /** Clusters that get access entries. */
  readonly clusters: readonly string[];
  /** Where the functions run; outside every VPC where left out. */
  readonly network?: NetworkConfig;
}

/** One deployment per account, region and network group: a function and a role for every entry, and what they share. */
export class CaretakerStack extends Stack {
  private readonly state: State;
  private readonly notifications: Notifications;
  private readonly failures = createDeadLetterQueue(this, 'Failures');
  private readonly alarms: Alarms;
  private schedules: Schedules | undefined;
  private readonly intake: Intake | undefined;
  private readonly network: FunctionNetwork | undefined;

  constructor(scope: Construct, id: string, props: CaretakerStackProps) {
    super(scope, id, { description: 'eks-caretaker: looks after EKS clusters', ...props });
    this.state = new State(this, 'State');
    this.notifications = new Notifications(this, 'Notifications');
    this.alarms = new Alarms(this, 'Alarms', this.notifications.topic);
    this.alarms.notEmpty(
      'FailuresNotEmpty',
      this.failures,
      'Invocations or deliveries failed for good: see the failure queue',
    );
    this.network =
      props.network === undefined ? undefined : new FunctionNetwork(this, 'Network', props.network);
    const placed = props.entries(this.namesForManifests());
    this.intake = this.createIntake(placed.map(({ entry }) => entry));
    const made = new Map(placed.map((each) => [each.entry.id, this.addEntry(each, props)]));
    this.writeOutputs(placed, made);
  }

  /** ARNs of functions are made of names, so that entries may refer to each other in any order. */
  private namesForManifests(): Scope {
    return {
      partition: this.partition,
      region: this.region,
      account: this.account,
      tableArn: this.state.table.tableArn,
      queueArn: Lazy.string({ produce: () => this.requireIntake().queue.queueArn }),
      topicArn: this.notifications.topic.topicArn,
      bucketArn: this.state.bucket.bucketArn,
      functionArn: (entryId) => this.functionArn(entryId),
    };
  }

  private functionArn(entryId: string): string {
    return this.formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: functionNameOf(this.stackName, entryId),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  /** The queue is there if an entry is fed by it; what is off has none. */
  private createIntake(entries: readonly Entry[]): Intake | undefined {
    const trigger = entries.map((entry) => entry.trigger).find(({ kind }) => kind === 'queue');
    if (trigger?.kind !== 'queue') return undefined;
    const intake = new Intake(this, 'Intake', trigger);
    this.alarms.notEmpty('DeadLettersNotEmpty', intake.deadLetters, 'Messages that could not be handled');
    return intake;
  }

  private requireIntake(): Intake {
    if (this.intake !== undefined) return this.intake;
    throw new Error('an entry uses the queue, but no entry of this configuration is fed by it');
  }

  private addEntry(placed: PlacedEntry, { bundles, clusters }: CaretakerStackProps): EntryFunction {
    const { entry } = placed;
    const id = constructIdOf(entry.id);
    const made = new EntryFunction(this, id, {
      placed,
      bundles,
      environment: Object.fromEntries(entry.uses.map((resource) => this.variableFor(resource))),
      failures: this.failures,
      ...(this.network === undefined
        ? {}
        : { network: { group: this.network, functionArn: this.functionArn(entry.id) } }),
    });
    this.addTrigger(entry, made);
    this.alarms.failing(`${id}Failing`, made.function, entry.id);
    if (needsKubernetes(entry)) {
      new AccessEntries(this, `${id}Access`, { entryId: entry.id, role: made.role, clusters });
    }
    return made;
  }

  private addTrigger({ id: entryId, trigger, description }: Entry, made: EntryFunction): void {
    const id = constructIdOf(entryId);
    switch (trigger.kind) {
      case 'tick':
        this.schedules ??= new Schedules(this, 'Schedules', this.failures);
        this.schedules.add(id, made.function, trigger);
        break;
      case 'events':
        new EventRules(this, `${id}Events`, {
          patterns: trigger.patterns,
          target: toFunction(made.function, this.failures),
          description,
        });
        break;
      case 'queue': {
        const { queue } = this.requireIntake();
        feed(queue, made.function, trigger);
        new EventRules(this, `${id}Events`, {
          patterns: trigger.patterns,
          target: toQueue(queue, this.failures),
          description,
        });
        break;
      }
      case 'manual':
        break;
    }
  }

  private variableFor(resource: Resource): [string, string] {
    switch (resource) {
      case 'table':
        return ['CARETAKER_TABLE', this.state.table.tableName];
      case 'bucket':
        return ['CARETAKER_BUCKET', this.state.bucket.bucketName];
      case 'topic':
        return ['CARETAKER_TOPIC_ARN', this.notifications.topic.topicArn];
      case 'queue':
        return ['CARETAKER_QUEUE_URL', Lazy.string({ produce: () => this.requireIntake().queue.queueUrl })];
      case 'worker':
        return ['CARETAKER_WORKER', this.functionArn(WORKER)];
    }
  }

  /** How the command line finds this deployment; an output is there only where its entry is. */
  private writeOutputs(placed: readonly PlacedEntry[], made: ReadonlyMap<string, EntryFunction>): void {
    const output = (key: string, value: string | undefined, description: string) => {
      if (value !== undefined) new CfnOutput(this, key, { value, description });
    };
    output(outputs.table, this.state.table.tableName, 'State and journal');
    output(outputs.bucket, this.state.bucket.bucketName, 'Plans, snapshots, findings');
    output(outputs.topic, this.notifications.topic.topicArn, 'Notifications and alarms');
    output(outputs.failures, this.failures.queueUrl, 'What failed for good');
    output(outputs.queue, this.intake?.queue.queueUrl, 'Events for spot-drain');
    output(outputs.deadLetters, this.intake?.deadLetters.queueUrl, 'Events that could not be handled');
    output(outputs.worker, made.get(WORKER)?.function.functionArn, 'Drains one batch of nodes');
    output(
      outputs.upgradeFunction,
      made.get(UPGRADE)?.function.functionName,
      'Carries out upgrades (alias live)',
    );
    output(outputs.upgradePlanFunction, made.get(UPGRADE_PLAN)?.function.functionName, 'Plans upgrades');
    for (const { entry } of placed) {
      output(roleOutputOf(entry.id), made.get(entry.id)?.role.roleArn, `Role of ${entry.id}, for aws-auth`);
    }
  }
}
