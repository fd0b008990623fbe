import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A service model as AWS writes them for botocore (`service-2.json`), as far as the wire depends on it. */
export interface ServiceModel {
  readonly metadata: {
    readonly apiVersion: string;
    readonly protocol: 'json' | 'rest-json' | 'rest-xml' | 'query' | 'ec2';
    readonly jsonVersion?: string;
    readonly targetPrefix?: string;
    readonly xmlNamespace?: string;
  };
  readonly operations: Readonly<Record<string, OperationModel>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

export interface OperationModel {
  readonly name: string;
  readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number };
  readonly input?: { readonly shape: string };
  readonly output?: { readonly shape: string; readonly resultWrapper?: string };
  readonly errors?: readonly { readonly shape: string }[];
}

/** Use of a shape: as a member, a list's item, a map's key or value. */
export interface Ref {
  readonly shape: string;
  readonly location?: 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode';
  readonly locationName?: string;
  /** EC2's own name in requests. */
  readonly queryName?: string;
  readonly flattened?: boolean;
}

export interface Shape {
  readonly type:
    | 'structure'
    | 'list'
    | 'map'
    | 'string'
    | 'character'
    | 'integer'
    | 'long'
    | 'float'
    | 'double'
    | 'boolean'
    | 'blob'
    | 'timestamp';
  readonly members?: Readonly<Record<string, Ref>>;
  readonly required?: readonly string[];
  readonly union?: boolean;
  /** The member that is the whole body. */
  readonly payload?: string;
  readonly member?: Ref;
  readonly key?: Ref;
  readonly value?: Ref;
  readonly flattened?: boolean;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly timestampFormat?: 'iso8601' | 'rfc822' | 'unixTimestamp';
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number };
  readonly exception?: boolean;
  /** The service's fault, not the caller's. */
  readonly fault?: boolean;
}

/** @throws Error where the model names a shape that it does not have. */
export const shapeOf = (model: ServiceModel, { shape }: Pick<Ref, 'shape'>): Shape => {
  const found = model.shapes[shape];
  if (found === undefined) throw new Error(`the model has no shape ${shape}`);
  return found;
};

export const membersOf = (shape: Shape): readonly (readonly [string, Ref])[] =>
  Object.entries(shape.members ?? {});

/** Code of an error on the wire. */
export const errorCodeOf = (model: ServiceModel, { shape }: Pick<Ref, 'shape'>): string =>
  shapeOf(model, { shape }).error?.code ?? shape;

/** The newest model of a service, by the name in the credential scope: `eks`, `autoscaling`, `events`. */
export const loadModel = (data: string, service: string): ServiceModel => {
  const newest = readdirSync(join(data, service)).sort().at(-1) ?? '';
  const packed = readFileSync(join(data, service, newest, 'service-2.json.gz'));
  return JSON.parse(gunzipSync(packed).toString('utf8')) as ServiceModel;
};
