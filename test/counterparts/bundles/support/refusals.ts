import type { ForgedToken } from './forge.ts';
import { forgeToken } from './forge.ts';

/** Expiries of one, two and three digits: with one of them the URL is a multiple of three bytes, four characters each. */
const EXPIRIES = ['6', '60', '600'];
const isWhole = (token: string): boolean => (token.length - 'k8s-aws-v1.'.length) % 4 === 0;

/** A sound token whose payload holds no bits to spare. */
const wholeGroups = (sound: ForgedToken): ForgedToken => {
  const found = EXPIRIES.map((expires) => ({ ...sound, parameters: { 'X-Amz-Expires': expires } })).find(
    (token) => isWhole(forgeToken(token)),
  );
  if (found === undefined) throw new Error('the length of a token is not that of its expiry and the rest');
  return found;
};

/** What makes a token worthless, with words of the reason. Each is sound but for this one thing. */
export const refusedTokens: readonly (readonly [
  what: string,
  change: (sound: ForgedToken) => ForgedToken,
  reason: RegExp,
])[] = [
  ['older than 15 minutes', (sound) => ({ ...sound, at: sound.at - 15 * 60_000 - 1000 }), /older than 15/],
  [
    'older than 15 minutes, though it says that it expires later',
    (sound) => ({ ...sound, at: sound.at - 20 * 60_000, parameters: { 'X-Amz-Expires': '900' } }),
    /older than 15/,
  ],
  ['signed for the future', (sound) => ({ ...sound, at: sound.at + 6 * 60_000 }), /future/],
  [
    'valid for longer than is allowed',
    (sound) => ({ ...sound, parameters: { 'X-Amz-Expires': '901' } }),
    /Expires/,
  ],
  ['without an expiry', (sound) => ({ ...sound, parameters: { 'X-Amz-Expires': undefined } }), /Expires/],
  ['with an empty expiry', (sound) => ({ ...sound, parameters: { 'X-Amz-Expires': '' } }), /Expires/],
  [
    'with an expiry that has an exponent',
    (sound) => ({ ...sound, parameters: { 'X-Amz-Expires': '6e1' } }),
    /Expires/,
  ],
  [
    'with a blank before its expiry',
    (sound) => ({ ...sound, parameters: { 'X-Amz-Expires': ' 60' } }),
    /Expires/,
  ],
  ['for another cluster', (sound) => ({ ...sound, clusterName: 'production' }), /signature/],
  ['without the cluster’s name', (sound) => ({ ...sound, headers: {} }), /SignedHeaders/],
  [
    'with the cluster’s name beside what is signed',
    (sound) => ({ ...sound, headers: {}, afterwards: (url) => `${url}&x-k8s-aws-id=${sound.clusterName}` }),
    /x-k8s-aws-id/,
  ],
  [
    'with a signature that was changed',
    (sound) => ({
      ...sound,
      afterwards: (url) => url.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
    }),
    /signature/,
  ],
  [
    'with a date that was changed after it was signed',
    (sound) => ({
      ...sound,
      at: sound.at - 1000,
      afterwards: (url) =>
        url.replace(
          /(X-Amz-Date=\d{8}T\d{5})(\d)/,
          (_all, rest, digit) => `${rest}${(Number(digit) + 1) % 10}`,
        ),
    }),
    /signature/,
  ],
  ['with a further parameter', (sound) => ({ ...sound, parameters: { Tags: 'all' } }), /parameter Tags/],
  [
    'with a parameter twice',
    (sound) => ({ ...sound, afterwards: (url) => `${url}&Action=GetCallerIdentity` }),
    /Action twice/,
  ],
  [
    'for another action',
    (sound) => ({ ...sound, parameters: { Action: 'GetSessionToken' } }),
    /Action is not/,
  ],
  ['for the global endpoint of STS', (sound) => ({ ...sound, host: 'sts.amazonaws.com' }), /not for sts\./],
  [
    'for STS of another partition',
    (sound) => ({ ...sound, host: `sts.${sound.region}.amazonaws.com.cn` }),
    /not for sts\./,
  ],
  ['for another region', (sound) => ({ ...sound, region: 'us-east-1' }), /not for sts\./],
  [
    'for STS of the region, by a credential for another region',
    (sound) => ({ ...sound, region: 'us-east-1', host: `sts.${sound.region}.amazonaws.com` }),
    /another day, region or service/,
  ],
  ['for somebody else’s server', (sound) => ({ ...sound, host: 'sts.example.com' }), /not for sts\./],
  ['for another path', (sound) => ({ ...sound, path: '/proxy' }), /path/],
  ['for another service', (sound) => ({ ...sound, service: 'iam' }), /another day, region or service/],
  [
    'of a key that nobody has',
    (sound) => ({ ...sound, key: { ...sound.key, accessKeyId: 'ASIAUNKNOWN' } }),
    /access key/,
  ],
  [
    'of a known key with another secret',
    (sound) => ({ ...sound, key: { ...sound.key, secretAccessKey: 'guessed' } }),
    /signature/,
  ],
  [
    'without the session token of its key',
    (sound) => ({ ...sound, key: { ...sound.key, sessionToken: undefined } }),
    /session token/,
  ],
  [
    'with a character too many, which holds no byte',
    (sound) => ({ ...wholeGroups(sound), encodedAfterwards: (payload) => `${payload}A` }),
    /base64url/,
  ],
  [
    'of more than 4,096 bytes',
    (sound) => ({ ...sound, key: { ...sound.key, sessionToken: 'x'.repeat(3_500) } }),
    /4,096/,
  ],
];
