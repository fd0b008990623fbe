import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { WorldClock } from '../clock.ts';
import type { ApiAnswer } from './api.ts';
import { createApi } from './api.ts';
import type { Authenticate } from './authentication.ts';
import { authenticateRequest, bearerTokenOf } from './authentication.ts';
import { issueCertificates } from './certificates.ts';
import { startControllers } from './controllers/start.ts';
import type { Fault, FaultMatch } from './faults.ts';
import { createFaults } from './faults.ts';
import { createPaging } from './paging.ts';
import { protobufToJson } from './protobuf.ts';
import { authorize, createBootstrapRoles, resourceOf } from './rbac.ts';
import type { RequestInfo } from './request.ts';
import { isHealthPath, parseRequest, readBody } from './request.ts';
import { genericError, notImplemented, StatusError, unknownFormat } from './status.ts';
import type { ObjectStore } from './store.ts';
import { createStore } from './store.ts';
import { asTable, wantsTable } from './table.ts';
import { streamWatch } from './watch.ts';

export interface KubernetesOptions {
  readonly clusterName: string;
  readonly clock: WorldClock;
  /** Who a bearer token belongs to; an error makes it 401. */
  readonly authenticate: Authenticate;
  /** `1.34` */
  readonly version: string;
  /** What a kubelet reports as `imageID` of an image, for example `registry/repository@sha256:...`. */
  readonly imageIdOf?: (image: string) => string | undefined;
  /** 0 or absent: any free port. */
  readonly port?: number;
}

/** A request that came over the wire. */
export interface SeenRequest {
  /** As RBAC names both: `create`, `pods/eviction`. */
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly query: URLSearchParams;
  /** Empty where a fault kept it from being looked at. */
  readonly body: string;
  readonly token: string;
  /** The number of the connection that it came over: they are counted from 1 as they are opened. */
  readonly connection: number;
  /** What came of it, whether or not anybody heard; 0 where a fault kept it from being looked at. */
  readonly code: number;
}

export interface LocalKubernetes {
  /** `https://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Base64 of the PEM, as DescribeCluster gives it. */
  readonly certificateAuthority: string;
  readonly objects: ObjectStore;
  /** What /version answers; set when the control plane has been upgraded. */
  version: string;
  /** Requests that are being worked on; open watches and hung requests do not count. */
  readonly activeRequests: number;
  /** The next `times` (1) requests that match go wrong in that way. */
  failNext(match: FaultMatch, fault: Fault, times?: number): void;
  /** Forgets the revisions before the present one for lists, as etcd's compaction does; watches know them still. */
  compact(): void;
  /** Listeners are told before the answer goes out: what they change has changed when the client reads it. */
  onRequest(listener: (request: SeenRequest) => void): () => void;
  /** A request of the control plane's own (EKS evicting pods), without the wire and with every right. */
  call(method: string, path: string, body?: object): ApiAnswer;
  close(): Promise<void>;
}

