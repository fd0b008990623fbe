/** JSON as Go's encoding/json reads it, and how it says that it cannot. */

export type JsonObject = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What encoding/json calls a value of that sort. */
export const goKindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
};

/** null is Go's zero value: as if it had not been sent. Elements of lists stay. */
export const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const present = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(present.map(([key, item]) => [key, withoutNulls(item)]));
};

/** The text is no JSON. */
export class JsonError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JsonError';
  }
}

/** V8 tells the place in its message, where it tells it at all. */
const placeIn = (message: string): number | undefined => {
  const found = /at position (\d+)/.exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
};

const inGo = (text: string, bytes: Buffer, message: string): string => {
  const trimmed = text.trimEnd();
  const place = placeIn(message);
  if (/Unexpected end|Unterminated string/.test(message) || (place !== undefined && place >= trimmed.length))
    return 'unexpected end of JSON input';
  // Go reads bytes, and shows one as the character of that number.
  const first = String.fromCharCode(bytes.find((byte) => byte > 0x20) ?? 0);
  return /[[{"\d\-tfn]/.test(first) ? message : `invalid character '${first}' looking for beginning of value`;
};

/** Throws JsonError in encoding/json's words, as far as they can be told from V8's. */
export const readJson = (body: string | Buffer): unknown => {
  const text = body.toString();
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new JsonError(inGo(text, Buffer.from(body), message), { cause: error });
  }
};
