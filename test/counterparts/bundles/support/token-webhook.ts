import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReviewRules, TokenVerdict } from './token-review.ts';
import { reviewToken } from './token-review.ts';

/** What a cluster's access entry makes of a role. */
export interface AccessEntry {
  readonly username: string;
  readonly groups: readonly string[];
}

export interface WebhookRules extends Omit<ReviewRules, 'now'> {
  now(): number;
  accessEntryOf(accessKeyId: string): Promise<AccessEntry | undefined>;
}

/** Asked by the API server for every token that it does not know, as EKS's is. */
export interface TokenWebhook {
  /** For `--authentication-token-webhook-config-file`. */
  readonly url: string;
  /** Every verdict since it was last told its rules; an access key without an access entry is refused as well. */
  readonly verdicts: readonly TokenVerdict[];
  /** Until it has rules it refuses everything. */
  useRules(rules: WebhookRules): void;
  close(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<{ spec?: { token?: string } }> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as { spec?: { token?: string } };
};

/** A TokenReview webhook (authentication.k8s.io/v1) on 127.0.0.1. */
export const startTokenWebhook = async (): Promise<TokenWebhook> => {
  let rules: WebhookRules | undefined;
  let verdicts: TokenVerdict[] = [];

  const judge = async (token: string): Promise<{ verdict: TokenVerdict; entry?: AccessEntry }> => {
    if (rules === undefined) return { verdict: { refused: 'there are no rules yet' } };
    const verdict = reviewToken(token, { ...rules, now: rules.now() });
    if ('refused' in verdict) return { verdict };
    const entry = await rules.accessEntryOf(verdict.accessKeyId);
    return entry === undefined
      ? { verdict: { refused: 'its role has no access entry' } }
      : { verdict, entry };
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { spec } = await bodyOf(request);
    const { verdict, entry } = await judge(spec?.token ?? '');
    verdicts.push(verdict);
    const status =
      entry === undefined
        ? { authenticated: false, ...('refused' in verdict ? { error: verdict.refused } : {}) }
        : { authenticated: true, user: { username: entry.username, groups: entry.groups } };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }));
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
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
    get verdicts() {
      return verdicts;
    },
    useRules: (given) => {
      rules = given;
      verdicts = [];
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
};
