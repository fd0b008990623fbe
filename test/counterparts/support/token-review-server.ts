import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Who a token turned out to be, or why it was refused. */
export type Admission =
  | { readonly username: string; readonly groups: readonly string[] }
  | { readonly refused: string };

export interface TokenReviewServer {
  /** For `--authentication-token-webhook-config-file`. */
  readonly url: string;
  close(): Promise<void>;
}

const tokenOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { spec?: { token?: string } };
  return review.spec?.token ?? '';
};

const statusOf = (admission: Admission): object =>
  'refused' in admission
    ? { authenticated: false, error: admission.refused }
    : { authenticated: true, user: { username: admission.username, groups: admission.groups } };

/**
 * A webhook on 127.0.0.1 that an API server sends its TokenReviews to (authentication.k8s.io/v1). Where `admit` throws
 * it answers 500, which the API server takes for "not known".
 */
export const serveTokenReviews = async (
  admit: (token: string) => Promise<Admission>,
): Promise<TokenReviewServer> => {
  const server = createServer((request, response) => {
    tokenOf(request)
      .then(admit)
      .then((admission) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenReview',
            status: statusOf(admission),
          }),
        );
      })
      .catch((error: unknown) => {
        response.writeHead(500, { 'content-type': 'text/plain' });
        response.end(String(error));
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
};
