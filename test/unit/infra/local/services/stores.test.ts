import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestAccount } from '../support/account.ts';
import { startTestAccount } from '../support/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await startTestAccount({ ...(await import('../support/specs.ts')).worldSpec, clusters: [] });
});
afterEach(() => account.close());

describe('S3', () => {
  it('keeps objects and finds them by prefix', async () => {
    account.world.buckets.create('keep');
    const s3 = new S3Client(account.client);
    for (const Key of ['plans/a b.json', 'plans/c.json', 'other'])
      await s3.send(
        new PutObjectCommand({
          Bucket: 'keep',
          Key,
          Body: `{"key":"${Key}"}`,
          ContentType: 'application/json',
        }),
      );
    const { Body, ContentType } = await s3.send(
      new GetObjectCommand({ Bucket: 'keep', Key: 'plans/a b.json' }),
    );
    expect(await Body?.transformToString()).toBe('{"key":"plans/a b.json"}');
    expect(ContentType).toBe('application/json');
    const first = await s3.send(new ListObjectsV2Command({ Bucket: 'keep', Prefix: 'plans/', MaxKeys: 1 }));
    expect(first).toMatchObject({ IsTruncated: true, Contents: [{ Key: 'plans/a b.json' }] });
    const second = await s3.send(
      new ListObjectsV2Command({
        Bucket: 'keep',
        Prefix: 'plans/',
        ContinuationToken: first.NextContinuationToken,
      }),
    );
    expect(second).toMatchObject({ IsTruncated: false, Contents: [{ Key: 'plans/c.json' }] });
    await s3.send(new DeleteObjectCommand({ Bucket: 'keep', Key: 'other' }));
    await expect(s3.send(new HeadObjectCommand({ Bucket: 'keep', Key: 'other' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('refuses what is not there and what was there first', async () => {
    account.world.buckets.create('keep');
    const s3 = new S3Client(account.client);
    await expect(s3.send(new GetObjectCommand({ Bucket: 'keep', Key: 'x' }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    await expect(s3.send(new GetObjectCommand({ Bucket: 'none', Key: 'x' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
    const once = () =>
      s3.send(new PutObjectCommand({ Bucket: 'keep', Key: 'x', Body: '1', IfNoneMatch: '*' }));
    await once();
    await expect(once()).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });
});

describe('SNS', () => {
  it('publishes to topics that exist, singly and in batches', async () => {
    const TopicArn = account.world.topics.create('people');
    const sns = new SNSClient(account.client);
    await sns.send(
      new PublishCommand({
        TopicArn,
        Subject: 'Hello',
        Message: 'a <b> & c',
        MessageAttributes: { cluster: { DataType: 'String', StringValue: 'staging' } },
      }),
    );
    const { Failed, Successful } = await sns.send(
      new PublishBatchCommand({
        TopicArn,
        PublishBatchRequestEntries: [
          { Id: '1', Message: 'one' },
          { Id: '2', Message: 'two', Subject: 'x'.repeat(101) },
        ],
      }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(['1']);
    expect(Failed).toMatchObject([{ Id: '2', Code: 'InvalidParameter', SenderFault: true }]);
    expect(account.world.topics.published).toMatchObject([
      { topicArn: TopicArn, subject: 'Hello', message: 'a <b> & c', attributes: { cluster: 'staging' } },
      { message: 'one' },
    ]);
  });

  it.each([
    ['Größe ☃', undefined],
    ['x'.repeat(100), undefined],
    ['x'.repeat(101), 'InvalidParameterException'],
    ['two\nlines', 'InvalidParameterException'],
    ['', 'InvalidParameterException'],
  ])('with the subject "%s": %s', async (Subject, name) => {
    const TopicArn = account.world.topics.create('people');
    const call = new SNSClient(account.client).send(
      new PublishCommand({ TopicArn, Subject, Message: 'text' }),
    );
    await expect(
      call.then(
        () => undefined,
        (error: Error) => error.name,
      ),
    ).resolves.toBe(name);
  });

  it('does not know another topic', async () => {
    const call = new SNSClient(account.client).send(
      new PublishCommand({ TopicArn: 'arn:aws:sns:eu-central-1:111122223333:none', Message: 'x' }),
    );
    await expect(call).rejects.toMatchObject({ name: 'NotFoundException' });
  });
});

describe('SSM', () => {
  const standard = '/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended';

  it('knows the recommended images of a version, and which names it does not know', async () => {
    const ssm = new SSMClient(account.client);
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: `${standard}/release_version` }));
    expect(Parameter).toMatchObject({ Value: '1.35.4-20261106', Type: 'String' });
    const al2 = '/aws/service/eks/optimized-ami/1.33/amazon-linux-2/recommended/image_id';
    const { Parameters, InvalidParameters } = await ssm.send(
      new GetParametersCommand({ Names: [`${standard}/image_id`, al2] }),
    );
    expect(Parameters?.map(({ Value }) => Value)).toEqual([expect.stringMatching(/^ami-0[0-9a-f]{16}$/)]);
    expect(InvalidParameters).toEqual([al2]);
    await expect(ssm.send(new GetParameterCommand({ Name: al2 }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  });

  it('lists what is below a path', async () => {
    const { Parameters } = await new SSMClient(account.client).send(
      new GetParametersByPathCommand({ Path: standard }),
    );
    expect(Parameters?.map(({ Name }) => Name?.split('/').at(-1)).sort()).toEqual([
      'image_id',
      'image_name',
      'release_version',
    ]);
  });
});
