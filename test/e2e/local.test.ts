import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'caretaker-local-'));
const out = join(folder, 'out');
const START_TIMEOUT_MS = 90_000;
const RECORDER = new URL('./support/record-local.ts', import.meta.url).href;

let local: ChildProcess;
let printed = '';
let errors = '';

/** Asks with the administrator's token what a cluster's API holds. */
const kubernetes = async (cluster: string, path: string): Promise<{ items: unknown[] }> => {
  const text = readFileSync(join(out, `${cluster}.kubeconfig`), 'utf8');
  const value = (key: string) => new RegExp(`${key}: (\\S+)`).exec(text)?.[1] ?? '';
  const { request } = await import('node:https');
  return new Promise((resolve, reject) => {
    request(
      `${value('server')}${path}`,
      {
        ca: Buffer.from(value('certificate-authority-data'), 'base64'),
        headers: { authorization: `Bearer ${value('token')}` },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve(JSON.parse(body)));
      },
    )
      .on('error', reject)
      .end();
  });
};

const failedPods = async (cluster: string) =>
  (await kubernetes(cluster, '/api/v1/pods?fieldSelector=status.phase%3DFailed')).items.length;

const variablesOf = (entry: string): Record<string, string> =>
  Object.fromEntries(
    readFileSync(join(out, `${entry}.env`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** The very line that is printed for an entry, in a shell, with nothing else in its environment. */
const byHand = async (entry: string): Promise<{ stdout: string; ms: number }> => {
  const line = printed.split('\n').find((one) => one.includes(`/${entry}.json`));
  const startedAt = performance.now();
  const { stdout } = await run('sh', ['-c', line ?? 'false'], {
    env: { PATH: process.env.PATH ?? '' },
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return { stdout, ms: performance.now() - startedAt };
};

const resultOf = (stdout: string): { verdicts: { action: string; cluster?: string }[] } =>
  JSON.parse(stdout.slice(stdout.indexOf('\n{\n') + 1));

const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid ? [Number(name)] : [];
      } catch {
        return []; // ended meanwhile
      }
    });

/** Whoever was killed is gone a moment later, once it was waited for. */
const gone = async (pids: readonly number[]): Promise<readonly number[]> => {
  const until = performance.now() + 5_000;
  while (pids.some(isAlive) && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return pids.filter((pid) => !isAlive(pid));
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

beforeAll(async () => {
  const config = join(folder, 'caretaker.yaml');
  writeFileSync(
    config,
    `version: 1
mode: act
clusters: [{ name: one }, { name: two, mode: observe }]
nodeGroupSchedule:
  schedules: { office: { timeZone: Europe/Berlin, awake: ["Mon-Fri 07:00-20:00"] } }
  groups: [{ cluster: one, nodeGroup: named-group, schedule: office }]
spotDrain: { lifecycleHooks: [my-hook] }
`,
  );
  // Its AWS calls are recorded like those of every end-to-end test; its children, which have no server, tell nothing.
  local = spawn(
    'node',
    ['--import', RECORDER, 'infra/cli/main.ts', 'local', '--config', config, '--seed', '7', '--out', out],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  local.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    local.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes('Ctrl-C ends it.')) resolve();
    });
    local.once('exit', (code) => reject(new Error(`caretaker local ended with ${code}: ${errors}`)));
  });
}, START_TIMEOUT_MS);

afterAll(() => {
  if (local.exitCode === null) local.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('caretaker local', () => {
  it('has what the configuration names, and tells nobody else the tokens', async () => {
    const nodes = await kubernetes('one', '/api/v1/nodes');
    const groups = nodes.items.map(
      (node) =>
        (node as { metadata: { labels: Record<string, string> } }).metadata.labels[
          'eks.amazonaws.com/nodegroup'
        ],
    );
    expect(groups).toEqual(expect.arrayContaining(['named-group', 'spot', 'general']));
    expect(statSync(join(out, 'one.kubeconfig')).mode & 0o077).toBe(0);
    expect(statSync(join(out, 'admin.env')).mode & 0o077).toBe(0);
    expect(variablesOf('pod-cleanup')).toMatchObject({
      AWS_ENDPOINT_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      AWS_REGION: 'eu-central-1',
      CARETAKER_TABLE: 'eks-caretaker',
    });
  });

  it('lets a handler be called by hand in another process, which changes the cluster in mode act alone', async () => {
    const before = { one: await failedPods('one'), two: await failedPods('two') };
    const { verdicts } = resultOf((await byHand('pod-cleanup')).stdout);
    const deleted = verdicts.filter(({ action, cluster }) => action === 'delete' && cluster === 'one').length;
    expect(deleted).toBeGreaterThan(0);
    expect({ one: await failedPods('one'), two: await failedPods('two') }).toEqual({
      one: before.one - deleted,
      two: before.two,
    });
  });

  it('takes a spot warning by hand, and its own worker drains the node', async () => {
    const { stdout } = await byHand('spot-drain');
    expect(stdout).toContain('"batchItemFailures": []');
    expect(stdout).toContain('cordon node/');
    const nodes = await kubernetes('one', '/api/v1/nodes');
    const cordoned = nodes.items.filter(
      (node) => (node as { spec: { unschedulable?: boolean } }).spec.unschedulable === true,
    );
    expect(cordoned).toHaveLength(1);
  });

  it('ends at Ctrl-C with everything it started', async () => {
    const pid = local.pid ?? 0;
    const children = existsSync('/proc') ? childrenOf(pid) : [];
    // The worker is draining in a process of its own: a budget holds it up.
    if (existsSync('/proc')) expect(children.length).toBeGreaterThan(0);
    const exited = once(local, 'exit');
    local.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(await gone(children)).toEqual(children);
    const { AWS_ENDPOINT_URL = '' } = variablesOf('admin');
    await expect(fetch(AWS_ENDPOINT_URL)).rejects.toThrow('fetch failed');
  });
});
