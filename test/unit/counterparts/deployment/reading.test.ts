import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { versionsIn } from '../../../counterparts/deployment/support/logs.ts';
import { inWords, settled } from '../../../counterparts/deployment/support/stories.ts';
import { unzip } from '../../../counterparts/deployment/support/zip.ts';

/** One file, as the CDK's archiver writes it: header, data, directory, end. */
const archiveOf = (name: string, content: string, method: 0 | 8): Buffer => {
  const data = method === 8 ? deflateRawSync(content) : Buffer.from(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(method, 8);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(method, 10);
  entry.writeUInt32LE(data.length, 20);
  entry.writeUInt32LE(content.length, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(local.length + name.length + data.length, 16);
  return Buffer.concat([local, Buffer.from(name), data, entry, Buffer.from(name), end]);
};

describe('an archive', () => {
  it.each([
    ['packed', 8],
    ['as they are', 0],
  ] as const)('holds files %s', (_, method) => {
    const files = unzip(archiveOf('index.mjs', 'export const handler = 1;', method));
    expect([...files].map(([name, content]) => [name, content.toString()])).toEqual([
      ['index.mjs', 'export const handler = 1;'],
    ]);
  });

  it('of another kind is refused', () => {
    expect(() => unzip(Buffer.alloc(100))).toThrow('not a zip archive');
  });
});

describe('the log of a function', () => {
  const line = (arn: string) => JSON.stringify({ level: 'INFO', function_arn: arn });
  const arn = 'arn:aws:lambda:eu-central-1:111122223333:function:upgrade';

  it('tells the versions that ran, of this function alone', () => {
    const lines = ['START', line(arn), line(`${arn}:live`), line(`${arn}:live`), line(`${arn}-plan:7`), '{}'];
    expect(versionsIn(lines, 'upgrade')).toEqual(['$LATEST', 'live']);
  });
});

describe('words of a story', () => {
  const cast = {
    first: { id: 'i-0a', hostname: 'ip-10-0-0-4.eu-central-1.compute.internal' },
    second: { id: 'i-0b', hostname: 'ip-10-0-0-5.eu-central-1.compute.internal' },
  };

  it.each([
    ['node/ip-10-0-0-4.eu-central-1.compute.internal drain: drained', 'node/first drain: drained'],
    ['instance/i-0b none: foreign-account', 'instance/second none: foreign-account'],
    [
      'message/9c245059-698a-40a5-9570-bb20e83a95e2 none: malformed-message',
      'message none: malformed-message',
    ],
  ])('are the same at every run: %s', (text, expected) => {
    expect(settled(text, cast)).toBe(expected);
  });

  it('count what was said several times, and stay short', () => {
    expect(inWords(['b', 'a', 'b'])).toBe('b (2 times), a');
    expect(inWords([])).toBe('none');
    expect(inWords(['x'.repeat(1000)])).toHaveLength(401);
  });
});
