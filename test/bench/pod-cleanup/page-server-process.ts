/**
 * An API server that makes up pages of Failed pods as they are asked for and takes every delete: so many that nobody
 * would create them in a real one to measure somebody else's memory. In a process of its own, so that it keeps
 * nobody waiting: `page-server-process.ts PODS`; tells where it is, and when asked how many it deleted.
 */
import type { ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { issueCertificates } from '../../../infra/local/kubernetes/certificates.ts';
import { draftOf, hourAgo, statusOf } from './failed-pod.ts';

const NAMESPACES = 20;

const podAt = (index: number, failedAt: string): string => {
  const name = `cart-5d8f7c9b6d-${String(index).padStart(6, '0')}`;
  const { metadata, spec } = draftOf(`shop-${index % NAMESPACES}`, name) as {
    metadata: object;
    spec: object;
  };
  const more = {
    uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    resourceVersion: String(index + 1),
  };
  return JSON.stringify({ metadata: { ...metadata, ...more }, spec, status: statusOf(failedAt) });
};

const answerPage = (response: ServerResponse, query: URLSearchParams, pods: number): void => {
  const failedAt = hourAgo();
  const start = Number(query.get('continue') ?? 0);
  const end = Math.min(pods, start + Number(query.get('limit') ?? pods));
  const metadata = { resourceVersion: '1', ...(end < pods ? { continue: String(end) } : {}) };
  response.write(`{"kind":"PodList","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[`);
  for (let index = start; index < end; index++)
    response.write(`${index === start ? '' : ','}${podAt(index, failedAt)}`);
  response.end(']}');
};

/** What is told over IPC. */
export type FromPageServer =
  | { readonly type: 'ready'; readonly endpoint: string; readonly caPem: string }
  | { readonly type: 'deletes'; readonly count: number };

const serve = async (pods: number): Promise<void> => {
  const { authority, certificate, key } = await issueCertificates('bench');
  let deletes = 0;
  const tell = (message: FromPageServer) => process.send?.(message);
  const server: Server = createServer({ cert: certificate, key }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://127.0.0.1');
    request.resume();
    request.once('end', () => {
      response.setHeader('content-type', 'application/json');
      if (request.method === 'DELETE') {
        deletes += 1;
        response.end('{"kind":"Status","status":"Success"}');
      } else if (pathname === '/api/v1/pods') answerPage(response, searchParams, pods);
      else response.end('{"kind":"List","apiVersion":"v1","metadata":{},"items":[]}');
    });
  });
  process.on('message', () => tell({ type: 'deletes', count: deletes }));
  process.on('disconnect', () => process.exit());
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    tell({ type: 'ready', endpoint: `https://127.0.0.1:${port}`, caPem: authority });
  });
};

await serve(Number(process.argv[2]));
