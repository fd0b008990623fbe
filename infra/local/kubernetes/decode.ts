import type { JsonObject } from './json.ts';
import { goKindOf, isObject, JsonError, readJson, withoutNulls } from './json.ts';
import { apiVersionOf, resourceDefinitions } from './resources.ts';
import { badRequest, invalid } from './status.ts';
import { checkDeleteOptions, checkTypes } from './types.ts';

/** How the API server makes an object of a request's body: apimachinery's serializers, their refusals included. */

export interface Wanted {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const summary = (body: string): string => {
  const longest = 30;
  if (body === '') return '<empty>';
  const start = Buffer.from(body).subarray(0, longest);
  const more = Buffer.byteLength(body) > longest ? ' ...' : '';
  return `${body.startsWith('{') ? start.toString() : start.toString('hex')}${more}`;
};

/** The struct that version and kind are looked up with. */
const header =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Throws JsonError. What is null reads like an empty object. */
const readObject = (body: string): JsonObject => {
  const value = withoutNulls(readJson(body));
  if (value === null) return {};
  if (!isObject(value))
    throw new JsonError(`json: cannot unmarshal ${goKindOf(value)} into Go value of type ${header}`);
  return value;
};

const rethrow = (error: unknown, say: (message: string) => string): never => {
  throw error instanceof JsonError ? badRequest(say(error.message)) : error;
};

export const unregistered = (kind: string, apiVersion: string): string =>
  `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`;

const isRegistered = (kind: string, apiVersion: string): boolean =>
  resourceDefinitions.some((one) => one.kind === kind && apiVersionOf(one) === apiVersion);

const versionsOf = (wanted: Wanted): readonly string[] =>
  // The one subresource that is still served in two versions.
  wanted.kind === 'Eviction' ? ['policy/v1', 'policy/v1beta1'] : [apiVersionOf(wanted)];

/** Why a version and kind that were sent are not those that the path takes; undefined where they are. */
const wrongKind = (sent: { kind: string; apiVersion: string }, wanted: Wanted): string | undefined => {
  const { kind, apiVersion } = sent;
  if (kind === wanted.kind && versionsOf(wanted).includes(apiVersion)) return undefined;
  const version = apiVersion.split('/').at(-1) ?? '';
  const internal = wanted.group === '' ? 'core' : (wanted.group.split('.')[0] ?? '');
  const why = isRegistered(kind, apiVersion)
    ? `converting (${version}.${kind}) to (${internal}.${wanted.kind}): unknown conversion`
    : unregistered(kind, apiVersion);
  return `${kind} in version "${version}" cannot be handled as a ${wanted.kind}: ${why}`;
};

const text = (value: unknown, otherwise: string): string =>
  typeof value === 'string' && value !== '' ? value : otherwise;

/** The object of a body. Its kind and version may be missing. Throws BadRequest. */
export const decodeObject = (body: string, wanted: Wanted): JsonObject => {
  const unrecognized = `the object provided is unrecognized (must be of type ${wanted.kind})`;
  const refuse = (error: unknown) =>
    rethrow(
      error,
      (message) =>
        `${unrecognized}: couldn't get version/kind; json parse error: ${message} (${summary(body)})`,
    );
  let object: JsonObject;
  try {
    object = readObject(body);
  } catch (error) {
    return refuse(error);
  }
  const apiVersion = text(object.apiVersion, apiVersionOf(wanted));
  const kind = text(object.kind, wanted.kind);
  if (apiVersion.split('/').length > 2) {
    throw badRequest(`${unrecognized}: unexpected GroupVersion string: ${apiVersion} (${summary(body)})`);
  }
  const wrong = wrongKind({ kind, apiVersion }, wanted);
  if (wrong !== undefined) throw badRequest(wrong);
  try {
    checkTypes(kind, object);
  } catch (error) {
    const version = apiVersion.split('/').at(-1);
    return rethrow(
      error,
      (m) => `${kind} in version "${version}" cannot be handled as a ${wanted.kind}: ${m}`,
    );
  }
  return { ...object, kind: wanted.kind, apiVersion };
};

/** What a patch made: still of its kind, and its fields of their types. Throws Invalid, as for a patch that does not fit. */
export const checkPatched = (object: JsonObject, wanted: Wanted): void => {
  const refuse = (why: string) => {
    const message = `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${why}`;
    return invalid({ group: '', kind: '' }, '', [{ reason: 'FieldValueInvalid', message, field: 'patch' }]);
  };
  const sent = { kind: text(object.kind, ''), apiVersion: text(object.apiVersion, '') };
  const wrong = wrongKind(sent, wanted);
  if (wrong !== undefined) throw refuse(wrong);
  try {
    checkTypes(wanted.kind, object);
  } catch (error) {
    throw error instanceof JsonError ? refuse(error.message) : error;
  }
};

/** The body of a DELETE, which may be empty. Throws BadRequest. */
export const decodeDeleteOptions = (body: string): JsonObject => {
  if (body === '') return {};
  let options: JsonObject;
  try {
    options = readObject(body);
  } catch (error) {
    return rethrow(error, (message) => `couldn't get version/kind; json parse error: ${message}`);
  }
  const kind = text(options.kind, 'DeleteOptions');
  if (kind !== 'DeleteOptions') throw badRequest(unregistered(kind, text(options.apiVersion, 'v1')));
  try {
    checkDeleteOptions(options);
  } catch (error) {
    return rethrow(error, (message) => message);
  }
  return options;
};
