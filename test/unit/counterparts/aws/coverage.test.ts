import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Exported, and not asked of the two sides: why. */
const NOT_ASKED: Readonly<Record<string, string>> = {
  clientSettings: 'time-outs and attempts of a client; the cases use it for their own',
  isAwsError: 'reads an error that was thrown; every port uses it',
  isDenied: 'reads an error; moto checks no rights unless told to, the embedded ones are tested end to end',
  isThrottled: 'reads an error; neither side limits rates',
  readScanResult: 'is what ImageScans.result does',
  toHealthIssue: 'turns an answer over; ClusterPort.describe and its like use it',
  updateIdOf: 'turns an answer over; NodeGroups.resize and its like use it',
};

const read = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .join('\n');

const ports = read('shared/aws');
const core = read('shared/core');
const cases = read('test/counterparts/aws/cases');

const functions = [...ports.matchAll(/^export const (\w+) = (?:async )?\(/gm)].map(([, name = '']) => name);

/** Methods of an interface, which each begin a line of it. */
const methodsOf = (source: string, port: string): readonly string[] => {
  const body = new RegExp(`^export interface ${port} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(source)?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, method = '']) => `${port}.${method}`);
};

const own = [...ports.matchAll(/^export interface (\w+) \{/gm)].map(([, name = '']) => name);
/** Ports that the core declares and shared/aws implements. */
const declared = ['BlobStore', 'EventPublisher', 'ImageRepositories', 'ImageScans', 'Notifier', 'Store'];
const methods = [
  ...own.flatMap((port) => methodsOf(ports, port)),
  ...declared.flatMap((port) => methodsOf(core, port)),
];

describe('what the ports of shared/aws can do is asked of the embedded account and of moto', () => {
  it('finds the ports', () => {
    expect(functions).toEqual(expect.arrayContaining(['createStore', 'describeSubnets', 'getParameter']));
    expect(methods).toEqual(
      expect.arrayContaining(['NodeGroups.resize', 'LifecycleActions.heartbeat', 'Store.append']),
    );
  });

  it.each([...new Set(functions)])('%s', (name) => {
    expect(NOT_ASKED[name] !== undefined || new RegExp(`\\b${name}\\(`).test(cases)).toBe(true);
  });

  it.each(methods)('%s', (method) => {
    const [port = '', name = ''] = method.split('.');
    // "Store.write and get: ..." names two.
    expect(cases).toMatch(new RegExp(`\\b${port}\\.(?:\\w+(?:, | and ))*${name}\\b`));
  });

  it.each(Object.keys(NOT_ASKED))('%s is there and really not asked', (name) => {
    expect(functions).toContain(name);
  });
});
