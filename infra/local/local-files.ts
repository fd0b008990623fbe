import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Account } from './account.ts';
import type { DeployedEntry } from './deployment.ts';
import type { AwsEvent, NewEvent } from './world/events.ts';
import { envelope, imageScanCompleted, spotInterruption } from './world/events.ts';
import { administrator } from './world/principals.ts';
import { nextMinor } from './world/versions.ts';

/** Everything that somebody needs to call the account by hand, as files in one folder. */
export interface LocalFiles {
  /** `admin.env`: the administrator's variables, and where the deployment's table is. */
  readonly admin: string;
  /** `<entry>.env` by entry id. */
  readonly environments: ReadonlyMap<string, string>;
  /** A fixture event for each entry that can be called by hand, with things of this world in it. */
  readonly events: ReadonlyMap<string, string>;
  /** The spot warning as it lies in the queue. */
  readonly message: string | undefined;
  /** `<cluster>.kubeconfig` by cluster. */
  readonly kubeconfigs: ReadonlyMap<string, string>;
}

/** Replaced at the call: a warning that is minutes old is not acted on. */
const NOW = '{{now}}';
const ID = '{{id}}';
const OWNER_ONLY = 0o600;

export const variablesOf = (account: Account, entry: DeployedEntry) => account.environment(entry.entry.id);

export const adminVariables = ({ admin, deployment }: Account): Readonly<Record<string, string>> => ({
  ...admin,
  CARETAKER_TABLE: deployment.names.table,
});

/** Writes them all, overwriting what an earlier run left. Environment and kubeconfig are for their owner alone. */
export const writeLocalFiles = (account: Account, folder: string): LocalFiles => {
  const eventFolder = join(folder, 'events');
  mkdirSync(eventFolder, { recursive: true });
  const environment = (name: string, variables: Readonly<Record<string, string>>) =>
    write(join(folder, `${name}.env`), lines(variables));
  const event = (name: string, value: object) =>
    write(join(eventFolder, `${name}.json`), `${JSON.stringify(value, null, 2)}\n`);
  const warning = spotWarning(account);
  return {
    admin: environment('admin', adminVariables(account)),
    environments: new Map(
      account.deployment.entries.map((one) => [
        one.entry.id,
        environment(one.entry.id, variablesOf(account, one)),
      ]),
    ),
    events: new Map(
      account.deployment.entries.flatMap(({ entry: { id, trigger } }) => {
        const value = trigger.kind === 'tick' ? trigger.input : eventFor(account, id);
        return value === undefined ? [] : [[id, event(id, value)] as const];
      }),
    ),
    message: warning === undefined ? undefined : event('spot-warning', warning),
    kubeconfigs: writeKubeconfigs(account, folder),
  };
};

const lines = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

const write = (file: string, text: string): string => {
  writeFileSync(file, text, { mode: OWNER_ONLY });
  return file;
};

/** With a token that holds for as long as the account runs, so that kubectl needs no AWS CLI. */
const writeKubeconfigs = ({ world }: Account, folder: string): ReadonlyMap<string, string> => {
  const token = `local-${randomBytes(24).toString('base64url')}`;
  world.principals.set(administrator.accessKeyId, { ...administrator, bearerToken: token });
  return new Map(
    [...world.clusters.values()].map(({ name, kubernetes }) => [
      name,
      write(
        join(folder, `${name}.kubeconfig`),
        stringify(
          {
            apiVersion: 'v1',
            kind: 'Config',
            clusters: [
              {
                name,
                cluster: {
                  server: kubernetes.endpoint,
                  'certificate-authority-data': kubernetes.certificateAuthority,
                },
              },
            ],
            users: [{ name: 'administrator', user: { token } }],
            contexts: [{ name, context: { cluster: name, user: 'administrator' } }],
            'current-context': name,
          },
          { lineWidth: 0 },
        ),
      ),
    ]),
  );
};

const stamped = ({ world }: Account, event: NewEvent): AwsEvent => ({
  ...envelope(event, { accountId: world.accountId, region: world.region, now: 0, id: ID }),
  time: NOW,
});

/** Of the first cluster that has one. */
const spotInstance = ({ world }: Account) =>
  world.instances.all().find(({ spot, state }) => spot && state === 'running');

const spotWarning = (account: Account): AwsEvent | undefined => {
  const instance = spotInstance(account);
  return instance === undefined
    ? undefined
    : stamped(account, spotInterruption(instance.id, instance.subnet.zone));
};

const eventFor = (account: Account, entryId: string): object | undefined => {
  switch (entryId) {
    case 'spot-drain':
      return queueEvent(account);
    case 'spot-drain-worker':
      return drainOrder(account);
    case 'ecr-rescan-findings':
      return scanEvent(account);
    case 'cluster-upgrade-plan': {
      const [cluster] = account.world.clusters.values();
      return cluster === undefined
        ? undefined
        : { action: 'plan', cluster: cluster.name, version: nextMinor(cluster.version) };
    }
    default:
      return undefined; // a durable function is started by an invocation alone
  }
};

/** What Lambda's poller hands over. Source: Lambda developer guide, "Using Lambda with Amazon SQS". */
const queueEvent = (account: Account): object | undefined => {
  const warning = spotWarning(account);
  return warning === undefined
    ? undefined
    : {
        Records: [
          {
            messageId: ID,
            receiptHandle: 'by-hand',
            body: JSON.stringify(warning),
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: String(account.clock.now()),
              SenderId: 'AIDAIENQZJOLO23YVJ4VO',
              ApproximateFirstReceiveTimestamp: String(account.clock.now()),
            },
            messageAttributes: {},
            md5OfBody: '',
            eventSource: 'aws:sqs',
            eventSourceARN: account.deployment.scope.queueArn,
            awsRegion: account.world.region,
          },
        ],
      };
};

/** What the intake hands to the worker; the worker wants the record that the intake wrote before. */
const drainOrder = (account: Account): object | undefined => {
  const instance = spotInstance(account);
  if (instance === undefined) return undefined;
  const cluster = account.world.clusters.get(instance.clusterName);
  const node = cluster?.kubernetes.objects
    .list('nodes')
    .find(({ spec }) => (spec as { providerID?: string } | undefined)?.providerID?.endsWith(instance.id));
  return node === undefined
    ? undefined
    : {
        kind: 'drain',
        cluster: instance.clusterName,
        nodes: [{ instanceId: instance.id, nodeUid: node.metadata.uid }],
      };
};

const scanEvent = (account: Account): object | undefined => {
  const { accountId, region, spec } = account.world;
  const [repository] = spec.repositories;
  const [image] = repository?.images ?? [];
  return repository === undefined || image === undefined
    ? undefined
    : stamped(
        account,
        imageScanCompleted({
          repositoryName: repository.name,
          repositoryArn: `arn:aws:ecr:${region}:${accountId}:repository/${repository.name}`,
          digest: image.digest,
          tags: image.tags,
          severityCounts: {},
        }),
      );
};
