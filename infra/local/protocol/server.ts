import { randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../../shared/core/clock.ts';
import type { CredentialScope } from './authorization.ts';
import { credentialScope } from './authorization.ts';
import type { Fault } from './faults.ts';
import { createFaultPlan } from './faults.ts';
import type { Call, Reply, Service, ServiceRequest, ServiceResponse } from './service.ts';
import { ServiceError } from './service.ts';
import type { WireRequest, WireResponse, WireTraffic } from './wire.ts';
import { WIRE_CHANNEL, wireRequest, wireResponse } from './wire.ts';

const traffic = channel(WIRE_CHANNEL);

/** One call as it went over the wire, in the member names of AWS's service models. */
export interface Exchange {
  readonly service: string;
  readonly operation: string;
  readonly accessKeyId: string;
  readonly input: object;
  readonly status: number;
  readonly output?: object;
  readonly error?: { readonly code: string; readonly message: string };
  /** The same as bytes. */
  readonly wire: { readonly request: WireRequest; readonly response: WireResponse };
}

export interface ProtocolServer {
  /** `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`. */
  readonly endpoint: string;
  /** Calls being carried out now. A call that hangs on purpose is not counted: nothing will come of it. */
  readonly activeRequests: number;
  /** Adds a service, or replaces the one of that name. */
  register(service: Service): void;
  /** `service` is the name in the credential scope, `operation` as AWS spells it. */
  failNext(service: string, operation: string, fault: Fault, times?: number): void;
  onExchange(listener: (exchange: Exchange) => void): () => void;
  close(): Promise<void>;
}

export interface ProtocolOptions {
  readonly clock: Clock;
  readonly region: string;
  readonly services: readonly Service[];
  /** Whether an access key belongs to somebody. */
  knowsKey(accessKeyId: string): boolean;
  /** 0 or left out: any free one. */
  readonly port?: number;
}

/** One port for all services; the credential scope of a request's signature says which one is meant. */
export const startProtocolServer = async (options: ProtocolOptions): Promise<ProtocolServer> => {
  const services = new Map(options.services.map((service) => [service.name, service]));
  const faults = createFaultPlan();
  const listeners = new Set<(exchange: Exchange) => void>();
  let activeRequests = 0;
  let endpoint = ''; // known once the port is

  const complete = (requestId: string, answer: ServiceResponse): WireResponse => {
    const { status, headers, body } = wireResponse(answer);
    return {
      status,
      headers: {
        // The SDK corrects its clock from this header, so it has to carry the world's time.
        date: new Date(options.clock.now()).toUTCString(),
        'x-amzn-requestid': requestId,
        'content-length': String(body.length),
        ...headers,
      },
      body,
    };
  };

  const send = (response: ServerResponse, { status, headers, body }: WireResponse) => {
    response.sendDate = false;
    response.writeHead(status, headers);
    response.end(body);
  };

  const admit = (scope: CredentialScope | undefined) => {
    const service = scope === undefined ? undefined : services.get(scope.service);
    if (scope === undefined)
      return refused(new ServiceError('MissingAuthenticationToken', 'The request is not signed.', 403));
    if (service === undefined)
      return refused(
        new ServiceError('NotImplemented', `The embedded account has no service ${scope.service}.`, 501),
      );
    if (!options.knowsKey(scope.accessKeyId)) {
      const { code, status } = service.unknownKey;
      return refused(
        new ServiceError(code, 'The security token included in the request is invalid.', status),
        service,
      );
    }
    if (scope.region !== options.region)
      return refused(
        new ServiceError(
          'NotImplemented',
          `The embedded account is in ${options.region}, not ${scope.region}.`,
          501,
        ),
        service,
      );
    return { scope, service };
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const body = await readBody(incoming);
    const signed = credentialScope(incoming, url.searchParams);
    const request: ServiceRequest = {
      method: incoming.method ?? 'GET',
      path: (incoming.url ?? '/').split('?')[0] ?? '/',
      query: url.searchParams,
      headers: flat(incoming),
      body,
      accessKeyId: signed?.accessKeyId ?? '',
      region: signed?.region ?? '',
      requestId,
    };
    const tell = (operation: string | undefined, answer?: WireResponse) => {
      if (signed === undefined || !traffic.hasSubscribers) return;
      const told: WireTraffic = {
        endpoint,
        accessKeyId: signed.accessKeyId,
        service: signed.service,
        ...(operation === undefined ? {} : { operation }),
        request: wireRequest(request, queryOf(incoming.url ?? '')),
        ...(answer === undefined ? {} : { response: answer }),
      };
      traffic.publish(told);
    };
    const admitted = admit(signed);
    if ('error' in admitted) {
      const answer = complete(requestId, encodeAny(admitted.service, admitted.error, requestId));
      tell(undefined, answer);
      send(response, answer);
      return;
    }
    const { scope, service } = admitted;
    let call: Call | undefined;
    const record = (answer: WireResponse, outcome: Pick<Exchange, 'output' | 'error'>) => {
      if (call === undefined || listeners.size === 0) return;
      const { operation, input } = call;
      const exchange: Exchange = {
        service: service.name,
        operation,
        accessKeyId: scope.accessKeyId,
        input,
        status: answer.status,
        ...outcome,
        wire: { request: wireRequest(request, queryOf(incoming.url ?? '')), response: answer },
      };
      for (const listener of listeners) listener(exchange);
    };
    try {
      call = service.decode(request);
      const fault = faults.take(service.name, call.operation);
      if (fault === 'reset' || fault === 'hang') tell(call.operation);
      if (fault === 'reset') {
        incoming.socket.destroy();
        return;
      }
      if (fault === 'hang') {
        activeRequests--;
        await closed(response);
        activeRequests++;
        return;
      }
      if (fault !== undefined && fault !== 'reset-after-apply')
        throw new ServiceError(fault.code, fault.message ?? `Made to fail: ${fault.code}`, fault.status);
      const reply: Reply = await call.perform();
      const answer = complete(requestId, reply.response);
      record(answer, { output: reply.output });
      if (fault === 'reset-after-apply') {
        tell(call.operation);
        incoming.socket.destroy();
        return;
      }
      tell(call.operation, answer);
      send(response, answer);
    } catch (thrown) {
      const error = toServiceError(service.name, thrown);
      const answer = complete(requestId, service.encodeError(error, requestId));
      record(answer, { error: { code: error.code, message: error.message } });
      tell(call?.operation, answer);
      send(response, answer);
    }
  };

  const server = createServer((incoming, response) => {
    activeRequests++;
    handle(incoming, response)
      .catch((error: unknown) => {
        // Only a connection that broke while its body was read comes here.
        incoming.socket.destroy(error instanceof Error ? error : undefined);
      })
      .finally(() => {
        activeRequests--;
      });
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    endpoint,
    get activeRequests() {
      return activeRequests;
    },
    register: (service) => {
      services.set(service.name, service);
    },
    failNext: faults.failNext,
    onExchange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const refused = (error: ServiceError, service?: Service) => ({ error, service });

const encodeAny = (service: Service | undefined, error: ServiceError, requestId: string): ServiceResponse =>
  service?.encodeError(error, requestId) ?? {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
    body: JSON.stringify({ __type: error.code, message: error.message }),
  };

/** A fault of the embedded account itself is AWS's InternalFailure, and says so on stderr with its stack. */
const toServiceError = (service: string, thrown: unknown): ServiceError => {
  if (thrown instanceof ServiceError) return thrown;
  process.stderr.write(`embedded ${service}: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  return new ServiceError('InternalFailure', `The embedded account failed: ${String(thrown)}`, 500);
};

const closed = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    response.once('close', resolve);
  });

const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** As it was sent. */
const queryOf = (url: string): string => {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
};

const flat = (incoming: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(incoming.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