const send = (response: ServerResponse, code: number, body: object | string, headers: object = {}): void => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(code, {
    'cache-control': 'no-cache, private',
    'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
};

/** Text, whatever it came as. Throws UnsupportedMediaType, and NotImplemented for forms that only the real server reads. */
const decodeBody = (bytes: Buffer, contentType: string, verb: string): string => {
  const [type = ''] = contentType.split(';').map((part) => part.trim());
  // What a patch may be is its own matter.
  if (verb === 'patch' || bytes.length === 0 || type === 'application/json') return bytes.toString();
  if (type === 'application/yaml' || type === 'application/cbor') throw notImplemented(`a body in ${type}`);
  if (type !== 'application/vnd.kubernetes.protobuf') throw unknownFormat();
  const json = protobufToJson(bytes);
  if (json === undefined) throw notImplemented(`this kind in ${type}`);
  return json;
};

const readable = new Set(['application/json', 'application/*', '*/*']);

/** Throws NotAcceptable where an answer in JSON is not wanted. */
const checkAccept = (accept: string): void => {
  const types = accept.split(',').map((one) => one.split(';')[0]?.trim() ?? '');
  if (accept !== '' && !types.some((type) => readable.has(type))) throw genericError(406);
};

const sendError = (response: ServerResponse, error: StatusError): void => {
  const seconds = error.status.details?.retryAfterSeconds;
  send(response, error.code, error.status, seconds === undefined ? {} : { 'retry-after': String(seconds) });
};

/** Starts a cluster's API server and controllers on 127.0.0.1. */
export const startKubernetes = async (options: KubernetesOptions): Promise<LocalKubernetes> => {
  const { clusterName, clock } = options;
  const certificates = await issueCertificates(clusterName);
  const objects = createStore(clock, clusterName);
  const faults = createFaults();
  let { version } = options;
  let activeRequests = 0;
  createBootstrapRoles(objects);
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) {
    objects.create('namespaces', { metadata: { name }, spec: {} });
  }
  const controllers = startControllers({
    store: objects,
    clock,
    ...(options.imageIdOf === undefined ? {} : { imageIdOf: options.imageIdOf }),
  });
  const paging = createPaging(objects, clock);
  const api = createApi({
    store: objects,
    clock,
    paging,
    settleBudgets: controllers.settleBudgets,
    version: () => version,
  });

  interface Received {
    readonly request: IncomingMessage;
    readonly info: RequestInfo;
    readonly bytes: Buffer;
  }

  const answer = ({ request, info, bytes }: Received): ApiAnswer | 'watch' => {
    const user = authenticateRequest(request, { authenticate: options.authenticate, store: objects, info });
    if (!isHealthPath(info.path)) authorize(objects, user, info);
    if (info.target?.definition !== undefined) checkAccept(request.headers.accept ?? '');
    if (info.verb === 'watch' && info.target?.definition !== undefined) return 'watch';
    const contentType = request.headers['content-type'] ?? 'application/json';
    return api({ info, user, body: decodeBody(bytes, contentType, info.verb), contentType });
  };

  const connections = new WeakMap<Socket, number>();
  let opened = 0;
  const listeners = new Set<(request: SeenRequest) => void>();
  const see = ({ request, info, bytes }: Received, code: number): void => {
    const { verb, target, query } = info;
    if (target === undefined || listeners.size === 0) return;
    const seen: SeenRequest = {
      verb,
      resource: resourceOf(target),
      namespace: target.namespace,
      name: target.name,
      query,
      body: bytes.toString(),
      token: bearerTokenOf(request),
      connection: connections.get(request.socket) ?? 0,
      code,
    };
    for (const listener of listeners) listener(seen);
  };
  const nothing = Buffer.alloc(0);

  const seenAnswer = async (request: IncomingMessage, info: RequestInfo): Promise<ApiAnswer | 'watch'> => {
    let received: Received = { request, info, bytes: nothing };
    try {
      received = { ...received, bytes: await readBody(request) };
      const answered = answer(received);
      see(received, answered === 'watch' ? 200 : answered.code);
      return answered;
    } catch (error) {
      see(received, error instanceof StatusError ? error.code : 500);
      throw error;
    }
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const info = parseRequest(request.method ?? 'GET', request.url ?? '/');
    const fault = faults.take(info, bearerTokenOf(request));
    const unread: Received = { request, info, bytes: nothing };
    if (fault === 'hang') {
      see(unread, 0);
      return;
    }
    if (fault === 'reset') {
      see(unread, 0);
      request.socket.destroy();
      return;
    }
    if (typeof fault === 'object') {
      see(unread, fault.status);
      await readBody(request);
      const refuse = () =>
        send(response, fault.status, fault.body ?? genericError(fault.status).status, fault.headers);
      if (fault.afterMs === undefined) refuse();
      else clock.schedule(clock.now() + fault.afterMs, refuse);
      return;
    }
    const answered = await seenAnswer(request, info);
    if (fault === 'reset-after-apply') {
      request.socket.destroy();
      return;
    }
    const definition = info.target?.definition;
    if (answered === 'watch') {
      if (definition === undefined) throw genericError(404);
      const list = { definition, namespace: info.target?.namespace ?? '', query: info.query };
      void streamWatch({ store: objects, clock }, list, response);
      return;
    }
    const table = wantsTable(request.headers.accept ?? '') && definition !== undefined;
    send(response, answered.code, table ? asTable(definition, answered.body, clock.now()) : answered.body);
  };

  const server = createServer(
    { key: certificates.key, cert: certificates.certificate },
    (request, response) => {
      // The machine's date would be a different time than the world's.
      response.sendDate = false;
      response.setHeader('date', new Date(clock.now()).toUTCString());
      activeRequests += 1;
      const { socket } = request;
      respond(request, response)
        .catch((error: unknown) => {
          if (response.headersSent || socket.destroyed) return;
          if (error instanceof StatusError) sendError(response, error);
          else
            sendError(
              response,
              new StatusError(500, {
                message: `Internal error occurred: ${String(error)}`,
                reason: 'InternalError',
              }),
            );
        })
        .finally(() => {
          activeRequests -= 1;
        });
    },
  );
  // `closeAllConnections` knows only those that have come through their TLS handshake.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // Requests come over the socket inside of TLS, not over the one that `connection` tells of.
  server.on('secureConnection', (socket: Socket) => {
    opened += 1;
    connections.set(socket, opened);
  });
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `https://127.0.0.1:${port}`,
    certificateAuthority: Buffer.from(certificates.authority).toString('base64'),
    objects,
    get version() {
      return version;
    },
    set version(next) {
      version = next;
    },
    get activeRequests() {
      return activeRequests;
    },
    failNext: faults.failNext,
    compact: paging.compact,
    onRequest: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    call: (method, path, body) => {
      const user = { name: 'eks:node-manager', groups: ['system:masters', 'system:authenticated'] };
      const text = body === undefined ? '' : JSON.stringify(body);
      try {
        return api({ info: parseRequest(method, path), user, body: text, contentType: 'application/json' });
      } catch (error) {
        if (error instanceof StatusError) return { code: error.code, body: error.status };
        throw error;
      }
    },
    close: async () => {
      controllers.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
