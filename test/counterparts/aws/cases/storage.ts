import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetParameterCommand, GetParametersByPathCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import { createBlobStore } from '../../../../shared/aws/s3.ts';
import { getParameter } from '../../../../shared/aws/ssm.ts';
import type { Case } from '../comparison.ts';
import { attempt } from '../comparison.ts';
import type { Side } from '../side.ts';
import { BUCKET, STACK } from '../world.ts';

const UNKNOWN_PARAMETER = '/aws/service/nobody';

export const ssmCases: readonly Case[] = [
  {
    behaviour: 'getParameter: the image of a public parameter; undefined where there is none',
    run: async ({ clients, drawn }) => [
      await getParameter(clients.ssm, drawn.parameters.name),
      await getParameter(clients.ssm, UNKNOWN_PARAMETER),
    ],
  },
  {
    behaviour: 'GetParameter: the members of a public parameter',
    differs: {
      documented: {
        ARN: 'arn:aws:ssm:eu-central-1::parameter<public parameter>',
        DataType: 'text',
        LastModifiedDate: '<time>',
        Name: '<public parameter>',
        Type: 'String',
        Value: '<image>',
        Version: true,
      },
      because:
        'moto puts the account into the ARN; public parameters belong to none (Systems Manager user guide, "Calling AMI public parameters": arn:aws:ssm:REGION::parameter/aws/service/...)',
    },
    run: async ({ clients, drawn }) => {
      const { Parameter } = await clients.ssm.send(new GetParameterCommand({ Name: drawn.parameters.name }));
      return { ...Parameter, Version: (Parameter?.Version ?? 0) > 0 };
    },
  },
  {
    behaviour: 'GetParameter of a name that is not there',
    run: ({ clients }) => clients.ssm.send(new GetParameterCommand({ Name: UNKNOWN_PARAMETER })),
  },
  {
    behaviour: 'GetParameters: found ones, and the names of the others',
    run: async ({ clients, drawn }) => {
      const { Parameters = [], InvalidParameters } = await clients.ssm.send(
        new GetParametersCommand({ Names: [drawn.parameters.name, UNKNOWN_PARAMETER] }),
      );
      return [Parameters.map(({ Name, Value }) => [Name, Value]), InvalidParameters];
    },
  },
  {
    behaviour: 'GetParameters of 11 names',
    run: ({ clients }) =>
      clients.ssm.send(
        new GetParametersCommand({ Names: Array.from({ length: 11 }, (_, index) => `/name-${index}`) }),
      ),
  },
  {
    behaviour: 'GetParametersByPath in pages of two: all are below the path, each once, ours among them',
    run: async ({ clients, drawn }) => {
      const names: string[] = [];
      const sizes = new Set<number>();
      let NextToken: string | undefined;
      do {
        const page = await clients.ssm.send(
          new GetParametersByPathCommand({ Path: drawn.parameters.path, MaxResults: 2, NextToken }),
        );
        names.push(...(page.Parameters ?? []).map(({ Name = '' }) => Name));
        if (page.NextToken !== undefined) sizes.add(page.Parameters?.length ?? 0);
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return {
        below: names.every((name) => name.startsWith(`${drawn.parameters.path}/`)),
        once: new Set(names).size === names.length,
        ours: names.includes(drawn.parameters.name),
        sizes: [...sizes],
      };
    },
  },
  {
    behaviour: 'GetParametersByPath below a path that is not there: nothing, no error',
    run: async ({ clients }) =>
      (await clients.ssm.send(new GetParametersByPathCommand({ Path: '/aws/service/nobody' }))).Parameters,
  },
];

const put = ({ clients }: Side, Key: string, Body: string, more: object = {}) =>
  clients.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));

export const s3Cases: readonly Case[] = [
  {
    behaviour: 'BlobStore.put and get: what was put, keys with slashes and blanks too',
    run: async ({ clients }) => {
      const blobs = createBlobStore(clients.s3, BUCKET);
      await blobs.put('plans/shop 1/ü+%.json', '{"a":"☃"}', 'application/json');
      return blobs.get('plans/shop 1/ü+%.json');
    },
  },
  {
    behaviour: 'BlobStore.put over an object: the last one is there',
    run: async ({ clients }) => {
      const blobs = createBlobStore(clients.s3, BUCKET);
      await blobs.put('over', 'first', 'text/plain');
      await blobs.put('over', 'second', 'text/plain');
      return blobs.get('over');
    },
  },
  {
    behaviour: 'BlobStore.get of a key that is not there: undefined',
    run: ({ clients }) => createBlobStore(clients.s3, BUCKET).get('nobody'),
  },
  {
    behaviour: 'BlobStore.get and put in a bucket that is not there',
    run: async ({ clients }) => {
      const blobs = createBlobStore(clients.s3, 'caretaker-nobody');
      return [await attempt(() => blobs.get('a')), await attempt(() => blobs.put('a', 'b', 'text/plain'))];
    },
  },
  {
    behaviour: 'GetObject and HeadObject of a key that is not there',
    run: async ({ clients }) => [
      await attempt(() => clients.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'nobody' }))),
      await attempt(() => clients.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'nobody' }))),
    ],
  },
  {
    behaviour: 'HeadObject: length, type, entity tag',
    run: async (side) => {
      const sent = await put(side, 'head', 'hello', { ContentType: 'text/x-test' });
      const head = await side.clients.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'head' }));
      return [sent.ETag, head.ETag, head.ContentLength, head.ContentType, head.LastModified];
    },
  },
  {
    behaviour: 'PutObject only where there is none (If-None-Match), or only over a version (If-Match)',
    run: async (side) => {
      const { ETag } = await put(side, 'once', 'first', { IfNoneMatch: '*' });
      return [
        await attempt(() => put(side, 'once', 'second', { IfNoneMatch: '*' })),
        await attempt(() => put(side, 'once', 'third', { IfMatch: '"0123456789abcdef0123456789abcdef"' })),
        await attempt(
          async () => (await put(side, 'once', 'fourth', { IfMatch: ETag })).$metadata.httpStatusCode,
        ),
      ];
    },
  },
  {
    behaviour: 'ListObjectsV2 below a prefix in pages of two',
    run: async (side) => {
      for (const name of ['c', 'a', 'b/1']) await put(side, `list/${name}`, name);
      const pages: unknown[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await side.clients.s3.send(
          new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'list/', MaxKeys: 2, ContinuationToken }),
        );
        pages.push([page.Contents?.map(({ Key, Size }) => [Key, Size]), page.KeyCount, page.IsTruncated]);
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return pages;
    },
  },
  {
    behaviour: 'DeleteObject, twice',
    run: async (side) => {
      await put(side, 'gone', 'x');
      const remove = async () =>
        (await side.clients.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'gone' }))).$metadata
          .httpStatusCode;
      return [await remove(), await remove(), await createBlobStore(side.clients.s3, BUCKET).get('gone')];
    },
  },
];

export const cloudFormationCases: readonly Case[] = [
  {
    behaviour: 'DescribeStacks: the outputs of the stack',
    run: async ({ clients }) => {
      const { Stacks = [] } = await clients.cloudFormation.send(
        new DescribeStacksCommand({ StackName: STACK.name }),
      );
      return Stacks.map(({ StackName, StackStatus, Outputs, CreationTime }) => ({
        StackName,
        StackStatus,
        Outputs: Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
        CreationTime,
      }));
    },
  },
  {
    behaviour: 'DescribeStacks of a stack that is not there',
    run: ({ clients }) => clients.cloudFormation.send(new DescribeStacksCommand({ StackName: 'nobody' })),
  },
];
