import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { KillPoint } from './messages.ts';

/** The HTTP requests of this process, seen from inside through Node's diagnostics channels. */
export interface Requests {
  /** `GET 127.0.0.1/clusters` for each that has no complete answer yet. */
  outstanding(): readonly string[];
  /** Grows with every request and every answer. */
  readonly moves: number;
  /** Told when the last one that was outstanding is answered. */
  onAnswered(listener: () => void): void;
  killAt(point: KillPoint | undefined): void;
}

interface Undici {
  readonly method: string;
  readonly origin: unknown;
  readonly path: string;
}

export const watchRequests = (): Requests => {
  const outstanding = new Map<object, string>();
  const doomed = new WeakSet<object>();
  let moves = 0;
  let listeners: (() => void)[] = [];
  let killPoint: KillPoint | undefined;
  let matching = 0;

  const end = (request: object) => {
    if (!outstanding.delete(request)) return;
    moves++;
    if (outstanding.size > 0) return;
    const told = listeners;
    listeners = [];
    for (const listener of told) listener();
  };

  const matches = (point: KillPoint, request: ClientRequest): boolean => {
    const target = String(request.getHeader('x-amz-target') ?? '');
    return (
      (point.service === undefined || point.service === serviceOf(request)) &&
      (point.method === undefined || point.method === request.method) &&
      (point.contains === undefined ||
        request.path.includes(point.contains) ||
        target.includes(point.contains))
    );
  };

  const consider = (request: ClientRequest) => {
    if (killPoint === undefined || !matches(killPoint, request)) return;
    matching++;
    if (matching !== killPoint.request) return;
    if (killPoint.when === 'before-send') process.kill(process.pid, 'SIGKILL');
    doomed.add(request);
  };

  // 'close' of the request comes when its answer has been read to the end, or it was given up.
  subscribe('http.client.request.created', (message) => {
    const { request } = message as { request: ClientRequest };
    consider(request);
    moves++;
    outstanding.set(request, `${request.method} ${request.host}${request.path.split('?')[0]}`);
    request.once('close', () => end(request));
  });
  subscribe('http.client.response.finish', (message) => {
    const { request } = message as { request: ClientRequest };
    moves++;
    if (doomed.has(request)) process.kill(process.pid, 'SIGKILL');
  });
  subscribe('undici:request:create', (message) => {
    const { request } = message as { request: Undici };
    moves++;
    outstanding.set(request, `${request.method} ${String(request.origin)}${request.path.split('?')[0]}`);
  });
  for (const name of ['undici:request:trailers', 'undici:request:error'])
    subscribe(name, (message) => end((message as { request: Undici }).request));

  return {
    outstanding: () => [...outstanding.values()],
    get moves() {
      return moves;
    },
    onAnswered: (listener) => {
      listeners.push(listener);
    },
    killAt: (point) => {
      killPoint = point;
      matching = 0;
    },
  };
};

/** The service in the credential scope; a bearer token means a cluster's API. */
const serviceOf = (request: ClientRequest): string | undefined => {
  const authorization = String(request.getHeader('authorization') ?? '');
  if (authorization.startsWith('Bearer ')) return 'kubernetes';
  return /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//.exec(authorization)?.[1];
};
