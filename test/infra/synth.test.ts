import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../infra/build.ts';
import type { Resource } from './synthesis.ts';

/** The CDK app as the `cdk` CLI runs it: a process with the context in its environment. */

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Finished> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: projectRoot, env: environment, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
  });

const root = mkdtempSync(join(tmpdir(), 'caretaker-synth-'));
const temporary = () => mkdtempSync(join(root, 'part-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const synth = (out: string, context: Readonly<Record<string, string>>) =>
  run(['infra/cdk/app.ts'], {
    PATH: process.env.PATH ?? '',
    CDK_OUTDIR: out,
    CDK_CONTEXT_JSON: JSON.stringify(context),
  });

const digestOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

const out = temporary();
const bundles = temporary();
let finished: Finished;

beforeAll(async () => {
  const config = join(temporary(), 'caretaker.yaml');
  writeFileSync(config, 'version: 1\nmode: act\nclusters: [{ name: staging }, { name: old }]\n');
  finished = await synth(out, { config, bundles, configMapClusters: 'old' });
}, 90_000);

const functions = (): readonly Resource[] => {
  const template = JSON.parse(readFileSync(join(out, 'eks-caretaker.template.json'), 'utf8')) as {
    Resources: Record<string, Resource>;
  };
  return Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
};

describe('synthesis', () => {
  it('needs no AWS account, and cdk-nag stops nothing', () => {
    expect(finished).toMatchObject({ code: 0, stderr: expect.not.stringContaining('AwsSolutions') });
  });

  it('says what a function without a fixed address needs of each API server', () => {
    const said = readdirSync(out)
      .filter((name) => name.endsWith('.json'))
      .map((name) => readFileSync(join(out, name), 'utf8'))
      .join('\n');
    expect(said).toContain('Functions outside every VPC look after staging, old');
    expect(said).toContain('publicAccessCidrs let any address in');
    expect(said).toContain('needs a network in the configuration');
  });

  it('deploys the very bundles that the build made', () => {
    const assets = readdirSync(out).filter((name) => name.startsWith('asset.') && !name.includes('.json'));
    const deployed = assets.map((asset) => digestOf(join(out, asset, 'index.mjs')));
    const built = readdirSync(bundles).map((automation) => digestOf(join(bundles, automation, 'index.mjs')));
    expect(built).toHaveLength(5);
    expect(deployed.toSorted()).toEqual(built.toSorted());
  });

  it('puts the configuration beside each bundle', () => {
    for (const automation of readdirSync(bundles)) {
      const config = JSON.parse(readFileSync(join(bundles, automation, 'config.json'), 'utf8')) as object;
      expect(config).toMatchObject({ mode: 'act', clusters: [{ name: 'staging' }, { name: 'old' }] });
    }
  });

  it('asks for no access entries in clusters that know none', () => {
    const template = readFileSync(join(out, 'eks-caretaker.template.json'), 'utf8');
    const clusters = [...template.matchAll(/"ClusterName": "([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(clusters)).toEqual(new Set(['staging']));
  });

  it('gives every function what its bundle wants at init, and the handler is there', async () => {
    const checked = await Promise.all(
      functions().map(async ({ Properties }) => {
        const name = String(Properties.FunctionName);
        const handler = String(Properties.Handler).replace('index.', '');
        const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
        const automation =
          readdirSync(bundles).findLast((id) => name.startsWith(`eks-caretaker-${id}`)) ?? '';
        const bundle = join(bundles, automation, 'index.mjs');
        const script = `const m = await import(${JSON.stringify(bundle)}); process.stdout.write(typeof m[${JSON.stringify(handler)}]); process.exit()`;
        const variables = Object.fromEntries(
          Object.keys(Variables).map((key) => [key, `arn:aws:x:eu-central-1:111122223333:${key}`]),
        );
        const { stdout, stderr } = await run(['--input-type=module', '-e', script], {
          AWS_REGION: 'eu-central-1',
          ...variables,
        });
        return [name, stdout === '' ? stderr.split('\n').find((line) => line.includes('Error')) : stdout];
      }),
    );
    expect(Object.fromEntries(checked)).toEqual(
      Object.fromEntries(checked.map(([name]) => [name, 'function'])),
    );
    expect(checked.map(([name]) => name)).toEqual(
      expect.arrayContaining(['eks-caretaker-spot-drain-worker', 'eks-caretaker-pod-cleanup-verify']),
    );
  }, 60_000);
});

describe('a broken configuration', () => {
  it('synthesises nothing, and is explained with path and line', async () => {
    const config = join(temporary(), 'caretaker.yaml');
    writeFileSync(
      config,
      'version: 1\nclusters: [{ name: staging }]\npodCleanup:\n  minimumAgeMinutes: 30s\n',
    );
    const nothing = temporary();
    const { code, stderr } = await synth(nothing, { config, bundles: temporary() });
    expect(code).toBe(2);
    expect(stderr).toContain('podCleanup.minimumAgeMinutes (line 4): found "30s"');
    expect(stderr).not.toContain('    at ');
    expect(readdirSync(nothing)).toEqual([]);
  });
});
