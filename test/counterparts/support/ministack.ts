import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers, freePort, startProcess, untilReady } from './processes.ts';
import { counterpart, isSet } from './variables.ts';

export interface Ministack {
  readonly endpoint: string;
  output(): string;
  close(): Promise<void>;
}

const READY_SECONDS = 60;
const NODE_FOLDER = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));

/** The one at MINISTACK_ENDPOINT where that is set, otherwise one of its own from COUNTERPARTS_BIN. */
export const startMinistack = async (): Promise<Ministack> => {
  if (isSet('MINISTACK_ENDPOINT')) {
    const endpoint = counterpart('MINISTACK_ENDPOINT');
    if (!(await answers(endpoint))) throw new Error(`nothing answers at MINISTACK_ENDPOINT ${endpoint}`);
    return { endpoint, output: () => '', close: async () => {} };
  }
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const running = await startProcess({
    name: 'ministack',
    command: join(counterpart('COUNTERPARTS_BIN'), 'ministack'),
    args: [],
    env: {
      // It listens on every interface otherwise.
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      // Its functions run with the `node` that is found first: the project's.
      PATH: `${NODE_FOLDER}:${process.env.PATH ?? ''}`,
    },
  });
  await untilReady(running, {
    what: `answering at ${endpoint}`,
    withinSeconds: READY_SECONDS,
    ready: () => answers(`${endpoint}/_ministack/health`),
  });
  return { endpoint, output: running.output, close: running.end };
};
