import { describe, expect, it } from '@jest/globals';
import { createTokenSource, signToken } from '../../../../shared/kubernetes/token.ts';
import { createFakeClock } from '../../../fixtures/fake-clock.ts';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const decode = (token: string) =>
  new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString());

describe('the EKS bearer token', () => {
  it('is the one that `aws eks get-token` (AWS CLI 1.46) makes at the same second with the same credentials', async () => {
    const token = await signToken({
      cluster: 'staging',
      region: 'eu-central-1',
      credentials,
      now: Date.parse('2026-11-21T12:07:52Z'),
    });
    expect(decode(token).href).toBe(
      'https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Feu-central-1%2Fsts%2Faws4_request&X-Amz-Date=20261121T120752Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=b6d40947e66e96f2252040348754c0bfa24485b9dccd7d23e8cdddfe0dec8d70',
    );
  });

  it('carries no padding and stays under 4,096 bytes with a session token', async () => {
    const token = await signToken({
      cluster: 'staging',
      region: 'eu-central-1',
      credentials: { ...credentials, sessionToken: 'x'.repeat(1_000) },
      now: 0,
    });
    expect(token).toMatch(/^k8s-aws-v1\.[A-Za-z0-9_-]+$/);
    expect(token.length).toBeLessThan(4_096);
    expect(decode(token).searchParams.get('X-Amz-Security-Token')).toHaveLength(1_000);
  });

  it.each([
    ['us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
    ['eusc-de-east-1', 'sts.eusc-de-east-1.amazonaws.eu'],
    ['us-iso-east-1', 'sts.us-iso-east-1.c2s.ic.gov'],
    ['us-isob-east-1', 'sts.us-isob-east-1.sc2s.sgov.gov'],
    ['us-isof-south-1', 'sts.us-isof-south-1.csp.hci.ic.gov'],
    ['eu-isoe-west-1', 'sts.eu-isoe-west-1.cloud.adc-e.uk'],
  ])('names the regional host of the partition of %s', async (region, host) => {
    const token = await signToken({ cluster: 'staging', region, credentials, now: 0 });
    expect(decode(token).host).toBe(host);
  });
});

describe('the token source', () => {
  const source = () => {
    const clock = createFakeClock();
    let signed = 0;
    const tokens = createTokenSource({
      clock,
      region: async () => 'eu-central-1',
      credentials: async () => {
        signed += 1;
        return credentials;
      },
    });
    return { clock, tokens, signed: () => signed };
  };

  it('signs once for many requests within 14 minutes', async () => {
    const { clock, tokens, signed } = source();
    const first = await tokens.get('staging');
    clock.advance(13 * 60_000);
    expect(await tokens.get('staging')).toBe(first);
    expect(signed()).toBe(1);
  });

  it('signs again after 14 minutes, before the server refuses at 15', async () => {
    const { clock, tokens } = source();
    const first = await tokens.get('staging');
    clock.advance(14 * 60_000);
    expect(await tokens.get('staging')).not.toBe(first);
  });

  it('keeps one token a cluster', async () => {
    const { tokens } = source();
    expect(await tokens.get('staging')).not.toBe(await tokens.get('production'));
  });

  it('signs again after a token was refused', async () => {
    const { clock, tokens } = source();
    const first = await tokens.get('staging');
    clock.advance(1_000);
    tokens.forget('staging', first);
    expect(await tokens.get('staging')).not.toBe(first);
  });

  it('signs once however many requests had the token that was refused', async () => {
    const { clock, tokens } = source();
    const first = await tokens.get('staging');
    clock.advance(1_000);
    tokens.forget('staging', first);
    const second = await tokens.get('staging');
    clock.advance(1_000);
    tokens.forget('staging', first);
    expect(await tokens.get('staging')).toBe(second);
  });
});
