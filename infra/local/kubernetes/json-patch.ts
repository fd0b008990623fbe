import { isDeepStrictEqual } from 'node:util';
import { isObject } from './json.ts';
import { badRequest, genericError } from './status.ts';

/** The real server says no more than this of an operation that does not fit (422). */
const doesNotFit = () => genericError(422);

const tokensOf = (pointer: unknown): string[] => {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) throw doesNotFit();
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
};

const indexIn = (token: string, last: number): number => {
  if (!/^(0|[1-9]\d*)$/.test(token) || Number(token) > last) throw doesNotFit();
  return Number(token);
};

const read = (target: unknown, [token, ...rest]: readonly string[]): unknown => {
  if (token === undefined) return target;
  if (Array.isArray(target)) return read(target[indexIn(token, target.length - 1)], rest);
  if (!isObject(target) || !(token in target)) throw doesNotFit();
  return read(target[token], rest);
};

type Edit = 'add' | 'replace' | 'remove';

/** A copy of `target` that differs along the path alone. */
const edit = (target: unknown, path: readonly string[], kind: Edit, value?: unknown): unknown => {
  const [token, ...rest] = path;
  if (token === undefined) return kind === 'remove' ? undefined : value;
  if (Array.isArray(target)) {
    const copy = [...target];
    if (rest.length > 0) {
      const index = indexIn(token, target.length - 1);
      copy[index] = edit(target[index], rest, kind, value);
    } else if (kind === 'add') {
      copy.splice(token === '-' ? copy.length : indexIn(token, target.length), 0, value);
    } else {
      const index = indexIn(token, target.length - 1);
      copy.splice(index, 1, ...(kind === 'remove' ? [] : [value]));
    }
    return copy;
  }
  if (!isObject(target)) throw doesNotFit();
  if ((rest.length > 0 || kind !== 'add') && !(token in target)) throw doesNotFit();
  const copy: Record<string, unknown> = { ...target };
  if (rest.length > 0) copy[token] = edit(target[token], rest, kind, value);
  else if (kind === 'remove') delete copy[token];
  else copy[token] = value;
  return copy;
};

/** RFC 6902. Throws BadRequest for what is no list of operations, 422 for operations that do not fit the object. */
export const applyJsonPatch = (target: unknown, operations: unknown): unknown => {
  if (!Array.isArray(operations)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  }
  let result: unknown = target;
  for (const operation of operations) {
    if (!isObject(operation)) throw doesNotFit();
    const path = tokensOf(operation.path);
    switch (operation.op) {
      case 'add':
      case 'replace':
      case 'remove':
        result = edit(result, path, operation.op, operation.value);
        break;
      case 'test':
        if (!isDeepStrictEqual(read(result, path), operation.value)) throw doesNotFit();
        break;
      case 'copy':
        result = edit(result, path, 'add', read(result, tokensOf(operation.from)));
        break;
      case 'move': {
        const from = tokensOf(operation.from);
        const moved = read(result, from);
        result = edit(edit(result, from, 'remove'), path, 'add', moved);
        break;
      }
      default:
        throw doesNotFit();
    }
  }
  return result;
};
