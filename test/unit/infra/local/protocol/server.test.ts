import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { AutoScalingClient, DescribeTagsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { DescribeClusterCommand, EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { awsJson } from '../../../../../infra/local/protocol/aws-json.ts';
import { text } from '../../../../../infra/local/protocol/input.ts';
import { awsQuery, ec2Query } from '../../../../../infra/local/protocol/query.ts';
import { restJson } from '../../../../../infra/local/protocol/rest-json.ts';
import type { Exchange, ProtocolServer } from '../../../../../infra/local/protocol/server.ts';
import { startProtocolServer } from '../../../../../infra/local/protocol/server.ts';
import { ServiceError } from '../../../../../infra/local/protocol/service.ts';
import type { WireTraffic } from '../../../../../infra/local/protocol/wire.ts';
import { WIRE_CHANNEL } from '../../../../../infra/local/protocol/wire.ts';
import { createFakeClock } from '../../../../fixtures/fake-clock.ts';

const noon = Date.UTC(2030, 0, 15, 12);
let server: ProtocolServer;
let exchanges: Exchange[];
let applied: number;

const config = (accessKeyId = 'AKIAKNOWN') => ({
  endpoint: server.endpoint,
  region: 'eu-central-1',
  credentials: { accessKeyId, secretAccessKey: 'secret' },
  maxAttempts: 1,
});

beforeEach(async () => {
  applied = 0;
  exchanges = [];
  server = await startProtocolServer({
    clock: createFakeClock(noon),
    region: 'eu-central-1',
    knowsKey: (key) => key === 'AKIAKNOWN',
    services: [
      restJson('eks', [
        {
          operation: 'DescribeCluster',
          method: 'GET',
          path: '/clusters/{name}',
          run: (input) => {
            applied++;
            if (input.name === 'none')
              throw new ServiceError('ResourceNotFoundException', 'No cluster', 404, { clusterName: 'none' });
            return { cluster: { name: text(input, 'name'), createdAt: new Date(noon) } };
          },
        },
      ]),
      awsJson('ecr', 'AmazonEC2ContainerRegistry_V20150921', {
        DescribeRepositories: (input) => ({
          repositories: [{ repositoryName: String(input.nextToken), createdAt: new Date(noon + 500) }],
        }),
      }),
      awsQuery('autoscaling', 'http://autoscaling.amazonaws.com/doc/2011-01-01/', {
        DescribeTags: (input) => ({
          Tags: [{ Key: JSON.stringify(input), Value: '<&>', PropagateAtLaunch: true }],
        }),
      }),
      ec2Query(
        'ec2',
        {
          DescribeInstances: (input) => ({
            Reservations: [
              {
                Instances: [
                  {
                    InstanceId: JSON.stringify(input),
                    LaunchTime: new Date(noon),
                    State: { Name: 'running', Code: 16 },
                    Tags: [],
                  },
                ],
              },
            ],
          }),
        },
        {
          input: { InstanceId: 'InstanceIds', Filter: 'Filters', Value: 'Values' },
          output: {
            Reservations: 'reservationSet',
            Instances: 'instancesSet',
            'Instances.State': 'instanceState',
            Tags: 'tagSet',
          },
        },
      ),
    ],
  });
  server.onExchange((exchange) => {
    exchanges.push(exchange);
  });
});

afterEach(async () => {
  await server.close();
});

describe('one endpoint, services told apart by the credential scope', () => {
  it('speaks REST JSON', async () => {
    const { cluster } = await new EKSClient(config()).send(
      new DescribeClusterCommand({ name: 'my cluster/1' }),
    );
    expect(cluster).toMatchObject({ name: 'my cluster/1', createdAt: new Date(noon) });
  });

  it('speaks JSON with a target header, with fractions of seconds', async () => {
    const { repositories } = await new ECRClient(config()).send(
      new DescribeRepositoriesCommand({ nextToken: 'next' }),
    );
    expect(repositories).toEqual([{ repositoryName: 'next', createdAt: new Date(noon + 500) }]);
  });

  it('speaks query: nested lists in, escaped XML out', async () => {
    const { Tags } = await new AutoScalingClient(config()).send(
      new DescribeTagsCommand({ Filters: [{ Name: 'key', Values: ['a', 'b'] }], MaxRecords: 7 }),
    );
    expect(JSON.parse(Tags?.[0]?.Key ?? '')).toEqual({
      Filters: [{ Name: 'key', Values: ['a', 'b'] }],
      MaxRecords: '7',
    });
    expect(Tags?.[0]).toMatchObject({ Value: '<&>', PropagateAtLaunch: true });
  });

  it('speaks EC2: lists by their singular, element names of its own', async () => {
    const { Reservations } = await new EC2Client(config()).send(
      new DescribeInstancesCommand({
        InstanceIds: ['i-1', 'i-2'],
        Filters: [{ Name: 'tag:a', Values: ['x', 'y'] }],
      }),
    );
    const instance = Reservations?.[0]?.Instances?.[0];
    expect(JSON.parse(instance?.InstanceId ?? '')).toEqual({
      InstanceIds: ['i-1', 'i-2'],
      Filters: [{ Name: 'tag:a', Values: ['x', 'y'] }],
    });
    expect(instance).toMatchObject({ LaunchTime: new Date(noon), State: { Name: 'running', Code: 16 } });
  });

  it('keeps the world’s date, so that no client corrects its clock by the machine’s', async () => {
    const response = await fetch(server.endpoint);
    expect(response.headers.get('date')).toBe(new Date(noon).toUTCString());
  });
});

describe('refusals', () => {
  it('gives a modelled error with its members', async () => {
    await expect(
      new EKSClient(config()).send(new DescribeClusterCommand({ name: 'none' })),
    ).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      clusterName: 'none',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('says which operation is not implemented', async () => {
    await expect(new EKSClient(config()).send(new ListClustersCommand({}))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('GET /clusters of eks'),
      $metadata: { httpStatusCode: 501 },
    });
  });

  it.each([
    [
      'eks',
      () => new EKSClient(config('AKIASTRANGER')).send(new ListClustersCommand({})),
      'UnrecognizedClientException',
    ],
    [
      'autoscaling',
      () => new AutoScalingClient(config('AKIASTRANGER')).send(new DescribeTagsCommand({})),
      'InvalidClientTokenId',
    ],
    [
      'ec2',
      () => new EC2Client(config('AKIASTRANGER')).send(new DescribeInstancesCommand({})),
      'AuthFailure',
    ],
  ])('does not know a stranger’s access key (%s)', async (_service, call, code) => {
    await expect(call()).rejects.toMatchObject({ name: code });
    expect(exchanges).toEqual([]);
  });

  it('is in one region only', async () => {
    const client = new EKSClient({ ...config(), region: 'us-east-1' });
    await expect(client.send(new ListClustersCommand({}))).rejects.toThrow(/eu-central-1, not us-east-1/);
  });
});

describe('faults and records', () => {
  const describeIt = () => new EKSClient(config()).send(new DescribeClusterCommand({ name: 'a' }));

  it('answers an error once, without carrying the call out', async () => {
    server.failNext('eks', 'DescribeCluster', { code: 'ThrottlingException', status: 429 });
    await expect(describeIt()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(applied).toBe(0);
    await expect(describeIt()).resolves.toMatchObject({ cluster: { name: 'a' } });
  });

  it.each([
    ['reset', 0],
    ['reset-after-apply', 1],
  ] as const)('%s cuts the connection with %d calls carried out', async (fault, count) => {
    server.failNext('eks', 'DescribeCluster', fault);
    await expect(describeIt()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(applied).toBe(count);
    expect(server.activeRequests).toBe(0);
  });

  it('a call that hangs is not counted as work', async () => {
    server.failNext('eks', 'DescribeCluster', 'hang');
    const abort = new AbortController();
    const pending = new EKSClient(config()).send(new DescribeClusterCommand({ name: 'a' }), {
      abortSignal: abort.signal,
    });
    const failure = expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    expect(server.activeRequests).toBe(0);
    abort.abort();
    await failure;
    expect(applied).toBe(0);
  });

  it('records each exchange in the names of the service model', async () => {
    await describeIt();
    await new EKSClient(config())
      .send(new DescribeClusterCommand({ name: 'none' }))
      .catch((error: Error) => error);
    expect(exchanges).toEqual([
      {
        service: 'eks',
        operation: 'DescribeCluster',
        accessKeyId: 'AKIAKNOWN',
        input: { name: 'a' },
        status: 200,
        output: { cluster: { name: 'a', createdAt: new Date(noon) } },
        wire: expect.anything(),
      },
      {
        service: 'eks',
        operation: 'DescribeCluster',
        accessKeyId: 'AKIAKNOWN',
        input: { name: 'none' },
        status: 404,
        error: { code: 'ResourceNotFoundException', message: 'No cluster' },
        wire: expect.anything(),
      },
    ]);
  });

  it('records the bytes of each exchange, whatever was answered', async () => {
    await describeIt();
    server.failNext('eks', 'DescribeCluster', { code: 'ClientException', status: 400, message: 'so' });
    await expect(describeIt()).rejects.toMatchObject({ name: 'ClientException' });
    const [answered, refused] = exchanges.map(({ wire }) => wire);
    expect(answered?.request).toMatchObject({ method: 'GET', path: '/clusters/a', query: '' });
    expect(answered?.response).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', 'x-amzn-requestid': expect.any(String) },
    });
    expect(JSON.parse(String(answered?.response.body))).toEqual({
      cluster: { name: 'a', createdAt: noon / 1000 },
    });
    expect(refused?.response).toMatchObject({
      status: 400,
      headers: { 'x-amzn-errortype': 'ClientException' },
    });
    expect(JSON.parse(String(refused?.response.body))).toEqual({ message: 'so' });
  });
});

describe('the channel of the wire', () => {
  const told: WireTraffic[] = [];
  const listen = (message: unknown) => {
    told.push(message as WireTraffic);
  };

  beforeEach(() => {
    told.length = 0;
    subscribe(WIRE_CHANNEL, listen);
  });

  afterEach(() => {
    unsubscribe(WIRE_CHANNEL, listen);
  });

  const ask = (accessKeyId?: string) =>
    new EKSClient(config(accessKeyId))
      .send(new DescribeClusterCommand({ name: 'a' }), { abortSignal: AbortSignal.timeout(200) })
      .then(
        () => 'answered',
        () => 'failed',
      );

  it('is told each call once, with its answer', async () => {
    await ask();
    expect(told).toMatchObject([
      {
        endpoint: server.endpoint,
        accessKeyId: 'AKIAKNOWN',
        service: 'eks',
        operation: 'DescribeCluster',
        request: { path: '/clusters/a' },
        response: { status: 200 },
      },
    ]);
    expect(told[0]?.request.headers).not.toHaveProperty('authorization');
  });

  it.each(['reset', 'reset-after-apply', 'hang'] as const)(
    'is told of a request that %s leaves without an answer',
    async (fault) => {
      server.failNext('eks', 'DescribeCluster', fault);
      expect(await ask()).toBe('failed');
      expect(told).toMatchObject([{ operation: 'DescribeCluster', request: { path: '/clusters/a' } }]);
      expect(told[0]).not.toHaveProperty('response');
    },
  );

  it('is told of a stranger’s request, and of one that is not implemented', async () => {
    await ask('AKIASTRANGER');
    await new EKSClient(config()).send(new ListClustersCommand({})).catch((error: Error) => error);
    expect(told.map(({ operation, response }) => [operation, response?.status])).toEqual([
      [undefined, 403],
      [undefined, 501],
    ]);
  });
});
