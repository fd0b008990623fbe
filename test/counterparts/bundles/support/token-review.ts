import type { SigningScope } from './sign.ts';
import { scopeText, signatureOf } from './sign.ts';

/** A key of the test's own, as STS knows it. */
export interface KnownKey {
  readonly secretAccessKey: string;
  /** Of a role's credentials: a request without it, or with another, is refused. */
  readonly sessionToken?: string;
}

export interface ReviewRules {
  /** The cluster whose API server asks. */
  readonly clusterName: string;
  readonly region: string;
  /** Epoch ms. */
  readonly now: number;
  keyOf(accessKeyId: string): KnownKey | undefined;
}

export type TokenVerdict =
  | { readonly accessKeyId: string; readonly signedAt: number }
  | { readonly refused: string };

const PREFIX = 'k8s-aws-v1.';
const MOST_BYTES = 4096;
const ACCEPTED_MS = 15 * 60_000;
const LONGEST_EXPIRY_SECONDS = 15 * 60;
const AHEAD_MS = 5 * 60_000;
const CLUSTER_HEADER = 'x-k8s-aws-id';

/** Once each, and nothing else (aws-iam-authenticator, pkg/token/token.go, `parameterWhitelist`). */
const ALLOWED = [
  'Action',
  'Version',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
];

class Refused extends Error {}

const refuse = (reason: string): never => {
  throw new Refused(reason);
};

const presignedUrl = (token: string): URL => {
  if (Buffer.byteLength(token, 'utf8') > MOST_BYTES) refuse('longer than 4,096 bytes');
  if (!token.startsWith(PREFIX)) refuse(`does not begin with ${PREFIX}`);
  const payload = token.slice(PREFIX.length);
  // One character after whole groups of four holds no byte: Go's base64.RawURLEncoding refuses it, Node's does not.
  if (!/^[\w-]+$/.test(payload) || payload.length % 4 === 1) refuse('not base64url without padding');
  const text = Buffer.from(payload, 'base64url').toString('utf8');
  return URL.canParse(text) ? new URL(text) : refuse('holds no URL');
};

/** Regional STS of the region's partition. Source: AWS General Reference, "AWS STS endpoints". */
const stsOf = (region: string): string =>
  `sts.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;

/** The parameters by name, once it is sure that there are only the known ones, once each. */
const parametersOf = (url: URL): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!ALLOWED.includes(name)) refuse(`has the parameter ${name}`);
    if (found.has(name)) refuse(`has the parameter ${name} twice`);
    found.set(name, value);
  }
  return found;
};

const EXPECTED: Readonly<Record<string, string>> = {
  Action: 'GetCallerIdentity',
  Version: '2011-06-15',
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-SignedHeaders': `host;${CLUSTER_HEADER}`,
};

/** `20261121T150049Z` as epoch ms. */
const instantOf = (date: string): number => {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? refuse('has no X-Amz-Date');
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
};

const checkAge = (parameters: ReadonlyMap<string, string>, now: number): number => {
  const signedAt = instantOf(parameters.get('X-Amz-Date') ?? '');
  const expires = parameters.get('X-Amz-Expires') ?? '';
  if (!/^\d{1,4}$/.test(expires) || Number(expires) > LONGEST_EXPIRY_SECONDS)
    refuse('X-Amz-Expires is not from 0 to 900');
  if (now - signedAt > ACCEPTED_MS) refuse('older than 15 minutes');
  if (signedAt - now > AHEAD_MS) refuse('signed in the future');
  return signedAt;
};

const checkSignature = (
  url: URL,
  parameters: ReadonlyMap<string, string>,
  rules: ReviewRules,
): { accessKeyId: string } => {
  const date = parameters.get('X-Amz-Date') ?? '';
  const [accessKeyId = '', ...rest] = (parameters.get('X-Amz-Credential') ?? '').split('/');
  const scope: SigningScope = { day: date.slice(0, 8), region: rules.region, service: 'sts' };
  if (rest.join('/') !== scopeText(scope)) refuse('its credential is for another day, region or service');
  const key = rules.keyOf(accessKeyId) ?? refuse('its access key is not known');
  if (parameters.get('X-Amz-Security-Token') !== key.sessionToken)
    refuse('its session token is not that of the key');
  const signature = signatureOf(
    {
      host: url.host,
      path: url.pathname,
      parameters: [...parameters],
      headers: { [CLUSTER_HEADER]: rules.clusterName },
    },
    { secretAccessKey: key.secretAccessKey, scope, date },
  );
  if (signature !== parameters.get('X-Amz-Signature'))
    refuse(`its signature is not that of the key for the cluster ${rules.clusterName}`);
  return { accessKeyId };
};

/**
 * Whose `k8s-aws-v1.` token it is, as EKS finds out: the checks of aws-iam-authenticator's pkg/token/token.go, and
 * those that STS makes when it is called with the presigned request. Shares no code with the product or with the
 * embedded account.
 */
export const reviewToken = (token: string, rules: ReviewRules): TokenVerdict => {
  try {
    const url = presignedUrl(token);
    if (url.protocol !== 'https:' || url.host !== stsOf(rules.region))
      refuse(`not for ${stsOf(rules.region)} by https`);
    if (url.pathname !== '/') refuse('has a path');
    const parameters = parametersOf(url);
    for (const [name, value] of Object.entries(EXPECTED))
      if (parameters.get(name) !== value) refuse(`${name} is not ${value}`);
    const signedAt = checkAge(parameters, rules.now);
    return { ...checkSignature(url, parameters, rules), signedAt };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
};
