import { applyJsonPatch } from './json-patch.ts';
import type { JsonObject } from './request.ts';
import { isObject, parseJson } from './request.ts';
import { badRequest, genericError, notImplemented } from './status.ts';

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

/** Strategic merge patch: like a merge patch, but known lists are merged by key and `$` directives are obeyed. */
const strategicMerge = (target: unknown, patch: JsonObject): unknown => {
  const { $patch, $retainKeys, ...fields } = patch;
  if ($patch === 'delete') return undefined;
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

/** Applies a PATCH body to an object. Throws BadRequest, UnsupportedMediaType or Invalid (a json-patch that does not fit). */
export const applyPatch = (target: object, contentType: string, body: string): JsonObject => {
  const [type = ''] = contentType.split(';');
  const decode = () => parseJson(body, 'error decoding patch');
  switch (type.trim()) {
    case 'application/merge-patch+json':
      return asObject(mergePatch(target, asPatch(decode())));
    case 'application/strategic-merge-patch+json':
      return asObject(strategicMerge(target, asPatch(decode())));
    case 'application/json-patch+json':
      return asObject(applyJsonPatch(target, decode()));
    case 'application/apply-patch+yaml':
    case 'application/apply-patch+cbor':
      throw notImplemented('server-side apply');
    default:
      throw genericError(415);
  }
};

const asPatch = (patch: unknown): JsonObject => {
  if (isObject(patch)) return patch;
  throw badRequest(
    'error decoding patch: json: cannot unmarshal the patch into Go value of type map[string]interface {}',
  );
};
