import type { JsonObject } from './decode-json.ts';
import { createJsonReader, parseObject } from './decode-json.ts';
import { createXmlReader } from './decode-xml.ts';
import type { WireResponse } from './message.ts';
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
  /** The fields beside the code, and how the model reads them. */
  readMembers(shape: Shape): void;
}

/** Errors that a service answers without its model declaring them: `undefined` where it does not. */
export type CommonErrors = (code: string) => { readonly statuses: readonly number[] } | undefined;

/** The message is read whichever way it is written. Source: the "error" section of the JSON protocols on smithy.io. */
const withoutProtocol = (json: JsonObject, shape: Shape): JsonObject => {
  const rest = Object.entries(json).filter(([name]) => !['__type', 'code'].includes(name));
  const spelled = Object.keys(shape.members ?? {}).find((name) => name.toLowerCase() === 'message');
  return Object.fromEntries(
    rest.flatMap(([name, value]) => {
      if (name.toLowerCase() !== 'message') return [[name, value]];
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
    readMembers: (shape) => {
      // What the error binds to headers is no part of the body.
      createJsonReader(model, report).structure(shape, withoutProtocol(json, shape), code);
    },
  };
};

const textOf = (element: XmlElement | undefined, name: string): string | undefined =>
  element === undefined ? undefined : childOf(element, name)?.text;

const expectChildren = (element: XmlElement | undefined, names: readonly string[], report: Report): void => {
  for (const name of names)
    if (element === undefined || childOf(element, name) === undefined)
      report.add(`error ${name}`, 'is missing');
};

/** Elements of an error that belong to the protocol. Sources: smithy.io, and for S3 its API reference, "Error responses". */
const PROTOCOL_ELEMENTS = ['Type', 'Code', 'Message', 'Resource', 'RequestId', 'HostId'];

const readXml = (model: ServiceModel, response: WireResponse, report: Report): ErrorAnswer => {
  const { protocol } = model.metadata;
  const root = parseXml(response.body, report);
  const rootName = { query: 'ErrorResponse', ec2: 'Response' }[protocol as string] ?? 'Error';
  if (root !== undefined && root.name !== rootName)
    report.add('body', `begins with <${root.name}>, not <${rootName}>`);
  expectChildren(root, protocol === 'ec2' ? ['RequestID'] : ['RequestId'], report);
  const errors = protocol === 'ec2' && root !== undefined ? childOf(root, 'Errors') : root;
  const error = protocol === 'rest-xml' || errors === undefined ? errors : childOf(errors, 'Error');
  expectChildren(error, ['Code', 'Message'], report);
  const blames = textOf(error, 'Type');
  const fault = response.status < 500 ? 'Sender' : 'Receiver';
  if (protocol === 'query' && blames !== fault) report.add('error Type', `is ${shown(blames)}, not ${fault}`);
  const code = textOf(error, 'Code') ?? '';
  return {
    code,
    readMembers: (shape) => {
      createXmlReader(model, report).structure(shape, error?.children ?? [], code, PROTOCOL_ELEMENTS);
    },
  };
};

const statusOf = (model: ServiceModel, ref: Ref): number => {
  const { error, fault = false } = shapeOf(model, ref);
  return error?.httpStatusCode ?? (fault ? 500 : 400);
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
    return { code: String(response.status), isCommon: true };
  }
  expectMediaType(model, response, report);
  const isXml = ['rest-xml', 'query', 'ec2'].includes(model.metadata.protocol);
  const { code, readMembers } = (isXml ? readXml : readJson)(model, response, report);
  const declared = operation.errors?.find((ref) => errorCodeOf(model, ref) === code);
  const known = declared === undefined ? common(code) : undefined;
  if (declared !== undefined) {
    readMembers(shapeOf(model, declared));
    if (response.status !== statusOf(model, declared))
      report.add('status', `of ${code} is ${response.status}, not ${statusOf(model, declared)}`);
  } else if (known === undefined) report.add('error', `${shown(code)} is not declared by ${operation.name}`);
  else if (!known.statuses.includes(response.status))
    report.add('status', `of ${code} is ${response.status}, not ${known.statuses.join(' or ')}`);
  return { code, isCommon: declared === undefined };
};
