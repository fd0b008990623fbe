import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { issueCertificates } from '../../../infra/local/kubernetes/certificates.ts';
import { temporaryFolder } from './folders.ts';
import { freePort } from './ports.ts';
import { startProcess, untilReady } from './processes.ts';
import { counterpart, isSet } from './variables.ts';

export interface Ministack {
  readonly endpoint: string;
  /** PEM of the authority behind its certificate, as a file and as text; `undefined` where it speaks HTTP. */
  readonly authority: { readonly file: string; readonly pem: string } | undefined;
  /** Whether it checks signatures and IAM policies. */
  readonly enforcing: boolean;
  output(): string;
  close(): Promise<void>;
}

const READY_SECONDS = 60;
const ANSWER_MS = 2_000;
const NODE_FOLDER = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));

/** What `/_ministack/health` answers; undefined where nothing does. */
const healthOf = (endpoint: string, ca?: string): Promise<{ auth?: string } | undefined> =>
  new Promise((resolve) => {
    const url = new URL('/_ministack/health', endpoint);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = send(url, { timeout: ANSWER_MS, ...(ca === undefined ? {} : { ca }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', () => resolve(undefined));
      response.once('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as { auth?: string });
        } catch {
          resolve(undefined);
        }
      });
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer')));
    sent.once('error', () => resolve(undefined));
    sent.end();
  });

/** Somebody else's: over TLS its certificate has to be in NODE_EXTRA_CA_CERTS, which the CDK reads as well. */
const useRunning = async (endpoint: string): Promise<Ministack> => {
  const file = endpoint.startsWith('https:') ? (process.env.NODE_EXTRA_CA_CERTS ?? '') : '';
  const authority = file === '' ? undefined : { file, pem: readFileSync(file, 'utf8') };
  const health = await healthOf(endpoint, authority?.pem);
  if (health === undefined)
    throw new Error(
      `no ministack answers at MINISTACK_ENDPOINT ${endpoint}; where it speaks TLS, NODE_EXTRA_CA_CERTS has to name its certificate`,
    );
  const enforcing = health.auth === 'enabled';
  if (enforcing && !endpoint.startsWith('https:'))
    throw new Error(
      `the ministack at ${endpoint} enforces policies, and those of the stack refuse what comes without TLS: start it with USE_SSL=1 too`,
    );
  return { endpoint, authority, enforcing, output: () => '', close: async () => {} };
};

/** Whether the one that `startMinistack` will give enforces policies. Its own does. */
export const ministackEnforces = async (): Promise<boolean> =>
  !isSet('MINISTACK_ENDPOINT') || (await useRunning(counterpart('MINISTACK_ENDPOINT'))).enforcing;

/**
 * The one at MINISTACK_ENDPOINT where that is set, otherwise one of its own from COUNTERPARTS_BIN, which enforces
 * IAM policies and speaks TLS: the stack's queues, topic and buckets refuse everything else.
 */
export const startMinistack = async (): Promise<Ministack> => {
  if (isSet('MINISTACK_ENDPOINT')) return useRunning(counterpart('MINISTACK_ENDPOINT'));
  const port = await freePort();
  const endpoint = `https://127.0.0.1:${port}`;
  const folder = temporaryFolder('ministack');
  const { authority: pem, certificate, key } = await issueCertificates('ministack');
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const file = write('authority.pem', pem);
  const running = await startProcess({
    name: 'ministack',
    command: join(counterpart('COUNTERPARTS_BIN'), 'ministack'),
    args: [],
    env: {
      // It listens on every interface otherwise, its MQTT broker in any case.
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      AUTH: 'true',
      USE_SSL: '1',
      // Its functions trust what is in this file, and so the authority has to be in it.
      MINISTACK_SSL_CERT: write('certificates.pem', `${certificate}${pem}`),
      MINISTACK_SSL_KEY: write('key.pem', key),
      // Code of functions and its PID file.
      TMPDIR: folder,
      // Its functions run with the `node` that is found first: the project's.
      PATH: `${NODE_FOLDER}:${process.env.PATH ?? ''}`,
    },
  });
  const close = async () => {
    await running.end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(running, {
      what: `answering at ${endpoint}`,
      withinSeconds: READY_SECONDS,
      ready: async () => (await healthOf(endpoint, pem)) !== undefined,
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoint, authority: { file, pem }, enforcing: true, output: running.output, close };
};
