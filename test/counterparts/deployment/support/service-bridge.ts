import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account } from '../../../../infra/local/account.ts';

/** AWS services that ministack lacks, for functions that it runs: they are the embedded account's. */
export interface ServiceBridge {
  /** Variables of the AWS SDK that lead an entry's function there. */
  variablesOf(entryId: string): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Names as in the SDK's variables. */
export const BRIDGED = ['EKS', 'EC2', 'AUTO_SCALING', 'ECR', 'SSM'] as const;

/**
 * The path says which entry's function calls; the embedded account knows it by an access key of its own, and
 * checks what its manifest allows. It does not look at signatures, so the key in the header may be exchanged.
 */
export const startServiceBridge = async (account: Account): Promise<ServiceBridge> => {
  const forward = (incoming: IncomingMessage, response: ServerResponse): void => {
    const [, entryId = '', rest = ''] = /^\/([^/?]+)(.*)$/.exec(incoming.url ?? '') ?? [];
    const key = account.environment(entryId).AWS_ACCESS_KEY_ID ?? '';
    const authorization = (incoming.headers.authorization ?? '').replace(
      /Credential=[^/]+/,
      `Credential=${key}`,
    );
    const sent = httpRequest(new URL(rest.startsWith('/') ? rest : `/${rest}`, account.endpoint), {
      method: incoming.method,
      headers: { ...incoming.headers, authorization },
    });
    sent.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    sent.once('error', (error) => response.destroy(error));
    incoming.pipe(sent);
  };
  const server = createServer((incoming, response) => {
    try {
      forward(incoming, response);
    } catch (error) {
      response.writeHead(502, { 'content-type': 'text/plain' });
      response.end(String(error));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    variablesOf: (entryId) =>
      Object.fromEntries(
        BRIDGED.map((service) => [`AWS_ENDPOINT_URL_${service}`, `http://127.0.0.1:${port}/${entryId}`]),
      ),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
};
