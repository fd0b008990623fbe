import { describe, expect, it } from '@jest/globals';
import { only } from '../../e2e/support/scene.ts';
import { nodeGroup } from '../../e2e/support/specs.ts';
import { row } from '../support/results.ts';
import type { ForgedToken } from './support/forge.ts';
import { forgeToken } from './support/forge.ts';
import { refusedTokens } from './support/refusals.ts';
import { expectingRefusals } from './support/rights.ts';
import type { Side } from './support/side.ts';
import { CLUSTER } from './support/side.ts';
import { useSides } from './support/sides.ts';
import type { WebhookRules } from './support/token-webhook.ts';

const ENTRY = 'pod-cleanup';

const sides = useSides({ config: only('podCleanup'), cluster: { nodeGroups: [nodeGroup()] } });

/** What the entry's function would send now, for the forger to start from. */
const soundToken = ({ scene }: Side): ForgedToken => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = scene.account.environment(ENTRY);
  return {
    clusterName: CLUSTER,
    region: scene.account.world.region,
    at: scene.account.clock.now(),
    key: {
      accessKeyId: AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: AWS_SESSION_TOKEN,
    },
  };
};

const statusFor = async ({ request }: Side, token: string): Promise<number> =>
  (await request('GET', '/api/v1/pods?limit=1', { token })).status;

const invoke = async ({ scene }: Side) => {
  const before = scene.verdicts().length;
  const { ok, payload } = await scene.account.invoke(ENTRY, { trigger: 'tick' });
  return { ok, verdicts: scene.verdicts().slice(before), ...(ok ? {} : { payload }) };
};

describe('a token at the API server', () => {
  it('that is sound is its access entry’s user, in its groups, and has its role’s rights alone', async () => {
    const { real } = sides;
    const token = forgeToken(soundToken(real));
    const { status, body } = await real.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      token,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    expect({ status, body }).toMatchObject({
      status: 201,
      body: {
        status: {
          userInfo: {
            username:
              'arn:aws:sts::111122223333:assumed-role/eks-caretaker-pod-cleanup/eks-caretaker-pod-cleanup',
            groups: ['eks-caretaker:pod-cleanup', 'system:authenticated'],
          },
        },
      },
    });
    expect(await statusFor(real, token)).toBe(200);
    const beyond = { entryId: ENTRY, verb: 'list', resource: 'nodes' };
    const { status: refused } = await expectingRefusals(real, beyond, () =>
      real.request('GET', '/api/v1/nodes', { token }),
    );
    expect(refused).toBe(403);
  });

  it.each(refusedTokens)('%s is refused', async (what, change, reason) => {
    const { real, embedded } = sides;
    const statusAt = (side: Side) => statusFor(side, forgeToken(change(soundToken(side))));
    const [there, here] = [await statusAt(real), await statusAt(embedded)];
    expect(there).toBe(401);
    expect(real.webhook.verdicts.at(-1)).toEqual({ refused: expect.stringMatching(reason) });
    row({
      suite: 'bundles',
      behaviour: `A bearer token ${what}`,
      embedded: String(here),
      counterpart: String(there),
      verdict: 'same',
    });
    expect(here).toBe(there);
  });
});

describe('an automation whose token is refused', () => {
  const changes: readonly (readonly [string, (rules: WebhookRules) => Partial<WebhookRules>, RegExp])[] = [
    ['as too old', ({ now }) => ({ now: () => now() + 16 * 60_000 }), /older than 15 minutes/],
    ['as another cluster’s', () => ({ clusterName: 'production' }), /cluster production/],
    ['as a key’s that nobody has', () => ({ keyOf: () => undefined }), /access key/],
    [
      'as a role’s without an access entry',
      () => ({ accessEntryOf: async () => undefined }),
      /no access entry/,
    ],
  ];

  it.each(changes)('%s says so, fails and writes no token down', async (_as, change, reason) => {
    const { real } = sides;
    real.webhook.useRules({ ...real.tokenRules, ...change(real.tokenRules) });
    const { ok, verdicts } = await invoke(real);
    const refusals = real.webhook.verdicts;
    real.webhook.useRules(real.tokenRules);
    // A second one, freshly signed, after the first: it might have been too old on the way.
    expect(refusals).toEqual(Array(2).fill({ refused: expect.stringMatching(reason) }));
    expect(ok).toBe(false);
    expect(verdicts).toMatchObject([
      {
        target: `cluster/${CLUSTER}`,
        action: 'none',
        reason: 'cluster-unreachable',
        detail: { error: expect.stringMatching(/401.*Unauthorized/) },
      },
    ]);
    expect(real.scene.logs().filter((line) => /k8s-aws-v1|X-Amz-Signature|Bearer/.test(line))).toEqual([]);
  });

  it('gets on as soon as the cluster takes it, and signs another before the first is too old', async () => {
    const { real } = sides;
    expect(await invoke(real)).toEqual({ ok: true, verdicts: [] });
    await real.pass(14 * 60 + 10);
    expect(await invoke(real)).toEqual({ ok: true, verdicts: [] });
    const accepted = real.webhook.verdicts.flatMap((verdict) => ('signedAt' in verdict ? [verdict] : []));
    expect(accepted).toHaveLength(real.webhook.verdicts.length);
    const [first, second] = [accepted.at(0)?.signedAt ?? 0, accepted.at(-1)?.signedAt ?? 0];
    expect(second - first).toBeGreaterThanOrEqual(14 * 60_000);
  });
});
