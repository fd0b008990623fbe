import type { AutomationId } from './verdict.ts';

/** What fires an entry. `queue` is the product's one SQS queue, fed by `eventPatterns`. */
export type Trigger =
  | {
      readonly kind: 'tick';
      readonly everyMinutes: number;
      readonly input: Readonly<Record<string, unknown>>;
      /**
       * A tick for each of these, with its name as `cluster` in the input, spread evenly over the period, which then
       * has to divide an hour. Left out: one tick.
       */
      readonly clusters?: readonly string[];
    }
  | { readonly kind: 'events'; readonly patterns: readonly EventPattern[] }
  | {
      readonly kind: 'queue';
      readonly patterns: readonly EventPattern[];
      readonly batchSize: number;
      readonly visibilitySeconds: number;
      readonly maxReceives: number;
      /** ARNs of who may send besides the rules: SNS topics, and IAM roles. */
      readonly senders?: { readonly topics: readonly string[]; readonly roles: readonly string[] };
    }
  | { readonly kind: 'manual' };

/** An EventBridge pattern: exact values only, as lists. */
export interface EventPattern {
  readonly source: readonly string[];
  readonly detailType: readonly string[];
  /** Members of `detail` that must have one of these values: what never matters costs no invocation. */
  readonly detail?: Readonly<Record<string, readonly string[]>>;
}

/** Names that ARNs are made of; CDK passes its tokens, the embedded account its own. */
export interface Scope {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** ARNs of what the stack itself creates. */
  readonly tableArn: string;
  readonly queueArn: string;
  readonly topicArn: string;
  readonly bucketArn: string;
  /** ARN of another entry's function by entry id. */
  functionArn(entryId: string): string;
}

export interface IamStatement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** IAM condition block, for example `{ StringEquals: { 'ec2:Region': ... } }`. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A rule of the entry's ClusterRole, as Kubernetes writes it. */
export interface KubernetesRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What an entry is given through its environment (`CARETAKER_*`); each grants nothing by itself. */
export type Resource = 'table' | 'queue' | 'topic' | 'bucket' | 'worker';

/** One Lambda function: its trigger, its IAM role, its Kubernetes RBAC. */
export interface Entry {
  /** For example `spot-drain-worker`; also the function's name suffix and the group `eks-caretaker:<id>`. */
  readonly id: string;
  /** Export of the automation's bundle. */
  readonly handler: string;
  readonly description: string;
  readonly trigger: Trigger;
  readonly statements: readonly IamStatement[];
  readonly kubernetesRules: readonly KubernetesRule[];
  readonly uses: readonly Resource[];
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly reservedConcurrency?: number;
  /** Set for the durable function alone; can only be given when a function is created. */
  readonly durable?: { readonly executionTimeoutDays: number; readonly retentionDays: number };
}

/** One automation as `functions/index.ts` lists it. `Config` is the whole validated caretaker.yaml. */
export interface Automation<Config> {
  readonly id: AutomationId;
  /** Key of its part of caretaker.yaml. */
  readonly section: string;
  /** Pure: what is off in the configuration asks for no right. */
  readonly entries: (config: Config, scope: Scope) => readonly Entry[];
}
