import { queryText, scopeText, signatureOf } from './sign.ts';

export interface ForgedToken {
  readonly clusterName: string;
  readonly region: string;
  readonly key: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
  /** Epoch ms. */
  readonly at: number;
  readonly host?: string;
  readonly path?: string;
  readonly service?: string;
  /** What is signed instead of, or besides, what a client sends; undefined leaves a parameter out. */
  readonly parameters?: Readonly<Record<string, string | undefined>>;
  /** Signed headers besides host; the cluster's where left out. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Changes the URL once it is signed. */
  readonly afterwards?: (url: string) => string;
  /** Changes the URL once it is encoded. */
  readonly encodedAfterwards?: (payload: string) => string;
}

type Pair = readonly [name: string, value: string];

/** A `k8s-aws-v1.` token as a client makes it, with whatever a forger would change about it. */
export const forgeToken = (token: ForgedToken): string => {
  const { region, key, path = '/', service = 'sts' } = token;
  const host = token.host ?? `sts.${region}.amazonaws.com`;
  const headers = token.headers ?? { 'x-k8s-aws-id': token.clusterName };
  const date = new Date(token.at).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = { day: date.slice(0, 8), region, service };
  const wanted: Readonly<Record<string, string | undefined>> = {
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${key.accessKeyId}/${scopeText(scope)}`,
    'X-Amz-Date': date,
    'X-Amz-Expires': '60',
    'X-Amz-Security-Token': key.sessionToken,
    'X-Amz-SignedHeaders': ['host', ...Object.keys(headers)].toSorted().join(';'),
    ...token.parameters,
  };
  const parameters = Object.entries(wanted).flatMap(([name, value]): Pair[] =>
    value === undefined ? [] : [[name, value]],
  );
  const signature = signatureOf(
    { host, path, parameters, headers },
    { secretAccessKey: key.secretAccessKey, scope, date },
  );
  const signed: readonly Pair[] = [...parameters, ['X-Amz-Signature', signature]];
  const url = `https://${host}${path}?${queryText(signed)}`;
  const payload = Buffer.from(token.afterwards?.(url) ?? url, 'utf8').toString('base64url');
  return `k8s-aws-v1.${token.encodedAfterwards?.(payload) ?? payload}`;
};
