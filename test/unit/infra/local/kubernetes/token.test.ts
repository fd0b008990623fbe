import type { Hash, Hmac } from 'node:crypto';
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import type { TokenKey } from '../../../../../infra/local/kubernetes/token.ts';
import { verifyEksToken } from '../../../../../infra/local/kubernetes/token.ts';
import type { ForgedToken } from '../../../../counterparts/bundles/support/forge.ts';
import { forgeToken } from '../../../../counterparts/bundles/support/forge.ts';
import { refusedTokens } from '../../../../counterparts/bundles/support/refusals.ts';

const now = Date.parse('2026-03-02T22:00:00Z');
const region = 'eu-central-1';
const credentials = { accessKeyId: 'AKIAWORKER', secretAccessKey: 'worker-secret' };

type Bytes = string | ArrayBuffer | ArrayBufferView;
const bytesOf = (data: Bytes): Uint8Array => {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
};

/** What the signer wants for hashing, from Node. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: Bytes) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: Bytes): void {
    this.#hash.update(bytesOf(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset(): void {}
}

interface Signed {
  readonly hostname?: string;
  readonly path?: string;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly region?: string;
  readonly service?: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly signedAt?: number;
}

/** The presigned URL as AWS's own signer makes it, with one thing changed. */
const presign = async (change: Signed = {}): Promise<string> => {
  const signer = new SignatureV4({
    credentials: change.credentials ?? credentials,
    region: change.region ?? region,
    service: change.service ?? 'sts',
    sha256: Sha256,
    applyChecksum: false,
  });
  const hostname = change.hostname ?? `sts.${region}.amazonaws.com`;
  const { path, query, headers } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: change.path ?? '/',
      query: change.query ?? { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: hostname, ...(change.headers ?? { 'x-k8s-aws-id': 'staging' }) },
    },
    {
      expiresIn: 60,
      signingDate: new Date(change.signedAt ?? now),
      unhoistableHeaders: new Set(['x-k8s-aws-id']),
    },
  );
  expect(headers.host).toBe(hostname);
  const parameters = Object.entries(query ?? {}).map(
    ([key, value]) => `${key}=${encodeURIComponent(String(value))}`,
  );
  return `https://${hostname}${path}?${parameters.join('&')}`;
};

