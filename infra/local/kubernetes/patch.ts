import type { JsonObject } from './json.ts';
import { goKindOf, isObject, JsonError, readJson } from './json.ts';
import { applyJsonPatch } from './json-patch.ts';
import { badRequest, genericError, notImplemented, StatusError } from './status.ts';

/** RFC 7386: null removes, objects merge, everything else replaces. */
const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
};

/** The key by which a strategic patch merges a list; lists not named here are replaced (patchStrategy tags of k8s.io/api). */
const mergeKeys: Readonly<Record<string, string>> = {
  conditions: 'type',
  addresses: 'type',
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  imagePullSecrets: 'name',
  ports: 'containerPort',
  ownerReferences: 'uid',
};
/** Lists of plain values that are merged as sets. */
const mergedSets: ReadonlySet<string> = new Set(['finalizers', 'podCIDRs']);

const mergeList = (field: string, target: unknown, patch: readonly unknown[]): unknown => {
  const existing: readonly unknown[] = Array.isArray(target) ? target : [];
  if (mergedSets.has(field)) return [...new Set([...existing, ...patch])];
  const key = mergeKeys[field];
  if (key === undefined) return patch;
  const items = patch.filter(isObject);
  if (items.some((item) => item.$patch === 'replace'))
    return items.filter((item) => item.$patch !== 'replace');
  const result = [...existing];
  for (const item of items) {
    const index = result.findIndex((other) => isObject(other) && other[key] === item[key]);
    if (item.$patch === 'delete') {
      if (index !== -1) result.splice(index, 1);
    } else if (index === -1) result.push(strategicMerge({}, item));
    else result[index] = strategicMerge(result[index], item);
  }
  return result;
};

const without = (target: unknown, values: unknown): unknown =>
  Array.isArray(target) && Array.isArray(values) ? target.filter((value) => !values.includes(value)) : target;

const directives: ReadonlySet<unknown> = new Set([undefined, 'replace', 'merge']);

/** Strategic merge patch: like a merge patch, but known lists are merged by key and `$` directives are obeyed. */
const strategicMerge = (target: unknown, patch: JsonObject): unknown => {
  const { $patch, $retainKeys, ...fields } = patch;
  if ($patch === 'delete') return undefined;
  if (!directives.has($patch)) {
    const shown = `map[${Object.entries(patch)
      .map(([key, value]) => `${key}:${String(value)}`)
      .sort()
      .join(' ')}]`;
    throw new StatusError(500, { message: `unknown patch type: ${String($patch)} in map: ${shown}` });
  }
  const base: JsonObject = isObject(target) && $patch !== 'replace' ? target : {};
  const merged: Record<string, unknown> = { ...base };
  if (Array.isArray($retainKeys)) {
    for (const key of Object.keys(merged)) if (!$retainKeys.includes(key)) delete merged[key];
  }
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice(key.indexOf('/') + 1);
      merged[field] = without(merged[field], value);
    } else if (key.startsWith('$setElementOrder/')) {
      // Only an order, which nothing here depends on.
    } else if (value === null) delete merged[key];
    else if (Array.isArray(value)) merged[key] = mergeList(key, merged[key], value);
    else if (isObject(value)) {
      const inner = strategicMerge(merged[key], value);
      if (inner === undefined) delete merged[key];
      else merged[key] = inner;
    } else merged[key] = value;
  }
  return merged;
};

/** Whatever the path, a patch yields an object or is refused. */
const asObject = (value: unknown): JsonObject => {
  if (isObject(value)) return value;
  throw genericError(422);
};

/** Throws BadRequest, in the words that the kind of patch has for it. */
const decode = (body: string, prefix: string): unknown => {
  try {
    return readJson(body);
  } catch (error) {
    throw error instanceof JsonError ? badRequest(`${prefix}${error.message}`) : error;
  }
};

const decodeMap = (body: string, prefix: string): JsonObject => {
  const patch = decode(body, prefix);
  if (isObject(patch)) return patch;
  const kind = goKindOf(patch);
  throw badRequest(`${prefix}json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`);
};

const prefix = 'error decoding patch: ';

/** Applies a PATCH body to an object. Throws BadRequest, UnsupportedMediaType or Invalid (a json-patch that does not fit). */
export const applyPatch = (target: object, contentType: string, body: string): JsonObject => {
  const [type = ''] = contentType.split(';');
  switch (type.trim()) {
    case 'application/merge-patch+json':
      return asObject(mergePatch(target, decodeMap(body, prefix)));
    case 'application/strategic-merge-patch+json':
      return asObject(strategicMerge(target, decodeMap(body, '')));
    case 'application/json-patch+json':
      return asObject(applyJsonPatch(target, decode(body, prefix)));
    case 'application/apply-patch+yaml':
    case 'application/apply-patch+cbor':
      throw notImplemented('server-side apply');
    default:
      throw genericError(415);
  }
};
