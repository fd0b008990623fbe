import { entriesOf, exampleScope } from '../../../infra/entries.ts';
import { parseConfig } from '../../../infra/load-config.ts';

/** A right that an entry's IAM statements ask for, and the operation that needs it. */
export interface Right {
  readonly entryId: string;
  /** `eks:DescribeCluster`. */
  readonly action: string;
  readonly service: string;
  readonly operation: string;
}

/** Everything deployed and acting. */
const CONFIG =
  'version: 1\nmode: act\nclusters:\n  - name: staging\necrRescan:\n  repositories: ["shop/*"]\n';

/** Plumbing of every function: the table, and the logs that the Lambda runtime writes itself. */
const PLUMBING = ['dynamodb', 'logs'];

/** IAM names a few rights otherwise than the API its operations. Source: service authorization reference. */
const OPERATIONS: Readonly<Record<string, string>> = { 'lambda:InvokeFunction': 'Invoke' };

export const rights = (): readonly Right[] =>
  entriesOf(parseConfig(CONFIG, 'caretaker.yaml'), exampleScope).flatMap(({ entry }) =>
    [...new Set(entry.statements.flatMap(({ actions }) => actions))].flatMap((action) => {
      const [service = '', operation = ''] = action.split(':');
      if (PLUMBING.includes(service)) return [];
      return [{ entryId: entry.id, action, service, operation: OPERATIONS[action] ?? operation }];
    }),
  );

const LIST_BUCKET =
  'no operation of its own: with it S3 says of an object that is not there 404 and not 403 (S3 API reference, GetObject)';

/** Rights that no end-to-end run uses, and why: `<entry> <action>`. */
export const unused: Readonly<Record<string, string>> = {
  'cluster-upgrade eks:DescribeInsight':
    'asked for insights that do not pass, which end the plan that stands before every run; cluster-upgrade-plan uses it',
  'cluster-upgrade lambda:GetDurableExecutionState':
    'asked by the durable SDK where the state does not fit into the invocation; no run of the tests is that long',
  'cluster-upgrade s3:ListBucket': LIST_BUCKET,
  'cluster-upgrade-plan eks:DescribeUpdate':
    'asked while an update of the cluster runs; cluster-upgrade uses it in its runs',
  'ecr-rescan s3:ListBucket': LIST_BUCKET,
  'ecr-rescan-findings s3:ListBucket': LIST_BUCKET,
};