const tokenOf = (url: string): string => `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
const verify = (token: string, at = now, key: TokenKey = credentials) =>
  verifyEksToken(token, {
    clusterName: 'staging',
    region,
    now: at,
    keyOf: (id) => (id === credentials.accessKeyId ? key : undefined),
  });
const minutes = 60_000;

describe('an EKS token', () => {
  it('made by AWS’s own signer tells whose it is', async () => {
    expect(verify(tokenOf(await presign()))).toEqual({ accessKeyId: 'AKIAWORKER' });
  });

  it('of a role is accepted with its session token alone', async () => {
    const role = { ...credentials, sessionToken: 'a+session/token==' };
    const token = tokenOf(await presign({ credentials: role }));
    const error = 'the session token is not that of the access key';
    expect(verify(token, now, role)).toEqual({ accessKeyId: 'AKIAWORKER' });
    expect(verify(token, now, { ...role, sessionToken: 'another' })).toEqual({ error });
    expect(verify(tokenOf(await presign()), now, role)).toEqual({ error });
    expect(verify(token)).toEqual({ error });
  });

  it('holds for 15 minutes, whatever it says of its own end', async () => {
    const token = tokenOf(await presign());
    expect(verify(token, now + 15 * minutes)).toEqual({ accessKeyId: 'AKIAWORKER' });
    expect(verify(token, now + 15 * minutes + 1)).toEqual({ error: 'the token is older than 15 minutes' });
  });

  const query = { Action: 'GetCallerIdentity', Version: '2011-06-15' };
  it.each<[string, Signed, RegExp]>([
    [
      'for another cluster',
      { headers: { 'x-k8s-aws-id': 'production' } },
      /does not fit the access key and the cluster/,
    ],
    ['without the cluster among its signed headers', { headers: {} }, /signed headers/],
    [
      'with a further signed header',
      { headers: { 'x-k8s-aws-id': 'staging', 'x-more': 'yes' } },
      /parameter X-More|signed headers/,
    ],
    [
      'by another secret',
      { credentials: { ...credentials, secretAccessKey: 'guess' } },
      /signature does not fit/,
    ],
    [
      'by an unknown key',
      { credentials: { ...credentials, accessKeyId: 'AKIAOTHER' } },
      /access key is not known/,
    ],
    ['for another host', { hostname: 'sts.example.com' }, /is for sts\.example\.com, not for STS/],
    ['for the global endpoint', { hostname: 'sts.amazonaws.com' }, /not for STS in eu-central-1/],
    ['for another path', { path: '/other' }, /has a path/],
    ['for another action', { query: { ...query, Action: 'GetSessionToken' } }, /another action/],
    ['with a further parameter', { query: { ...query, Extra: 'x' } }, /has the parameter Extra/],
    ['scoped to another region', { region: 'us-east-1' }, /scoped to another/],
    ['scoped to another service', { service: 's3' }, /scoped to another/],
    ['signed ahead of time', { signedAt: now + 6 * minutes }, /has not come/],
  ])('%s is refused', async (_what, change, error) => {
    expect(verify(tokenOf(await presign(change)))).toEqual({ error: expect.stringMatching(error) });
  });

  it.each([
    ['without its prefix', 'a3ViZXJuZXRlcw', /does not start with/],
    ['with padding', 'k8s-aws-v1.aHR0cA==', /base64url without padding/],
    ['with a character that holds no byte', 'k8s-aws-v1.aHR0cDovL2FhY', /base64url without padding/],
    ['that holds no URL', `k8s-aws-v1.${Buffer.from('nothing').toString('base64url')}`, /holds no URL/],
    ['that is too long', `k8s-aws-v1.${'a'.repeat(4096)}`, /longer than 4,096 bytes/],
  ])('%s is refused', (_what, token, error) => {
    expect(verify(token)).toEqual({ error: expect.stringMatching(error) });
  });

  it('with a parameter given twice is refused', async () => {
    const url = `${await presign()}&Action=GetCallerIdentity`;
    expect(verify(tokenOf(url))).toEqual({ error: 'the URL has the parameter Action twice' });
  });

  const session = { ...credentials, sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE/+==' };
  const sound: ForgedToken = { clusterName: 'staging', region, key: session, at: now };

  it('that is forged without a flaw is accepted, so that the flaws below are what is refused', () => {
    expect(verify(forgeToken(sound), now, session)).toEqual({ accessKeyId: 'AKIAWORKER' });
  });

  it.each(refusedTokens)('%s is refused, as by the webhook of the real cluster', (_what, change) => {
    expect(verify(forgeToken(change(sound)), now, session)).toEqual({ error: expect.any(String) });
  });

  it.each([
    ['us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
    ['eusc-de-east-1', 'sts.eusc-de-east-1.amazonaws.eu'],
    ['us-iso-east-1', 'sts.us-iso-east-1.c2s.ic.gov'],
    ['us-isob-east-1', 'sts.us-isob-east-1.sc2s.sgov.gov'],
    ['us-isof-south-1', 'sts.us-isof-south-1.csp.hci.ic.gov'],
    ['eu-isoe-west-1', 'sts.eu-isoe-west-1.cloud.adc-e.uk'],
  ])('in %s is for %s and no other host', (elsewhere, host) => {
    const verifyThere = (token: string) =>
      verifyEksToken(token, {
        clusterName: 'staging',
        region: elsewhere,
        now,
        keyOf: () => session,
      });
    const token = { ...sound, region: elsewhere };
    expect(verifyThere(forgeToken({ ...token, host }))).toEqual({ accessKeyId: 'AKIAWORKER' });
    for (const suffix of ['amazonaws.com', 'amazonaws.com.cn'])
      if (!host.endsWith(`.${suffix}`))
        expect(verifyThere(forgeToken({ ...token, host: `sts.${elsewhere}.${suffix}` }))).toEqual({
          error: expect.stringMatching(/not for STS/),
        });
  });

  it('over plain HTTP is refused', async () => {
    const url = (await presign()).replace('https:', 'http:');
    expect(verify(tokenOf(url))).toEqual({ error: 'the URL is not https' });
  });

  it('of which one character of the signature was changed is refused', async () => {
    const url = (await presign()).replace(
      /(X-Amz-Signature=)(.)/,
      (_all, name, digit) => `${name}${digit === '0' ? '1' : '0'}`,
    );
    expect(verify(tokenOf(url))).toEqual({ error: expect.stringMatching(/signature does not fit/) });
  });
});
