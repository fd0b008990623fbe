import { Agent, request as httpsRequest } from 'node:https';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where the answer is JSON, otherwise the text. */
  readonly body: unknown;
}

export interface ApiRequestOptions {
  readonly body?: object | string;
  /** Bearer token; the administrator's where left out. `''` sends none. */
  readonly token?: string;
  /** Default application/json. */
  readonly contentType?: string;
  readonly accept?: string;
}

export type ApiRequest = (method: string, path: string, options?: ApiRequestOptions) => Promise<ApiAnswer>;

const TIMEOUT_MS = 30_000;

const parsed = (text: string, contentType: string): unknown =>
  text !== '' && contentType.includes('json') ? (JSON.parse(text) as unknown) : text;

/** Requests to a Kubernetes API server by nothing but Node's own HTTPS client. */
export const createApiRequest = (options: {
  readonly url: string;
  readonly caPem: string;
  readonly adminToken: string;
}): { request: ApiRequest; close(): void } => {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca: options.caPem });
  const request: ApiRequest = (method, path, { body, token, contentType, accept } = {}) =>
    new Promise((resolve, reject) => {
      const bearer = token ?? options.adminToken;
      const bytes =
        body === undefined ? undefined : Buffer.from(typeof body === 'object' ? JSON.stringify(body) : body);
      const sent = httpsRequest(new URL(path, options.url), {
        method,
        agent,
        timeout: TIMEOUT_MS,
        headers: {
          accept: accept ?? 'application/json',
          ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
          // Without its length a body of DELETE is the beginning of the next request: Node sends no chunks there.
          ...(bytes === undefined
            ? {}
            : { 'content-type': contentType ?? 'application/json', 'content-length': bytes.length }),
        },
      });
      sent.once('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in ${TIMEOUT_MS} ms`)));
      sent.once('error', reject);
      sent.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const headers = Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          );
          try {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({
              status: response.statusCode ?? 0,
              headers,
              body: parsed(text, headers['content-type'] ?? ''),
            });
          } catch (error) {
            reject(error);
          }
        });
      });
      sent.end(bytes);
    });
  return { request, close: () => agent.destroy() };
};
