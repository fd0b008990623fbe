import { page } from '../protocol/paging.ts';
import { RawReply } from '../protocol/perform.ts';
import { xml } from '../protocol/query.ts';
import type { Call, Input, Service, ServiceRequest, ServiceResponse } from '../protocol/service.ts';
import { notImplemented, ServiceError } from '../protocol/service.ts';
import { Refusal } from '../world/refusal.ts';
import type { StoredObject } from '../world/stores.ts';
import type { World } from '../world/world.ts';
import { decodeChunks } from './s3-chunks.ts';

interface Place {
  readonly bucket: string;
  readonly key: string;
}

type S3Operation = (place: Place, request: ServiceRequest) => RawReply;

/** Amazon S3 (REST XML), path style, for the few objects that the product keeps. */
export const s3Service = (world: World): Service => ({
  name: 's3',
  unknownKey: { code: 'InvalidAccessKeyId', status: 403 },
  decode: (request): Call => {
    const place = placeOf(request);
    const [operation, run] = choose(world, request, place);
    const input: Input = { Bucket: place.bucket, ...(place.key === '' ? {} : { Key: place.key }) };
    return {
      operation,
      input,
      perform: async () => {
        try {
          return run(place, request);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          throw new ServiceError(error.code, error.message, 404, { Resource: request.path });
        }
      },
    };
  },
  encodeError: (error, requestId): ServiceResponse => ({
    status: error.status,
    headers: { 'content-type': 'application/xml' },
    // An answer to HEAD has no body, so the SDK goes by the status alone.
    body: error.members.head
      ? ''
      : xml({
          Error: {
            Code: error.code,
            Message: error.message,
            Resource: error.members.Resource,
            RequestId: requestId,
          },
        }),
  }),
});

const placeOf = (request: ServiceRequest): Place => {
  const [, bucket = '', ...key] = request.path.split('/');
  return { bucket, key: key.map(decodeURIComponent).join('/') };
};

const choose = (world: World, request: ServiceRequest, { key }: Place): readonly [string, S3Operation] => {
  const { method, query } = request;
  if (key !== '' && method === 'PUT' && request.headers['x-amz-copy-source'] === undefined)
    return ['PutObject', put(world)];
  if (key !== '' && method === 'GET') return ['GetObject', get(world)];
  if (key !== '' && method === 'HEAD') return ['HeadObject', head(world)];
  if (key !== '' && method === 'DELETE') return ['DeleteObject', remove(world)];
  if (key === '' && method === 'GET' && query.get('list-type') === '2') return ['ListObjectsV2', list(world)];
  throw notImplemented('s3', `${method} ${request.path}`);
};

const put =
  (world: World): S3Operation =>
  ({ bucket, key }, request) => {
    const before = world.buckets.get(bucket, key);
    const { 'if-none-match': absent, 'if-match': expected } = request.headers;
    if ((absent === '*' && before !== undefined) || (expected !== undefined && before?.etag !== expected))
      throw new ServiceError(
        'PreconditionFailed',
        'At least one of the pre-conditions you specified did not hold',
        412,
      );
    const stored = world.buckets.put(bucket, {
      key,
      body: decodeChunks(request),
      contentType: request.headers['content-type'] ?? 'binary/octet-stream',
    });
    return new RawReply({ status: 200, headers: { etag: stored.etag }, body: '' }, { ETag: stored.etag });
  };

const get =
  (world: World): S3Operation =>
  ({ bucket, key }, request) => {
    if (request.headers.range !== undefined) throw notImplemented('s3', 'GetObject with Range');
    const object = find(world, bucket, key);
    return new RawReply(
      { status: 200, headers: objectHeaders(object), body: object.body },
      objectOutput(object),
    );
  };

const head =
  (world: World): S3Operation =>
  ({ bucket, key }) => {
    const object = world.buckets.get(bucket, key);
    if (object === undefined) throw new ServiceError('NotFound', 'Not Found', 404, { head: true });
    const headers = { ...objectHeaders(object), 'content-length': String(object.body.length) };
    return new RawReply({ status: 200, headers, body: '' }, objectOutput(object));
  };

const remove =
  (world: World): S3Operation =>
  ({ bucket, key }) => {
    world.buckets.remove(bucket, key);
    return new RawReply({ status: 204, body: '' });
  };

const list =
  (world: World): S3Operation =>
  ({ bucket }, { query }) => {
    if (query.get('delimiter')) throw notImplemented('s3', 'ListObjectsV2 with Delimiter');
    const prefix = query.get('prefix') ?? '';
    const after = query.get('start-after') ?? '';
    const objects = world.buckets.list(bucket).filter(({ key }) => key.startsWith(prefix) && key > after);
    const limit = Number(query.get('max-keys') ?? 1000);
    const { items, nextToken } = page(objects, {
      token: query.get('continuation-token') ?? undefined,
      limit,
      most: 1000,
    });
    const output = {
      IsTruncated: nextToken !== undefined,
      Contents: items.map((object) => ({
        Key: object.key,
        LastModified: new Date(object.modifiedAt),
        ETag: object.etag,
        Size: object.body.length,
        StorageClass: 'STANDARD',
      })),
      Name: bucket,
      Prefix: prefix,
      MaxKeys: limit,
      KeyCount: items.length,
      ...(nextToken === undefined ? {} : { NextContinuationToken: nextToken }),
    };
    const encodeKey = query.get('encoding-type') === 'url' ? encodeURIComponent : (key: string) => key;
    const body = xml({
      ListBucketResult: {
        '@_xmlns': 'http://s3.amazonaws.com/doc/2006-03-01/',
        ...output,
        IsTruncated: String(output.IsTruncated),
        ...(query.get('encoding-type') === 'url' ? { EncodingType: 'url' } : {}),
        Contents: output.Contents.map((object) => ({
          ...object,
          Key: encodeKey(object.Key),
          LastModified: object.LastModified.toISOString(),
        })),
      },
    });
    return new RawReply({ status: 200, headers: { 'content-type': 'application/xml' }, body }, output);
  };

const find = (world: World, bucket: string, key: string): StoredObject => {
  const object = world.buckets.get(bucket, key);
  if (object === undefined) throw new Refusal('NoSuchKey', 'The specified key does not exist.');
  return object;
};

const objectHeaders = (object: StoredObject) => ({
  'content-type': object.contentType,
  etag: object.etag,
  'last-modified': new Date(object.modifiedAt).toUTCString(),
  'accept-ranges': 'bytes',
});

const objectOutput = (object: StoredObject) => ({
  ContentType: object.contentType,
  ContentLength: object.body.length,
  ETag: object.etag,
  LastModified: new Date(object.modifiedAt),
});
