import { join } from 'node:path';
import { freePort, isHealthy } from './ports.ts';
import { startProcess, untilReady } from './processes.ts';
import { counterpart, isSet } from './variables.ts';

export interface Moto {
  readonly endpoint: string;
  /** Empties it. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const READY_SECONDS = 60;

const resetOf = (endpoint: string) => async () => {
  const response = await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' });
  if (!response.ok) throw new Error(`moto cannot be emptied: ${response.status} ${await response.text()}`);
};

/** The one at MOTO_ENDPOINT where that is set, otherwise one of its own from COUNTERPARTS_BIN. */
export const startMoto = async (): Promise<Moto> => {
  if (isSet('MOTO_ENDPOINT')) {
    const endpoint = counterpart('MOTO_ENDPOINT');
    if (!(await isHealthy(`${endpoint}/moto-api/`)))
      throw new Error(`no moto answers at MOTO_ENDPOINT ${endpoint}`);
    return { endpoint, reset: resetOf(endpoint), close: async () => {} };
  }
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const running = await startProcess({
    name: 'moto',
    command: join(counterpart('COUNTERPARTS_BIN'), 'moto_server'),
    args: ['-H', '127.0.0.1', '-p', String(port)],
  });
  await untilReady(running, {
    what: `answering at ${endpoint}`,
    withinSeconds: READY_SECONDS,
    ready: () => isHealthy(`${endpoint}/moto-api/`),
  });
  return { endpoint, reset: resetOf(endpoint), close: running.end };
};
