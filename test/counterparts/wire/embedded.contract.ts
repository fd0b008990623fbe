import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseConfig } from '../../../infra/load-config.ts';
import type { Account } from '../../../infra/local/account.ts';
import { startAccount } from '../../../infra/local/account.ts';
import type { Exchange } from '../../../infra/local/protocol/server.ts';
import { bundlesFor } from '../../e2e/support/bundles.ts';
import { clusterSpec, nodeGroup, START, selfManagedGroup, worldSpec } from '../../e2e/support/specs.ts';
import { row } from '../support/results.ts';
import { counterpart } from '../support/variables.ts';
import { computeCalls } from './calls/compute.ts';
import { eksCalls } from './calls/eks.ts';
import { imageCalls } from './calls/images.ts';
import { messageCalls } from './calls/messages.ts';
import { storageCalls } from './calls/storage.ts';
import { commonErrorsOf } from './common-errors.ts';
import type { Undeclared } from './error-rows.ts';
import { errorRows } from './error-rows.ts';
import type { ServiceModel } from './model.ts';
import { loadModel } from './model.ts';
import type { CallContext } from './sdk.ts';
import { createClients } from './sdk.ts';
import type { Checked } from './validate.ts';
import { checkExchange } from './validate.ts';

const digest = (character: string): string => `sha256:${character.repeat(64)}`;
const DAY_MS = 86_400_000;

const spec = worldSpec({
  clusters: [
    clusterSpec({
      nodeGroups: ['web', 'batch', 'old'].map((name) =>
        nodeGroup({ name, ...(name === 'old' ? { version: '1.33' } : {}) }),
      ),
      selfManagedGroups: [
        selfManagedGroup({
          name: 'own',
          terminateHook: 'drain',
          scheduledActions: [{ name: 'night', recurrence: '0 20 * * 1-5', desired: 0 }],
        }),
      ],
      insights: [
        {
          name: 'Deprecated APIs removed in Kubernetes v1.35',
          status: 'ERROR',
          reason: 'Deprecated API usage detected within last 30 days.',
          deprecations: [
            {
              usage: '/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas',
              replacedWith: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
              stopServingVersion: '1.35',
              userAgent: 'kubectl',
              requestsLast30Days: 3,
              lastRequestAt: START - DAY_MS,
            },
          ],
        },
      ],
    }),
  ],
  repositories: [
    {
      name: 'shop/cart',
      scanOnPush: true,
      images: [
        {
          digest: digest('a'),
          tags: ['1.0'],
          pushedAt: START - 2 * DAY_MS,
          findings: [
            {
              name: 'CVE-2026-10001',
              severity: 'HIGH',
              packageName: 'openssl',
              packageVersion: '3.0.1',
              knownFrom: 0,
            },
          ],
        },
        {
          digest: digest('b'),
          tags: [],
          pushedAt: START - DAY_MS,
          findings: [],
          children: [{ digest: digest('a'), architecture: 'amd64' }],
        },
      ],
    },
    {
      name: 'shop/old',
      scanOnPush: false,
      images: [{ digest: digest('c'), tags: [], pushedAt: START - DAY_MS, findings: [], archived: true }],
    },
  ],
});

let account: Account;
let context: CallContext;
let ends: (() => void | Promise<void>)[] = [];
const exchanges: Exchange[] = [];
const undeclared: Undeclared[] = [];
const violations = new Map<string, number>();
const models = new Map<string, ServiceModel>();

beforeAll(async () => {
  const config = parseConfig('version: 1\nmode: act\nclusters:\n  - name: staging\n', 'caretaker.yaml');
  const bundles = await bundlesFor(config);
  account = await startAccount({ spec, bundles, config, schedules: false });
  const as = createClients(account.admin);
  const cleanup = account.environment('pod-cleanup');
  const asCleanup = createClients(cleanup);
  // What the calls set off makes our functions ask as well, at some time, under keys of their own.
  const ours = [account.admin.AWS_ACCESS_KEY_ID, cleanup.AWS_ACCESS_KEY_ID];
  account.onExchange((exchange) => {
    if (ours.includes(exchange.accessKeyId)) exchanges.push(exchange);
  });
  context = { as, asCleanup, account };
  ends = [as.destroy, asCleanup.destroy, account.close];
}, 180_000);

afterAll(async () => {
  for (const end of ends) await end();
});

const modelOf = (service: string): ServiceModel => {
  const model = models.get(service) ?? loadModel(counterpart('BOTOCORE_DATA'), service);
  models.set(service, model);
  return model;
};

const check = ({ service, wire }: Exchange): Checked =>
  checkExchange(modelOf(service), wire, commonErrorsOf(service));

const calls = [...eksCalls, ...computeCalls, ...imageCalls, ...messageCalls, ...storageCalls].map((one) => ({
  ...one,
  ending: one.error ?? 'its answer',
}));

describe('what the embedded account answers to the SDK, beyond what our functions ask', () => {
  it.each(calls)('$name: $ending is as the model says', async ({ name, error, make }) => {
    const before = exchanges.length;
    const made = make(context);
    if (error === undefined) await made;
    else await expect(made).rejects.toMatchObject({ name: error });
    const [service = ''] = name.split(' ');
    const seen = exchanges.slice(before).filter(({ service: asked }) => asked === service);
    const checked = seen.map(check).find(({ operation }) => `${service} ${operation}` === name);
    // A call that has to be refused may be wrong by the model already.
    const problems = checked?.problems.filter(({ side }) => side === 'response' || error === undefined);
    violations.set(service, (violations.get(service) ?? 0) + (problems?.length ?? 0));
    expect([checked?.operation, problems]).toEqual([name.split(' ')[1], []]);
    if (checked?.commonError !== undefined)
      undeclared.push({ service, operation: name.split(' ')[1] ?? '', code: checked.commonError });
  });

  it('is checked over every service', () => {
    const answered = new Map<string, Set<string>>();
    for (const { service, operation } of exchanges)
      answered.set(service, (answered.get(service) ?? new Set()).add(operation));
    for (const [service, operations] of answered)
      row({
        suite: 'wire',
        behaviour: `${service}, asked by the SDK: ${[...operations].sort().join(', ')}`,
        embedded: `${operations.size} operations, violations ${violations.get(service)}`,
        counterpart: `model of ${modelOf(service).metadata.apiVersion}`,
        verdict: 'same',
      });
    errorRows('errors that the SDK is answered', undeclared);
    expect([...answered.keys()].sort()).toEqual(
      [...new Set(calls.map(({ name }) => name.split(' ')[0]))].sort(),
    );
  });
});
