import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Answer, Ask, KubernetesClient, WatchEvent } from './port.ts';

const TIMEOUT_MS = 30_000;

const parsed = (text: string, contentType: string): Answer['body'] =>
  contentType.includes('json') && text !== '' ? JSON.parse(text) : { text };

const read = async (incoming: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

/**
 * A bookmark that does not end the initial list comes whenever the server likes, and as often ("bookmarks are sent at
 * the server's discretion", ListOptions in the API reference): nothing that two servers could agree in.
 */
const isAtDiscretion = ({ type, object }: WatchEvent): boolean =>
  type === 'BOOKMARK' && object.metadata?.annotations?.['k8s.io/initial-events-end'] !== 'true';

/** Lines of JSON until `enough` have come or the server ends the answer. */
const readEvents = async (incoming: IncomingMessage, enough: number): Promise<WatchEvent[]> => {
  const events: WatchEvent[] = [];
  let rest = '';
  for await (const chunk of incoming) {
    rest += String(chunk);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    const said = lines.filter((line) => line !== '').map((line): WatchEvent => JSON.parse(line));
    events.push(...said.filter((event) => !isAtDiscretion(event)));
    if (events.length >= enough) break;
  }
  return events;
};

/** The same requests to whichever API server has this address: nothing but Node's HTTPS and a bearer token. */
export const createClient = (server: {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}): KubernetesClient => {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca: server.caPem });

  const open = (method: string, path: string, ask: Ask): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { body, as } = ask;
      const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
      const authorization = ask.authorization ?? `Bearer ${server.token}`;
      const sent = httpsRequest(new URL(path, server.url), {
        method,
        agent,
        timeout: TIMEOUT_MS,
        headers: {
          accept: ask.accept ?? 'application/json',
          ...(authorization === '' ? {} : { authorization }),
          ...(as === undefined ? {} : { 'impersonate-user': as.user, 'impersonate-group': [...as.groups] }),
          ...(body === undefined
            ? {}
            : {
                'content-type': ask.contentType ?? 'application/json',
                'content-length': Buffer.byteLength(text),
              }),
        },
      });
      sent.once('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in ${TIMEOUT_MS} ms`)));
      sent.once('error', reject);
      sent.once('response', resolve);
      sent.end(text);
    });

  return {
    ask: async (method, path, ask = {}) => {
      const incoming = await open(method, path, ask);
      const contentType = incoming.headers['content-type'] ?? '';
      return {
        status: incoming.statusCode ?? 0,
        contentType,
        retryAfter: incoming.headers['retry-after'],
        body: parsed(await read(incoming), contentType),
      };
    },
    watch: async (path, { enough, meanwhile }) => {
      const incoming = await open('GET', path, {});
      if (incoming.statusCode !== 200) return parsed(await read(incoming), 'json');
      const events = readEvents(incoming, enough);
      await meanwhile?.();
      return { events: await events };
    },
    close: () => agent.destroy(),
  };
};
