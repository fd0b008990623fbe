import { XMLBuilder } from 'fast-xml-parser';
import type { Operations } from './aws-json.ts';
import { callOf } from './perform.ts';
import { readQuery } from './query-input.ts';
import type { Input, Service, ServiceRequest, ServiceResponse } from './service.ts';
import { notImplemented, ServiceError } from './service.ts';

const builder = new XMLBuilder({ ignoreAttributes: false, suppressEmptyNode: false });

/** `@_name` is an attribute; an array repeats its element. */
export const xml = (document: object): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(document)}`;

const xmlResponse = (status: number, document: object): ServiceResponse => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: xml(document),
});

/** Form in, XML out: Auto Scaling, SNS, STS. */
export const awsQuery = (
  name: string,
  xmlns: string,
  operations: Operations,
  options: {
    invalidCode?: string;
    /** Operations that answer nothing but their metadata: their model has no output. */
    withoutResult?: readonly string[];
  } = {},
): Service => ({
  name,
  unknownKey: { code: 'InvalidClientTokenId', status: 403 },
  decode: (request) =>
    decodeForm(
      request,
      { name, operations, invalidCode: options.invalidCode ?? 'ValidationError' },
      (output, operation) =>
        xmlResponse(200, {
          [`${operation}Response`]: {
            '@_xmlns': xmlns,
            ...(options.withoutResult?.includes(operation)
              ? {}
              : { [`${operation}Result`]: queryValue(output) }),
            ResponseMetadata: { RequestId: request.requestId },
          },
        }),
    ),
  encodeError: (error, requestId) =>
    xmlResponse(error.status, {
      ErrorResponse: {
        '@_xmlns': xmlns,
        Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message },
        RequestId: requestId,
      },
    }),
});

/** Names of EC2's elements, which differ from the model's members: `Reservations` is `reservationSet`. */
export interface Ec2Names {
  /** Input lists at any depth, from wire to model: `{ InstanceId: 'InstanceIds', Value: 'Values' }`. */
  readonly input: Readonly<Record<string, string>>;
  /** Output members, from model to wire; `Parent.Member` where the name alone would not do. Others: first letter small. */
  readonly output: Readonly<Record<string, string>>;
}

/** EC2's dialect: lists without `member`, XML names of its own, another error document. */
export const ec2Query = (
  name: string,
  operations: Operations,
  names: Ec2Names = { input: {}, output: {} },
): Service => {
  const xmlns = 'http://ec2.amazonaws.com/doc/2016-11-15/';
  return {
    name,
    unknownKey: { code: 'AuthFailure', status: 401 },
    decode: (request) =>
      decodeForm(
        request,
        { name, operations, invalidCode: 'InvalidParameterValue', rename: names.input },
        (output, operation) =>
          xmlResponse(200, {
            [`${operation}Response`]: {
              '@_xmlns': xmlns,
              requestId: request.requestId,
              ...ec2Members(output, names.output, ''),
            },
          }),
      ),
    encodeError: (error, requestId) =>
      xmlResponse(error.status, {
        Response: { Errors: { Error: { Code: error.code, Message: error.message } }, RequestID: requestId },
      }),
  };
};

const decodeForm = (
  request: ServiceRequest,
  service: {
    name: string;
    operations: Operations;
    invalidCode: string;
    rename?: Readonly<Record<string, string>>;
  },
  encode: (output: object, operation: string) => ServiceResponse,
) => {
  const form = new URLSearchParams(request.body.toString('utf8'));
  for (const [key, value] of request.query) form.append(key, value);
  const operation = form.get('Action');
  if (operation === null)
    throw new ServiceError('MissingAction', 'The request must contain the parameter Action.', 400);
  const run = service.operations[operation];
  if (run === undefined) throw notImplemented(service.name, operation);
  const input: Input = renamed(readQuery(form), service.rename ?? {});
  return callOf({
    request,
    operation,
    input,
    run,
    invalidCode: service.invalidCode,
    encode: (output) => encode(output, operation),
  });
};

/** Lists go by the singular on EC2's wire: `Filter.1.Value.1` is `Filters[0].Values[0]`. */
const renamed = (
  members: Readonly<Record<string, unknown>>,
  rename: Readonly<Record<string, string>>,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) =>
      Array.isArray(value)
        ? [rename[name] ?? name, value.map((item) => (isMembers(item) ? renamed(item, rename) : item))]
        : [name, isMembers(value) ? renamed(value, rename) : value],
    ),
  );

const isMembers = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const queryValue = (value: unknown): unknown => {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.length === 0 ? '' : { member: value.map(queryValue) };
  if (typeof value !== 'object' || value === null) return scalar(value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, queryValue(member)]),
  );
};

const ec2Members = (value: object, names: Readonly<Record<string, string>>, parent: string): object =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [
        names[`${parent}.${name}`] ?? names[name] ?? `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
        ec2Value(member, names, name),
      ]),
  );

const ec2Value = (value: unknown, names: Readonly<Record<string, string>>, parent: string): unknown => {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value))
    return value.length === 0 ? '' : { item: value.map((item) => ec2Value(item, names, parent)) };
  if (typeof value !== 'object' || value === null) return scalar(value);
  return ec2Members(value, names, parent);
};

/** The builder takes `true` for an element without content, so booleans go in as text. */
const scalar = (value: unknown): unknown => (typeof value === 'boolean' ? String(value) : value);
