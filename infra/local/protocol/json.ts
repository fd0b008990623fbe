import type { Input } from './service.ts';
import { InvalidInput } from './service.ts';

/** AWS's JSON protocols write a timestamp as epoch seconds with a fraction. */
export const encodeJson = (value: unknown): string => JSON.stringify(plain(value));

const plain = (value: unknown): unknown => {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, plain(member)]),
  );
};

/** An empty body is an empty input. */
export const decodeJson = (body: Buffer): Input => {
  if (body.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new InvalidInput('The request body is not JSON.', { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new InvalidInput('The request body is not a JSON object.');
  return parsed as Input;
};
