import { executionNameOf, nextExecutionNumber } from '../../../functions/index.ts';
import type { Connection } from '../context.ts';
import { readRuns } from './records.ts';

export const UPGRADE_ENTRY = 'cluster-upgrade';
const ATTEMPTS = 5;

/**
 * Starts a run under the next free name and answers it. Asking twice before the first run has written its
 * record starts one run: the same name with the same payload is the same execution.
 */
export const startRun = async (
  { deployment, store, functions }: Connection,
  request: { cluster: string; version: string; planHash: string },
): Promise<string> => {
  const { cluster, version } = request;
  const first = nextExecutionNumber(await readRuns(store, cluster), version);
  for (let number = first; number < first + ATTEMPTS; number += 1) {
    const name = executionNameOf({ cluster, version, number });
    const payload = { action: 'start', ...request };
    if (await functions.startExecution(deployment.functionName(UPGRADE_ENTRY), name, payload)) return name;
  }
  throw new Error(
    `runs ${first} to ${first + ATTEMPTS - 1} of ${cluster} to ${version} are taken by other plans; try again`,
  );
};
