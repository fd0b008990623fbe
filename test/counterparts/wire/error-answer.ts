import { createConstraintCheck } from './constraints.ts';
import type { JsonObject } from './decode-json.ts';
import { createJsonReader, parseObject } from './decode-json.ts';
import { createXmlReader } from './decode-xml.ts';
import type { Members } from './http-members.ts';
import { createHttpReader } from './http-members.ts';
import type { WireResponse } from './message.ts';
import { strangeHeaders } from './message.ts';
import type { OperationModel, Ref, ServiceModel, Shape } from './model.ts';
import { errorCodeOf, shapeOf } from './model.ts';
import type { Report } from './report.ts';
import { shown } from './report.ts';
import { expectMediaType } from './response.ts';
import type { XmlElement } from './xml-tree.ts';
import { childOf, parseXml } from './xml-tree.ts';

/** An error as it stands in the answer. */
interface ErrorAnswer {
  readonly code: string;
  /** What stands beside the code, read by the shape. */
  readMembers(model: ServiceModel, shape: Shape): Members;
}

/** Errors that a service answers without its model declaring them: `undefined` where it does not. */
export type CommonErrors = (code: string) => { readonly status: number } | undefined;

/**
 * HEAD has no body, so S3 answers it these and no code. Source: S3 API reference, HeadObject and HeadBucket ("a generic
 * code, such as 400 Bad Request, 403 Forbidden, 404 Not Found, 405 Method Not Allowed, 412 Precondition Failed, or 304
 * Not Modified").
 */
const HEAD_STATUSES: readonly number[] = [304, 400, 403, 404, 405, 412];

/** Names that no model has, for shapes of errors as they are held here. */
const ERROR = 'the error itself';
const TEXT = 'text of an error';

/** What an error says that no model declares: nothing but its message. */
const COMMON: Shape = { type: 'structure', members: { message: { shape: TEXT } } };

const isXml = ({ metadata }: ServiceModel): boolean =>
  ['rest-xml', 'query', 'ec2'].includes(metadata.protocol);

const isMessage = (name: string): boolean => name.toLowerCase() === 'message';

/** A message is read whichever way it is written. Source: the "error" section of the JSON protocols on smithy.io. */
const messageOf = (shape: Shape): string | undefined => Object.keys(shape.members ?? {}).find(isMessage);

/**
 * The model with the error's shape in it. In JSON it has its message for required: models leave that open, and AWS's
 * examples all have it; in XML the protocol itself requires it.
 */
const withError = (model: ServiceModel, shape: Shape): ServiceModel => {
  const message = isXml(model) ? undefined : messageOf(shape);
  const required = new Set([...(shape.required ?? []), ...(message === undefined ? [] : [message])]);
  const held = { ...shape, required: [...required] };
  return { ...model, shapes: { ...model.shapes, [TEXT]: { type: 'string' }, [ERROR]: held } };
};

const withoutProtocol = (json: JsonObject, shape: Shape): JsonObject => {
  const rest = Object.entries(json).filter(([name]) => !['__type', 'code'].includes(name));
  const spelled = messageOf(shape);
  return Object.fromEntries(
    rest.flatMap(([name, value]) => {
      if (!isMessage(name)) return [[name, value]];
      return spelled === undefined ? [] : [[spelled, value]];
    }),
  );
};

/** `aws.protocol#Name:http://...` is `Name`. */
const bareCode = (text: unknown): string =>
  String(text ?? '')
    .replace(/^.*#/, '')
    .replace(/:.*$/, '');

const readJson = (model: ServiceModel, response: WireResponse, report: Report): ErrorAnswer => {
  const json = parseObject(response.body, report);
  const isRest = model.metadata.protocol === 'rest-json';
  const code = bareCode(isRest ? response.headers['x-amzn-errortype'] : json.__type);
  return {
    code,
    // What the error binds to headers is no part of the body.
    readMembers: (known, shape) =>
      createJsonReader(known, report).structure(shape, withoutProtocol(json, shape), code),
  };
};

const textOf = (element: XmlElement | undefined, name: string): string | undefined =>
  element === undefined ? undefined : childOf(element, name)?.text;

const expectChildren = (element: XmlElement | undefined, names: readonly string[], report: Report): void => {
  for (const name of names)
    if (element === undefined || childOf(element, name) === undefined)
      report.add(`error ${name}`, 'is missing');
};

const expectNoOthers = (element: XmlElement | undefined, names: readonly string[], report: Report): void => {
  for (const { name } of element?.children ?? [])
    if (!names.includes(name)) report.add(`error ${name}`, 'is no part of the protocol');
};

/** Elements of an error that belong to the protocol. Sources: smithy.io, and for S3 its API reference, "Error responses". */
const PROTOCOL_ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  query: ['Type', 'Code', 'Message'],
  ec2: ['Code', 'Message'],
  'rest-xml': ['Code', 'Message', 'Resource', 'RequestId', 'HostId'],
};

