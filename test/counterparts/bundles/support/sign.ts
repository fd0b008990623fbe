import { createHash, createHmac } from 'node:crypto';

/** Signature Version 4 of a GET whose signature is in its query, from AWS's description of it alone. */
export interface QuerySigned {
  readonly host: string;
  readonly path: string;
  /** Decoded; `X-Amz-Signature` is left out of what is signed. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** Signed headers besides `host`, by their small names. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface SigningScope {
  /** `20261121` */
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

/** RFC 3986: everything but letters, digits and `-._~` as %XX. */
const escaped = (text: string): string =>
  [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');

const digest = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

const keyed = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text, 'utf8').digest();

export const scopeText = ({ day, region, service }: SigningScope): string =>
  [day, region, service, 'aws4_request'].join('/');

export const queryText = (parameters: QuerySigned['parameters']): string =>
  parameters.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&');

/** The signature in hexadecimal. `date` is the request's X-Amz-Date. */
export const signatureOf = (
  request: QuerySigned,
  by: { readonly secretAccessKey: string; readonly scope: SigningScope; readonly date: string },
): string => {
  const headers = Object.entries({ ...request.headers, host: request.host }).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const signed = request.parameters
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map((pair) => queryText([pair]))
    .toSorted();
  const canonical = [
    'GET',
    request.path,
    signed.join('&'),
    ...headers.map(([name, value]) => `${name}:${value.trim()}`),
    '',
    headers.map(([name]) => name).join(';'),
    digest(''),
  ].join('\n');
  const { day, region, service } = by.scope;
  const ofDay = keyed(`AWS4${by.secretAccessKey}`, day);
  const key = keyed(keyed(keyed(ofDay, region), service), 'aws4_request');
  const text = ['AWS4-HMAC-SHA256', by.date, scopeText(by.scope), digest(canonical)].join('\n');
  return keyed(key, text).toString('hex');
};
