import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { KubernetesConnectionError } from './errors.ts';

/** One request with everything that goes over the wire. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body?: object;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface RawResponse {
  readonly status: number;
  readonly body: string;
  readonly retryAfterSeconds: number | undefined;
}

/** Connections to a cluster. What is beyond it waits for one, and its time-out begins with that. */
const MAX_SOCKETS = 64;

/**
 * An API server closes a connection after 90 s without a request (k8s.io/apiserver, secure_serving.go), load balancers
 * and NAT gateways forget it after 350 s. A function that is frozen between two invocations hears of neither: it would
 * send into one dead connection after the other, and there are as many as there were deletes at once.
 */
const LONGEST_IDLE_MS = 60_000;

/** Keeps connections as long as they are worth something, by a clock that goes on while the function is frozen. */
class ClusterAgent extends Agent {
  readonly #clock: Clock;
  readonly #freeSince = new WeakMap<Duplex, number>();

  constructor(certificateAuthority: string, clock: Clock) {
    super({ keepAlive: true, maxSockets: MAX_SOCKETS, ca: certificateAuthority, scheduling: 'lifo' });
    this.#clock = clock;
  }

  override keepSocketAlive(socket: Duplex): ReturnType<Agent['keepSocketAlive']> {
    this.#freeSince.set(socket, this.#clock.now());
    return super.keepSocketAlive(socket);
  }

  /** To be called before a request. They lie in the order in which they became free. */
  dropIdle(): void {
    const oldest = this.#clock.now() - LONGEST_IDLE_MS;
    for (const socket of Object.values(this.freeSockets).flatMap((free) => free ?? [])) {
      if ((this.#freeSince.get(socket) ?? 0) < oldest) socket.destroy();
    }
  }
}

const retryAfterOf = ({ headers }: IncomingMessage): number | undefined => {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
};

/** Sends requests to a cluster and reads whole answers. Throws KubernetesConnectionError where there is none. */
export const createExchange = (options: {
  cluster: string;
  endpoint: string;
  /** PEM. */
  certificateAuthority: string;
  clock: Clock;
  onNoAnswer?: () => void;
}): ((request: RawRequest) => Promise<RawResponse>) => {
  const { cluster } = options;
  const agent = new ClusterAgent(options.certificateAuthority, options.clock);
  const base = new URL(options.endpoint);

  return ({ method, path, token, timeoutMs, signal, ...request }) =>
    new Promise<RawResponse>((resolve, reject) => {
      const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
      const failed = (cause: unknown) => {
        if (signal?.aborted !== true) options.onNoAnswer?.();
        reject(
          new KubernetesConnectionError(`${method} ${path} on cluster ${cluster} got no answer`, { cause }),
        );
      };
      agent.dropIdle();
      const outgoing = httpsRequest(
        {
          agent,
          method,
          path,
          host: base.hostname,
          port: base.port === '' ? 443 : Number(base.port),
          ...(signal === undefined ? {} : { signal }),
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'application/json',
            'user-agent': 'eks-caretaker',
            ...(body === undefined
              ? {}
              : {
                  'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
                  'content-length': body.length,
                }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', failed);
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              body: Buffer.concat(chunks).toString('utf8'),
              retryAfterSeconds: retryAfterOf(incoming),
            }),
          );
        },
      );
      // Not the socket's own time-out, which begins again with every byte: a server that drips is no answer.
      outgoing.once('socket', () => {
        const over = AbortSignal.timeout(timeoutMs);
        const giveUp = () => {
          failed(new Error(`no answer within ${timeoutMs} ms`));
          outgoing.destroy();
        };
        over.addEventListener('abort', giveUp);
        outgoing.once('close', () => over.removeEventListener('abort', giveUp));
      });
      outgoing.on('error', failed);
      outgoing.end(body);
    });
};
