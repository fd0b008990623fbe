import { isObject, JsonError, readJson } from './json.ts';
import { badRequest, invalid, StatusError } from './status.ts';

/** What the query of a list asks for besides selectors. */

const tokenVersion = 'meta.k8s.io/v1';

export interface Token {
  /** The revision that the list began with; -1 goes on with what is there now. */
  readonly rv: number;
  /** The key after which the next page starts. */
  readonly start: string;
}

export const encodeToken = (token: Token): string =>
  Buffer.from(JSON.stringify({ v: tokenVersion, ...token })).toString('base64url');

/** apiserver's storage.DecodeContinue. Throws BadRequest. */
export const decodeToken = (text: string): Token => {
  const refuse = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  let token: unknown;
  try {
    token = readJson(Buffer.from(text, 'base64url'));
  } catch (error) {
    throw error instanceof JsonError ? refuse(error.message) : error;
  }
  const { v = '', rv = 0, start = '' } = isObject(token) ? token : {};
  if (v !== tokenVersion) throw refuse(`server does not recognize this encoded version ${String(v)}`);
  if (typeof rv !== 'number' || rv === 0)
    throw refuse(`incorrect encoded start resourceVersion (version ${tokenVersion})`);
  if (typeof start !== 'string' || start === '')
    throw refuse(`encoded start key empty (version ${tokenVersion})`);
  return { rv, start };
};

/** Objects a page. Throws BadRequest. */
export const limitOf = (query: URLSearchParams): number => {
  const text = query.get('limit') ?? '0';
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Number(text) > 0 ? Number(text) : Number.POSITIVE_INFINITY;
};

const invalidMatch = (reason: string, message: string) =>
  invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
    { reason, message, field: 'resourceVersionMatch' },
  ]);

/** ValidateListOptions of apimachinery. */
const checkMatch = (version: string, match: string): void => {
  if (match === '') return;
  const forbidden = (why: string) => invalidMatch('FieldValueForbidden', `Forbidden: ${why}`);
  if (version === '') throw forbidden('resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    const supported = 'supported values: "Exact", "NotOlderThan", ""';
    throw invalidMatch('FieldValueNotSupported', `Unsupported value: "${match}": ${supported}`);
  }
  if (match === 'Exact' && version === '0')
    throw forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
};

/** The one revision that is asked for; undefined where the newest state will do. Throws BadRequest, Invalid or Timeout. */
export const exactRevision = (query: URLSearchParams, current: number): number | undefined => {
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  if (version !== '' && (query.get('continue') ?? '') !== '') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  checkMatch(version, match);
  if (version === '') return undefined;
  if (!/^\d+$/.test(version)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${version}": strconv.ParseUint: parsing "${version}": invalid syntax`,
    );
  }
  if (Number(version) > current) {
    throw new StatusError(504, {
      message: `Timeout: Too large resource version: ${version}, current: ${current}`,
      reason: 'Timeout',
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    });
  }
  return match === 'Exact' ? Number(version) : undefined;
};
