import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../core/clock.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The server accepts a token for 15 minutes from its date; we renew it one minute earlier. */
const TOKEN_LIFETIME_MS = 14 * 60_000;
const TOKEN_PREFIX = 'k8s-aws-v1.';

/** SHA-256 and HMAC for the signer, on node:crypto. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined
        ? createHash('sha256')
        : createHmac('sha256', typeof secret === 'string' ? secret : toBuffer(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : toBuffer(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {
    throw new Error('a digest is made once');
  }
}

const toBuffer = (data: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);

/** DNS suffixes of the partitions that do not have amazonaws.com, by their regions. Source: AWS SDKs, partitions.json. */
const SUFFIXES: readonly (readonly [regions: string, suffix: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
];

const stsHost = (region: string): string => {
  const [, suffix] = SUFFIXES.find(([regions]) => region.startsWith(regions)) ?? [];
  return `sts.${region}.${suffix ?? 'amazonaws.com'}`;
};

/**
 * The bearer token that EKS understands: a presigned STS GetCallerIdentity request with the cluster's name
 * as a signed header. Source: aws-iam-authenticator, pkg/token/token.go.
 */
export const signToken = async (options: {
  cluster: string;
  region: string;
  credentials: AwsCredentials;
  now: number;
}): Promise<string> => {
  const host = stsHost(options.region);
  const signer = new SignatureV4({
    service: 'sts',
    region: options.region,
    credentials: options.credentials,
    sha256: Sha256,
  });
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname: host,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, 'x-k8s-aws-id': options.cluster },
    },
    { expiresIn: 60, signingDate: new Date(options.now), unhoistableHeaders: new Set(['x-k8s-aws-id']) },
  );
  const query = Object.entries(signed.query ?? {})
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`)
    .join('&');
  return TOKEN_PREFIX + Buffer.from(`https://${host}/?${query}`).toString('base64url');
};

/** Tokens by cluster, renewed before the server would refuse them. */
export interface TokenSource {
  get(cluster: string): Promise<string>;
  /** Forgets a token that the server refused. One that was renewed meanwhile stays: a hundred refusals are one renewal. */
  forget(cluster: string, refused: string): void;
}

export const createTokenSource = (options: {
  clock: Clock;
  region: () => Promise<string>;
  credentials: () => Promise<AwsCredentials>;
}): TokenSource => {
  const tokens = new Map<string, { token: Promise<string>; until: number; value?: string }>();
  const sign = async (cluster: string) =>
    signToken({
      cluster,
      region: await options.region(),
      credentials: await options.credentials(),
      now: options.clock.now(),
    });
  return {
    get: (cluster) => {
      const known = tokens.get(cluster);
      if (known !== undefined && known.until > options.clock.now()) return known.token;
      const kept: { token: Promise<string>; until: number; value?: string } = {
        token: sign(cluster),
        until: options.clock.now() + TOKEN_LIFETIME_MS,
      };
      tokens.set(cluster, kept);
      kept.token.then(
        (value) => {
          kept.value = value;
        },
        () => tokens.delete(cluster),
      );
      return kept.token;
    },
    forget: (cluster, refused) => {
      if (tokens.get(cluster)?.value === refused) tokens.delete(cluster);
    },
  };
};
