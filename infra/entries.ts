import type { Config } from '../functions/index.ts';
import { automations } from '../functions/index.ts';
import type { Entry, Scope } from '../shared/core/automation.ts';
import type { AutomationId } from '../shared/core/verdict.ts';

/** An entry together with the automation whose bundle holds its handler. */
export interface PlacedEntry {
  readonly automation: AutomationId;
  readonly entry: Entry;
}

/** Every entry that the configuration asks for, in the order of the automations. Pure. */
export const entriesOf = (config: Config, scope: Scope): readonly PlacedEntry[] =>
  automations.flatMap(({ id, entries }) =>
    entries(config, scope).map((entry) => ({ automation: id, entry })),
  );

/**
 * A scope for readers who want nothing but triggers and Kubernetes rules, which hold no ARNs. The account
 * is the one that AWS's documentation uses.
 */
export const exampleScope: Scope = {
  partition: 'aws',
  region: 'eu-central-1',
  account: '111122223333',
  tableArn: 'arn:aws:dynamodb:eu-central-1:111122223333:table/eks-caretaker',
  queueArn: 'arn:aws:sqs:eu-central-1:111122223333:eks-caretaker',
  topicArn: 'arn:aws:sns:eu-central-1:111122223333:eks-caretaker',
  bucketArn: 'arn:aws:s3:::eks-caretaker',
  functionArn: (entryId) => `arn:aws:lambda:eu-central-1:111122223333:function:eks-caretaker-${entryId}`,
};
