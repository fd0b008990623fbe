import { createJsonReader, parseObject } from './decode-json.ts';
import { createXmlReader } from './decode-xml.ts';
import type { Members } from './http-members.ts';
import { createHttpReader } from './http-members.ts';
import type { WireResponse } from './message.ts';
import { mediaTypeOf, strangeHeaders } from './message.ts';
import type { OperationModel, ServiceModel, Shape } from './model.ts';
import { membersOf, shapeOf } from './model.ts';
import type { Report } from './report.ts';
import { shown } from './report.ts';
import type { XmlElement } from './xml-tree.ts';
import { childOf, parseXml } from './xml-tree.ts';

const NOTHING: Shape = { type: 'structure', members: {} };

const outputShape = (model: ServiceModel, { output }: OperationModel): Shape =>
  output === undefined ? NOTHING : shapeOf(model, output);

export const MEDIA_TYPES: Readonly<
  Record<ServiceModel['metadata']['protocol'], (version: string) => string>
> = {
  json: (version) => `application/x-amz-json-${version}`,
  'rest-json': () => 'application/json',
  'rest-xml': () => 'application/xml',
  query: () => 'text/xml',
  ec2: () => 'text/xml',
};

export const expectMediaType = (model: ServiceModel, response: WireResponse, report: Report): void => {
  const { protocol, jsonVersion = '' } = model.metadata;
  const wanted = MEDIA_TYPES[protocol](jsonVersion);
  if (response.body.length > 0 && mediaTypeOf(response.headers) !== wanted)
    report.add('header content-type', `is ${shown(response.headers['content-type'])}, not ${wanted}`);
};

const rootOf = (model: ServiceModel, name: string, body: Buffer, report: Report): XmlElement | undefined => {
  const root = parseXml(body, report);
  if (root === undefined) return undefined;
  if (root.name !== name) report.add('body', `begins with <${root.name}>, not <${name}>`);
  const wanted = (model.metadata.xmlNamespace ?? '').replace(/\/$/, '');
  if ((root.attributes.xmlns ?? '').replace(/\/$/, '') !== wanted)
    report.add('body', `is in the namespace ${shown(root.attributes.xmlns)}, not ${wanted}`);
  return root;
};

const readQuery = (model: ServiceModel, operation: OperationModel, body: Buffer, report: Report): Members => {
  const root = rootOf(model, `${operation.name}Response`, body, report);
  if (root === undefined) return {};
  const wrapper = operation.output?.resultWrapper;
  for (const { name } of root.children)
    if (name !== wrapper && name !== 'ResponseMetadata')
      report.add(name, 'is no part of the answer by the model');
  if (childOf(root, 'ResponseMetadata') === undefined) report.add('ResponseMetadata', 'is missing');
  const result = wrapper === undefined ? undefined : childOf(root, wrapper);
  if (wrapper !== undefined && result === undefined) report.add(wrapper, 'is missing');
  return createXmlReader(model, report).structure(outputShape(model, operation), result?.children ?? [], '');
};

const readEc2 = (model: ServiceModel, operation: OperationModel, body: Buffer, report: Report): Members => {
  const root = rootOf(model, `${operation.name}Response`, body, report);
  if (root === undefined) return {};
  if (childOf(root, 'requestId') === undefined) report.add('requestId', 'is missing');
  return createXmlReader(model, report).structure(outputShape(model, operation), root.children, '', [
    'requestId',
  ]);
};

const readRest = (model: ServiceModel, shape: Shape, response: WireResponse, report: Report): Members => {
  const http = createHttpReader(model, report);
  return {
    ...http.headers(shape, response.headers),
    ...http.status(shape, response.status),
    ...readRestBody(model, shape, response, report),
  };
};

const readRestBody = (model: ServiceModel, shape: Shape, response: WireResponse, report: Report): Members => {
  const { body } = response;
  const payload = shape.payload === undefined ? undefined : shape.members?.[shape.payload];
  if (payload !== undefined && shape.payload !== undefined && shapeOf(model, payload).type === 'blob')
    return body.length === 0 ? {} : { [shape.payload]: body };
  const hasBody = membersOf(shape).some(([, { location }]) => location === undefined);
  if (!hasBody && body.length === 0) return {};
  expectMediaType(model, response, report);
  const inner = payload === undefined ? shape : shapeOf(model, payload);
  const members =
    model.metadata.protocol === 'rest-xml'
      ? createXmlReader(model, report).structure(inner, parseXml(body, report)?.children ?? [], '')
      : createJsonReader(model, report).structure(inner, parseObject(body, report), '');
  return shape.payload === undefined ? members : { [shape.payload]: members };
};

/** Reads an answer that is no error by the model. */
export const readResponse = (
  model: ServiceModel,
  operation: OperationModel,
  exchange: { readonly response: WireResponse; readonly report: Report },
): Members => {
  const { response, report } = exchange;
  const shape = outputShape(model, operation);
  const saysStatus = membersOf(shape).some(([, { location }]) => location === 'statusCode');
  const wanted = operation.http.responseCode ?? 200;
  if (!saysStatus && response.status !== wanted) report.add('status', `is ${response.status}, not ${wanted}`);
  const isRest = model.metadata.protocol.startsWith('rest-');
  const { bindsHeader } = createHttpReader(model, report);
  for (const name of strangeHeaders(
    response.headers,
    'response',
    (header) => isRest && bindsHeader(shape, header),
  ))
    report.add(`header ${name}`, 'is no member of the model');
  switch (model.metadata.protocol) {
    case 'json':
      expectMediaType(model, response, report);
      return createJsonReader(model, report).structure(shape, parseObject(response.body, report), '');
    case 'query':
      expectMediaType(model, response, report);
      return readQuery(model, operation, response.body, report);
    case 'ec2':
      expectMediaType(model, response, report);
      return readEc2(model, operation, response.body, report);
    default:
      return readRest(model, shape, response, report);
  }
};
