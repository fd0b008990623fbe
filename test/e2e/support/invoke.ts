import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createStore } from '../../../shared/aws/dynamodb.ts';
import type { Store } from '../../../shared/core/store.ts';
import type { Verdict } from '../../../shared/core/verdict.ts';
import type { Scene } from './scene.ts';

/** One invocation by hand, with what it said. */
export interface Said {
  readonly ok: boolean;
  /** The result, or `{ errorType, errorMessage, trace }`. */
  readonly payload: unknown;
  /** As they were logged, so also those of an invocation that failed. */
  readonly verdicts: readonly Verdict[];
  /** `<target> <action>: <reason>` of the same. */
  readonly reasons: readonly string[];
}

export const invoke = async (scene: Scene, entryId: string, event: object): Promise<Said> => {
  const before = scene.verdicts().length;
  const { ok, payload } = await scene.account.invoke(entryId, event);
  const verdicts = scene.verdicts().slice(before);
  return { ok, payload, verdicts, reasons: wordsOf(verdicts) };
};

export const wordsOf = (verdicts: readonly Verdict[]): readonly string[] =>
  verdicts.map(({ target, action, reason }) => `${target} ${action}: ${reason}`);

/** Starts to note the calls of the functions, `<service> <operation>`; of DynamoDB only what writes. */
export const noteCalls = (scene: Scene): (() => readonly string[]) => {
  const from = scene.exchanges.length;
  return () =>
    scene.exchanges
      .slice(from)
      .filter(({ service, operation }) => service !== 'dynamodb' || !/^(Get|Query)/.test(operation))
      .map(({ service, operation }) => `${service} ${operation}`);
};

/** The product's table as the administrator reads and writes it. */
export const storeOf = ({ account }: Scene): Store =>
  createStore(new DynamoDBClient(adminClient(account.admin)), {
    table: account.deployment.names.table,
    clock: account.clock,
  });

/** Settings for an SDK client of the administrator. */
export const adminClient = (admin: Readonly<Record<string, string>>) => ({
  endpoint: admin.AWS_ENDPOINT_URL ?? '',
  region: admin.AWS_REGION ?? '',
  credentials: {
    accessKeyId: admin.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: admin.AWS_SECRET_ACCESS_KEY ?? '',
  },
});