/** The message under the model's own spelling. */
const respelled = (children: readonly XmlElement[], shape: Shape): readonly XmlElement[] => {
  const spelled = messageOf(shape);
  return children.map((child) =>
    child.name === 'Message' && spelled !== undefined ? { ...child, name: spelled } : child,
  );
};

const readXml = (model: ServiceModel, response: WireResponse, report: Report): ErrorAnswer => {
  const { protocol } = model.metadata;
  const root = parseXml(response.body, report);
  const rootName = { query: 'ErrorResponse', ec2: 'Response' }[protocol as string] ?? 'Error';
  if (root !== undefined && root.name !== rootName)
    report.add('body', `begins with <${root.name}>, not <${rootName}>`);
  const requestId = protocol === 'ec2' ? 'RequestID' : 'RequestId';
  expectChildren(root, [requestId], report);
  const errors = protocol === 'ec2' && root !== undefined ? childOf(root, 'Errors') : root;
  const error = protocol === 'rest-xml' || errors === undefined ? errors : childOf(errors, 'Error');
  if (protocol !== 'rest-xml')
    expectNoOthers(root, [protocol === 'ec2' ? 'Errors' : 'Error', requestId], report);
  if (protocol === 'ec2') expectNoOthers(errors, ['Error'], report);
  expectChildren(error, ['Code', 'Message'], report);
  const blames = textOf(error, 'Type');
  const fault = response.status < 500 ? 'Sender' : 'Receiver';
  if (protocol === 'query' && blames !== fault) report.add('error Type', `is ${shown(blames)}, not ${fault}`);
  const code = textOf(error, 'Code') ?? '';
  return {
    code,
    readMembers: (known, shape) =>
      createXmlReader(known, report).structure(
        shape,
        respelled(error?.children ?? [], shape),
        code,
        PROTOCOL_ELEMENTS[protocol],
      ),
  };
};

const statusOf = (model: ServiceModel, ref: Ref): number => {
  const { error, fault = false } = shapeOf(model, ref);
  return error?.httpStatusCode ?? (fault ? 500 : 400);
};

/** Holds what the error says against its shape. */
const readMembers = (
  model: ServiceModel,
  shape: Shape,
  { answer, response, report }: { answer: ErrorAnswer; response: WireResponse; report: Report },
): void => {
  const known = withError(model, shape);
  const http = createHttpReader(known, report);
  const isRest = model.metadata.protocol.startsWith('rest-');
  for (const name of strangeHeaders(
    response.headers,
    'response',
    (header) => isRest && http.bindsHeader(shape, header),
  ))
    report.add(`header ${name}`, 'is no member of the model');
  const members = {
    ...(isRest ? http.headers(shape, response.headers) : {}),
    ...answer.readMembers(known, shape),
  };
  createConstraintCheck(known, report, { mayBeEmpty: true }).check({ shape: ERROR }, members, answer.code);
};

/** Reads an error: its code has to be declared by the operation or be a common one, with the status it has there. */
export const readError = (
  model: ServiceModel,
  operation: OperationModel,
  exchange: { readonly response: WireResponse; readonly report: Report; readonly common: CommonErrors },
): { readonly code: string; readonly isCommon: boolean } => {
  const { response, report, common } = exchange;
  // An answer to HEAD has no body: S3's clients go by the status.
  if (operation.http.method === 'HEAD') {
    if (response.body.length > 0) report.add('body', 'is there in an answer to HEAD');
    if (!HEAD_STATUSES.includes(response.status))
      report.add('status', `is ${response.status}, none of HEAD’s: ${HEAD_STATUSES.join(', ')}`);
    return { code: String(response.status), isCommon: true };
  }
  expectMediaType(model, response, report);
  const answer = (isXml(model) ? readXml : readJson)(model, response, report);
  const { code } = answer;
  const declared = operation.errors?.find((ref) => errorCodeOf(model, ref) === code);
  const wanted = declared === undefined ? common(code)?.status : statusOf(model, declared);
  if (wanted === undefined) report.add('error', `${shown(code)} is not declared by ${operation.name}`);
  else {
    const shape = declared === undefined ? COMMON : shapeOf(model, declared);
    readMembers(model, shape, { answer, response, report });
    if (response.status !== wanted) report.add('status', `of ${code} is ${response.status}, not ${wanted}`);
  }
  return { code, isCommon: declared === undefined };
};
