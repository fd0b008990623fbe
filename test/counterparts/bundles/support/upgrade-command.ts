import { LambdaClient } from '@aws-sdk/client-lambda';
import pc from 'picocolors';
import type { UpgradeRecord } from '../../../../functions/index.ts';
import { findDeployment } from '../../../../infra/cli/deployment.ts';
import { createFunctionsPort } from '../../../../infra/cli/functions-port.ts';
import { main } from '../../../../infra/cli/main.ts';
import type { StoredItem } from '../../../../shared/core/store.ts';
import { adminClient, storeOf } from '../../../e2e/support/invoke.ts';
import type { Side } from './side.ts';
import { CLUSTER } from './side.ts';

/** `caretaker upgrade <action> staging ...`, as the administrator types it. Throws where it does not end with 0. */
export const upgrade = async ({ scene }: Side, action: string, ...args: string[]): Promise<void> => {
  const said: string[] = [];
  const client = new LambdaClient(adminClient(scene.account.admin));
  const code = await main(['upgrade', action, CLUSTER, ...args], {
    out: (text) => said.push(text),
    err: (text) => said.push(text),
    colors: pc.createColors(false),
    clock: scene.account.clock,
    user: 'ada',
    inspect: () => Promise.reject(new Error('no command of `upgrade` asks for that')),
    connect: async (stackName) => ({
      deployment: findDeployment({ stackName, environment: {}, describeStack: async () => undefined }),
      store: storeOf(scene),
      functions: createFunctionsPort(client),
    }),
  });
  client.destroy();
  if (code !== 0) throw new Error(`caretaker upgrade ${action} ended with ${code}: ${said.join('\n')}`);
};

/** The newest run's record. */
export const lastRun = async ({ scene }: Side): Promise<UpgradeRecord | undefined> => {
  const items = await scene.items(`upgrade#${CLUSTER}`);
  const runs = items.filter(({ sk }) => sk !== 'current').map((item) => item as StoredItem & UpgradeRecord);
  return runs.toSorted((a, b) => (a.executionName < b.executionName ? 1 : -1))[0];
};
