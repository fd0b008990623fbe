import { createFormReader } from './decode-form.ts';
import { createJsonReader, parseObject } from './decode-json.ts';
import { createXmlReader } from './decode-xml.ts';
import type { Members } from './http-members.ts';
import { createHttpReader } from './http-members.ts';
import type { WireRequest } from './message.ts';
import { mediaTypeOf, strangeHeaders } from './message.ts';
import type { OperationModel, ServiceModel, Shape } from './model.ts';
import { membersOf, shapeOf } from './model.ts';
import type { Report } from './report.ts';
import { shown } from './report.ts';
import { MEDIA_TYPES } from './response.ts';
import { routeOf } from './rest-route.ts';
import { parseXml } from './xml-tree.ts';

/** A request read by the model alone. */
export interface ReadRequest {
  readonly operation: OperationModel;
  readonly input: Members;
}

/** Newer SDKs name the S3 operation in a parameter of its own. Source: the trait `http` of S3 in AWS's Smithy models. */
const S3_OPERATION_PARAMETER = 'x-id';

const inputShape = (model: ServiceModel, { input }: OperationModel): Shape =>
  input === undefined ? { type: 'structure', members: {} } : shapeOf(model, input);

const expectType = (request: WireRequest, wanted: string, report: Report): void => {
  if (mediaTypeOf(request.headers) !== wanted)
    report.add('header content-type', `is ${shown(request.headers['content-type'])}, not ${wanted}`);
};

/** The protocols that have one address for everything. Sources: AWS JSON, AWS query and EC2 query protocols on smithy.io. */
const expectOneAddress = ({ method, path, query }: WireRequest, report: Report): void => {
  if (method !== 'POST') report.add('method', `is ${method}, not POST`);
  if (path !== '/') report.add('path', `is ${shown(path)}, not /`);
  if (query !== '') report.add('query', `is ${shown(query)}, where none belongs`);
};

/** Headers of AWS's namespace that neither the protocol nor the operation has; `shape` only where it binds headers. */
const expectKnownHeaders = (
  model: ServiceModel,
  { headers }: WireRequest,
  { report, shape }: { readonly report: Report; readonly shape?: Shape },
): void => {
  const { bindsHeader } = createHttpReader(model, report);
  for (const name of strangeHeaders(headers, 'request', (header) => bindsHeader(shape, header)))
    report.add(`header ${name}`, 'is no member of the model');
};

/**
 * A document's type is its protocol's; without a body there may be none. Bytes have the type that their sender says.
 * Sources: restJson1 and restXml protocols on smithy.io, "Content-Type".
 */
const expectDocumentType = (
  model: ServiceModel,
  shape: Shape,
  request: WireRequest,
  report: Report,
): void => {
  const { bindsHeader } = createHttpReader(model, report);
  const payload = shape.payload === undefined ? undefined : shape.members?.[shape.payload];
  const isDocument = payload === undefined || shapeOf(model, payload).type === 'structure';
  if (!isDocument || bindsHeader(shape, 'content-type')) return;
  if (request.body.length === 0 && request.headers['content-type'] === undefined) return;
  expectType(request, MEDIA_TYPES[model.metadata.protocol](''), report);
};

const named = (model: ServiceModel, name: string, report: Report): OperationModel | undefined => {
  const operation = model.operations[name];
  if (operation === undefined) report.add('', `${shown(name)} is no operation of the model`);
  return operation;
};

const readTargeted = (model: ServiceModel, request: WireRequest, report: Report): ReadRequest | undefined => {
  const { targetPrefix, jsonVersion } = model.metadata;
  const target = request.headers['x-amz-target'] ?? '';
  expectOneAddress(request, report);
  expectKnownHeaders(model, request, { report });
  expectType(request, `application/x-amz-json-${jsonVersion}`, report);
  if (!target.startsWith(`${targetPrefix}.`)) {
    report.add('header x-amz-target', `${shown(target)} does not begin with ${targetPrefix}.`);
    return undefined;
  }
  const operation = named(model, target.slice(`${targetPrefix}.`.length), report);
  if (operation === undefined) return undefined;
  const reader = createJsonReader(model, report);
  const input = reader.structure(inputShape(model, operation), parseObject(request.body, report), '');
  return { operation, input };
};

const readForm = (model: ServiceModel, request: WireRequest, report: Report): ReadRequest | undefined => {
  expectOneAddress(request, report);
  expectKnownHeaders(model, request, { report });
  expectType(request, 'application/x-www-form-urlencoded', report);
  const form = new URLSearchParams(request.body.toString('utf8'));
  const { apiVersion } = model.metadata;
  if (form.get('Version') !== apiVersion)
    report.add('Version', `is ${shown(form.get('Version'))}, not ${apiVersion}`);
  const operation = named(model, form.get('Action') ?? '', report);
  if (operation === undefined) return undefined;
  return { operation, input: createFormReader(model, report).members(inputShape(model, operation), form) };
};

const readRest = (model: ServiceModel, request: WireRequest, report: Report): ReadRequest | undefined => {
  const query = new URLSearchParams(request.query);
  const route = routeOf(model, { ...request, query });
  if (route === undefined) {
    report.add('', `${request.method} ${request.path} is no operation of the model`);
    return undefined;
  }
  const { operation } = route;
  const shape = inputShape(model, operation);
  const http = createHttpReader(model, report);
  const known = new Set([...route.fixedQuery, S3_OPERATION_PARAMETER]);
  if ((query.get(S3_OPERATION_PARAMETER) ?? operation.name) !== operation.name)
    report.add(`query ${S3_OPERATION_PARAMETER}`, `is not ${operation.name}`);
  expectKnownHeaders(model, request, { report, shape });
  expectDocumentType(model, shape, request, report);
  const input = {
    ...http.labels(shape, route.labels),
    ...http.query(shape, query, known),
    ...http.headers(shape, request.headers),
    ...readBody(model, shape, request, report),
  };
  return { operation, input };
};

const readBody = (model: ServiceModel, shape: Shape, request: WireRequest, report: Report): Members => {
  const payload = shape.payload === undefined ? undefined : shape.members?.[shape.payload];
  const { body } = request;
  const isXml = model.metadata.protocol === 'rest-xml';
  if (payload !== undefined && shape.payload !== undefined) {
    const inner = shapeOf(model, payload);
    if (body.length === 0) return {};
    if (inner.type !== 'structure')
      return { [shape.payload]: inner.type === 'blob' ? body : body.toString('utf8') };
    return { [shape.payload]: bodyMembers(model, inner, body, report) };
  }
  const hasBody = membersOf(shape).some(([, { location }]) => location === undefined);
  if (!hasBody && (body.length === 0 || (!isXml && body.toString('utf8') === '{}'))) return {};
  return bodyMembers(model, shape, body, report);
};

const bodyMembers = (model: ServiceModel, shape: Shape, body: Buffer, report: Report): Members => {
  if (model.metadata.protocol !== 'rest-xml')
    return createJsonReader(model, report).structure(shape, parseObject(body, report), '');
  return createXmlReader(model, report).structure(shape, parseXml(body, report)?.children ?? [], '');
};

/** Undefined, with the reason reported, where no operation of the model is asked for. */
export const readRequest = (
  model: ServiceModel,
  request: WireRequest,
  report: Report,
): ReadRequest | undefined => {
  switch (model.metadata.protocol) {
    case 'json':
      return readTargeted(model, request, report);
    case 'query':
    case 'ec2':
      return readForm(model, request, report);
    default:
      return readRest(model, request, report);
  }
};
