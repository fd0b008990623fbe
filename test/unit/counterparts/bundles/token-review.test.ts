import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { signToken } from '../../../../shared/kubernetes/token.ts';
import type { ForgedToken } from '../../../counterparts/bundles/support/forge.ts';
import { forgeToken } from '../../../counterparts/bundles/support/forge.ts';
import { refusedTokens } from '../../../counterparts/bundles/support/refusals.ts';
import { reviewToken } from '../../../counterparts/bundles/support/token-review.ts';

const NOW = Date.parse('2026-11-21T12:07:52Z');
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const session = { ...credentials, sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE/+==' };
const sound: ForgedToken = { clusterName: 'staging', region: 'eu-central-1', key: session, at: NOW };

const review = (token: string, options: { now?: number; key?: typeof credentials; region?: string } = {}) => {
  const { accessKeyId, ...key } = options.key ?? session;
  return reviewToken(token, {
    clusterName: 'staging',
    region: options.region ?? 'eu-central-1',
    now: options.now ?? NOW,
    keyOf: (asked) => (asked === accessKeyId ? key : undefined),
  });
};
const accepted = { accessKeyId: 'AKIDEXAMPLE', signedAt: NOW };
const encoded = (url: string) => `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;

/** What `aws eks get-token` (AWS CLI 1.46) made with these credentials at that second. */
const OF_THE_AWS_CLI =
  'https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Feu-central-1%2Fsts%2Faws4_request&X-Amz-Date=20261121T120752Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=b6d40947e66e96f2252040348754c0bfa24485b9dccd7d23e8cdddfe0dec8d70';

describe('the test’s review of a token', () => {
  it('accepts the one that the AWS CLI makes', () => {
    expect(review(encoded(OF_THE_AWS_CLI), { key: credentials })).toEqual(accepted);
  });

  it.each(['eu-central-1', 'us-gov-west-1', 'cn-north-1'])('accepts the product’s in %s', async (region) => {
    const token = await signToken({ cluster: 'staging', region, credentials: session, now: NOW });
    expect(review(token, { region })).toEqual(accepted);
  });

  it('accepts one that is forged without a flaw, so that the flaws below are what is refused', () => {
    expect(review(forgeToken(sound))).toEqual(accepted);
  });

  it.each([
    [0, true],
    [15 * 60, true],
    [15 * 60 + 1, false],
    [-5 * 60, true],
    [-5 * 60 - 1, false],
  ])('%i seconds after it was signed: accepted %s', (seconds, is) => {
    const verdict = review(forgeToken(sound), { now: NOW + seconds * 1000 });
    expect('accessKeyId' in verdict).toBe(is);
  });

  it.each(refusedTokens)('refuses one %s', (_what, change, reason) => {
    expect(review(forgeToken(change(sound)))).toEqual({ refused: expect.stringMatching(reason) });
  });

  it.each([
    ['nothing', '', /begin/],
    ['another kind of token', 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln', /begin/],
    ['padding', `${encoded(OF_THE_AWS_CLI)}==`, /base64url/],
    ['no URL', encoded('GetCallerIdentity'), /no URL/],
    ['http', encoded(OF_THE_AWS_CLI.replace('https', 'http')), /https/],
    ['no date', encoded(OF_THE_AWS_CLI.replace('20261121T120752Z', 'today')), /X-Amz-Date/],
  ])('refuses %s', (_what, token, reason) => {
    expect(review(token)).toEqual({ refused: expect.stringMatching(reason) });
  });

  it('refuses whatever one character of the request was changed', () => {
    const url = Buffer.from(forgeToken(sound).slice('k8s-aws-v1.'.length), 'base64url').toString();
    // `%2f` and `%2F` are the same request.
    const same = (changed: string) =>
      URL.canParse(changed) &&
      new URL(changed).searchParams.toString() === new URL(url).searchParams.toString();
    fc.assert(
      fc.property(fc.nat(url.length - 1), fc.constantFrom(...'abcXYZ0189-_.&=%/'), (index, character) => {
        const changed = `${url.slice(0, index)}${character}${url.slice(index + 1)}`;
        fc.pre(changed !== url && !(same(changed) && new URL(changed).host === new URL(url).host));
        expect(review(encoded(changed))).toHaveProperty('refused');
      }),
      { numRuns: 500 },
    );
  });
});
