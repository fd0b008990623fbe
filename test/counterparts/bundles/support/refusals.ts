import type { ForgedToken } from './forge.ts';

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
    'of more than 4,096 bytes',
    (sound) => ({ ...sound, key: { ...sound.key, sessionToken: 'x'.repeat(3_500) } }),
    /4,096/,
  ],
];
