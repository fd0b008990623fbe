import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * EKS's side of a `k8s-aws-v1.` token: the checks of aws-iam-authenticator (pkg/token/token.go), and those that STS
 * makes when it is called with the URL, signature included.
 */

export interface TokenOptions {
  /** The cluster whose API server was asked. */
  readonly clusterName: string;
  readonly region: string;
  /** Epoch ms. */
  readonly now: number;
  readonly keyOf: (accessKeyId: string) => TokenKey | undefined;
}

export interface TokenKey {
  readonly secretAccessKey: string;
  /** Of a role's credentials: STS refuses requests without it, or with another. */
  readonly sessionToken?: string;
}

export type TokenResult = { readonly accessKeyId: string } | { readonly error: string };

const prefix = 'k8s-aws-v1.';
const maxTokenBytes = 4096;
/** Accepted for so long after X-Amz-Date, whatever X-Amz-Expires says. */
const validMs = 15 * 60_000;
/** STS refuses what is signed further ahead. */
const maxSkewMs = 5 * 60_000;
const clusterHeader = 'x-k8s-aws-id';

/**
 * DNS suffixes of the partitions that do not have amazonaws.com, by their regions: each region has one regional STS.
 * Source: AWS SDKs, partitions.json.
 */
const suffixes: readonly (readonly [regions: string, suffix: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
];

const stsHostIn = (region: string): string => {
  const [, suffix = 'amazonaws.com'] = suffixes.find(([regions]) => region.startsWith(regions)) ?? [];
  return `sts.${region}.${suffix}`;
};

const knownParameters: ReadonlySet<string> = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

class Refused extends Error {}

const refuseUnless = (holds: boolean, reason: string): void => {
  if (!holds) throw new Refused(reason);
};

const decodeUrl = (token: string): URL => {
  refuseUnless(Buffer.byteLength(token) <= maxTokenBytes, 'the token is longer than 4,096 bytes');
  refuseUnless(token.startsWith(prefix), `the token does not start with ${prefix}`);
  const encoded = token.slice(prefix.length);
  // One character too many holds no byte: Go's decoder refuses it, Node's leaves it out.
  refuseUnless(
    /^[A-Za-z0-9_-]+$/.test(encoded) && encoded.length % 4 !== 1,
    'the token is not base64url without padding',
  );
  const text = Buffer.from(encoded, 'base64url').toString();
  refuseUnless(URL.canParse(text), 'the token holds no URL');
  return new URL(text);
};

/** `20260302T220000Z` */
const parseAmzDate = (text: string): number => {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const ms = iso === text ? Number.NaN : Date.parse(iso);
  refuseUnless(!Number.isNaN(ms), 'X-Amz-Date is no date');
  return ms;
};

const checkParameters = (query: URLSearchParams): void => {
  const seen = new Set<string>();
  for (const key of query.keys()) {
    const name = key.toLowerCase();
    refuseUnless(knownParameters.has(name), `the URL has the parameter ${key}`);
    refuseUnless(!seen.has(name), `the URL has the parameter ${key} twice`);
    seen.add(name);
  }
  refuseUnless(
    query.get('Action') === 'GetCallerIdentity',
    'the URL asks for another action than GetCallerIdentity',
  );
  refuseUnless(query.get('Version') === '2011-06-15', 'the URL asks for another version of STS');
  refuseUnless(query.get('X-Amz-Algorithm') === 'AWS4-HMAC-SHA256', 'the URL is signed by another algorithm');
};

const checkDates = (query: URLSearchParams, now: number): void => {
  const signedAt = parseAmzDate(query.get('X-Amz-Date') ?? '');
  const expires = query.get('X-Amz-Expires') ?? '';
  // Digits alone: `Number` also takes nothing, blanks and exponents, which are no number to Go's Atoi.
  refuseUnless(/^\d{1,4}$/.test(expires) && Number(expires) <= 900, 'X-Amz-Expires is not within 0 and 900');
  refuseUnless(signedAt - now <= maxSkewMs, 'the token is signed for a time that has not come');
  refuseUnless(now <= signedAt + validMs, 'the token is older than 15 minutes');
};

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Signature Version 4 of the request that STS would see. */
const signatureOf = (
  url: URL,
  { clusterName, secret, scope }: { clusterName: string; secret: string; scope: readonly string[] },
): string => {
  const [date = '', region = '', service = '', terminator = ''] = scope;
  const query = [...url.searchParams]
    .filter(([key]) => key !== 'X-Amz-Signature')
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .sort()
    .join('&');
  const headers = `host:${url.host}\n${clusterHeader}:${clusterName}\n`;
  const request = ['GET', '/', query, headers, `host;${clusterHeader}`, sha256('')].join('\n');
  const toSign = [
    'AWS4-HMAC-SHA256',
    url.searchParams.get('X-Amz-Date') ?? '',
    scope.join('/'),
    sha256(request),
  ].join('\n');
  const key = [date, region, service, terminator].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return hmac(key, toSign).toString('hex');
};

/** Whose token it is, or why nobody's. The reason is for the server's side: the client is told 401 alone. */
export const verifyEksToken = (token: string, options: TokenOptions): TokenResult => {
  const { clusterName, region, now, keyOf } = options;
  try {
    const url = decodeUrl(token);
    const query = url.searchParams;
    refuseUnless(url.protocol === 'https:', 'the URL is not https');
    refuseUnless(url.host === stsHostIn(region), `the URL is for ${url.host}, not for STS in ${region}`);
    refuseUnless(url.pathname === '/', 'the URL has a path');
    checkParameters(query);
    refuseUnless(
      query.get('X-Amz-SignedHeaders') === `host;${clusterHeader}`,
      `the signed headers are not host and ${clusterHeader}`,
    );
    checkDates(query, now);
    const [accessKeyId = '', ...scope] = (query.get('X-Amz-Credential') ?? '').split('/');
    const date = (query.get('X-Amz-Date') ?? '').slice(0, 8);
    refuseUnless(
      scope.join('/') === `${date}/${region}/sts/aws4_request`,
      'the credential is scoped to another day, region or service',
    );
    const key = keyOf(accessKeyId);
    if (key === undefined) throw new Refused('the access key is not known');
    refuseUnless(
      (query.get('X-Amz-Security-Token') ?? undefined) === key.sessionToken,
      'the session token is not that of the access key',
    );
    const expected = Buffer.from(signatureOf(url, { clusterName, secret: key.secretAccessKey, scope }));
    const given = Buffer.from(query.get('X-Amz-Signature') ?? '');
    refuseUnless(
      given.length === expected.length && timingSafeEqual(given, expected),
      `the signature does not fit the access key and the cluster ${clusterName}`,
    );
    return { accessKeyId };
  } catch (error) {
    if (error instanceof Refused) return { error: error.message };
    throw error;
  }
};
