import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromPageServer } from './page-server-process.ts';
import type { Target } from './run-function.ts';

const PROCESS = fileURLToPath(new URL('page-server-process.ts', import.meta.url));

/** An API server with so many Failed pods, of which it makes up one page at a time. */
export interface PageServer extends Target {
  countDeletes(): Promise<number>;
  close(): Promise<void>;
}

export const startPageServer = async (pods: number): Promise<PageServer> => {
  const child = fork(PROCESS, [String(pods)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const next = async <Type extends FromPageServer['type']>(type: Type) => {
    const [message] = (await once(child, 'message')) as [FromPageServer];
    if (message.type !== type) throw new Error(`the page server told ${message.type} instead of ${type}`);
    return message as Extract<FromPageServer, { type: Type }>;
  };
  const { endpoint, caPem } = await next('ready');
  return {
    endpoint,
    caPem,
    countDeletes: async () => {
      const told = next('deletes');
      child.send('deletes');
      return (await told).count;
    },
    close: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
};
