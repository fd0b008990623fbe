import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { bearerTokenOf } from '../../../../infra/local/kubernetes/authentication.ts';
import { issueCertificates } from '../../../../infra/local/kubernetes/certificates.ts';
import type { Fault, FaultMatch } from '../../../../infra/local/kubernetes/faults.ts';
import { createFaults } from '../../../../infra/local/kubernetes/faults.ts';
import { resourceOf } from '../../../../infra/local/kubernetes/rbac.ts';
import { parseRequest } from '../../../../infra/local/kubernetes/request.ts';
import { genericError, StatusError } from '../../../../infra/local/kubernetes/status.ts';

/**
 * What the embedded API can do as well, and two that need time of their own: an answer that comes so late, and a
 * request that reaches the server only when the test lets it.
 */
export type ProxyFault = Fault | { readonly slowMs: number } | { readonly heldUntil: Promise<unknown> };

/** A request as it reached the proxy. */
export interface ProxiedRequest {
  /** As RBAC names both: `create`, `pods/eviction`. */
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** Path and query, decoded. */
  readonly url: string;
  /** `performance.now()` of its arrival. */
  readonly atMs: number;
  readonly fault?: ProxyFault;
}

/** Between the bundles and a real API server: passes everything on as it is, but for what it was told to spoil. */
export interface FaultProxy {
  readonly url: string;
  /** Of its own authority. */
  readonly caPem: string;
  /** The next `times` (1) requests that match go wrong in that way. */
  failNext(match: FaultMatch, fault: ProxyFault, times?: number): void;
  /** Everything that came, in its order. */
  readonly requests: readonly ProxiedRequest[];
  /** How many of them have no answer yet, those left out that never get one. */
  underWay(): number;
  close(): Promise<void>;
}

/**
 * The refusal of API priority and fairness, which is no Status: text and a header (k8s.io/apiserver,
 * pkg/server/filters/maxinflight.go, tooManyRequests).
 */
export const busy = (retryAfterSeconds: number): Fault => ({
  status: 429,
  headers: { 'retry-after': String(retryAfterSeconds) },
});
/** A token that is not, or no longer, believed (k8s.io/apiserver, pkg/endpoints/filters/authentication.go, Unauthorized). */
export const unauthorized: Fault = {
  status: 401,
  body: new StatusError(401, { message: 'Unauthorized', reason: 'Unauthorized' }).status,
};

const TOO_MANY = 'Too many requests, please try again later.\n';

/** Requests that were on their way when the first of them was refused. */
const BURST_MS = 250;

/** What came although the server had asked for so much time. */
export const tooSoon = (
  requests: readonly ProxiedRequest[],
  retryAfterSeconds: number,
): readonly ProxiedRequest[] => {
  const refused = requests.filter(
    ({ fault }) => typeof fault === 'object' && 'status' in fault && fault.status === 429,
  );
  return requests.filter(({ atMs }) =>
    refused.some((earlier) => {
      const afterMs = atMs - earlier.atMs;
      // The client's clock begins when it reads the answer, and may be a little fast.
      return afterMs > BURST_MS && afterMs < retryAfterSeconds * 1000 - 50;
    }),
  );
};

const refuse = (
  response: ServerResponse,
  { status, body, headers }: Extract<ProxyFault, { status: number }>,
): void => {
  const isText = status === 429 && body === undefined;
  const text = isText ? TOO_MANY : JSON.stringify(body ?? genericError(status).status);
  response.writeHead(status, {
    'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
};

/** Passed on to the server with its body, and nothing changed; resolves with the head of the answer. */
const forward = (
  { agent, to }: { agent: Agent; to: URL },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const outgoing = httpsRequest({
      agent,
      host: to.hostname,
      port: to.port,
      method: request.method,
      path: request.url,
      headers: request.rawHeaders,
    });
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    // Whoever asked is gone: so is the request, as it would be without us.
    response.once('close', () => {
      if (!response.writableFinished) outgoing.destroy();
    });
    request.pipe(outgoing);
  });

const wholeOf = async (answer: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** The server's answer as it comes: watches never end. */
const passOn = (answer: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  response.flushHeaders();
  answer.once('error', () => response.destroy());
  answer.pipe(response);
};

/** Listens on a free port of 127.0.0.1, with a certificate of its own. */
export const startFaultProxy = async (server: {
  readonly url: string;
  readonly caPem: string;
}): Promise<FaultProxy> => {
  const { authority, certificate, key } = await issueCertificates('fault-proxy');
  const faults = createFaults<ProxyFault>();
  const requests: ProxiedRequest[] = [];
  // Given up long before the server does so (90 s): one that it has just closed would be a fault that nobody asked for.
  const agent = new Agent({ keepAlive: true, timeout: 30_000, ca: server.caPem });
  const upstream = { agent, to: new URL(server.url) };

  const see = (request: IncomingMessage): ProxyFault | undefined => {
    const info = parseRequest(request.method ?? 'GET', request.url ?? '/');
    const fault = faults.take(info, bearerTokenOf(request));
    const { verb, target } = info;
    requests.push({
      verb,
      resource: target === undefined ? '' : resourceOf(target),
      namespace: target?.namespace ?? '',
      name: target?.name ?? '',
      url: decodeURIComponent(request.url ?? '/'),
      atMs: performance.now(),
      ...(fault === undefined ? {} : { fault }),
    });
    return fault;
  };

  let underWay = 0;
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const fault = see(request);
    if (fault === 'hang') return;
    underWay += 1;
    response.once('close', () => {
      underWay -= 1;
    });
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    if (typeof fault === 'object' && 'status' in fault) {
      await wholeOf(request);
      if (fault.afterMs !== undefined) await sleep(fault.afterMs);
      refuse(response, fault);
      return;
    }
    if (typeof fault === 'object' && 'heldUntil' in fault) await fault.heldUntil;
    const answer = await forward(upstream, request, response);
    if (fault === 'reset-after-apply') {
      await wholeOf(answer);
      request.socket.destroy();
      return;
    }
    if (fault !== undefined && 'slowMs' in fault) await sleep(fault.slowMs);
    passOn(answer, response);
  };

  const proxy = createServer({ key, cert: certificate }, (request, response) => {
    // The server's own date is passed on.
    response.sendDate = false;
    // No answer of the server's is none of ours either.
    respond(request, response).catch(() => request.socket.destroy());
  });
  const sockets = new Set<Socket>();
  proxy.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  proxy.keepAliveTimeout = 0;
  proxy.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    proxy.once('error', reject);
    proxy.listen(0, '127.0.0.1', resolve);
  });
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    caPem: authority,
    failNext: faults.failNext,
    requests,
    underWay: () => underWay,
    close: async () => {
      const closed = new Promise<void>((resolve) => proxy.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await closed;
    },
  };
};
