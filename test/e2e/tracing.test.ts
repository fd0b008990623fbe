import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Scene } from './support/scene.ts';
import { only, startScene, useScenes } from './support/scene.ts';

useScenes();

const ENTRY = 'ecr-rescan';
const ROOT = '1-5f000000-000000000000000000000001';
const PARENT = '53995c3f42cd8ad8';

/** Invokes the bundle's handler once, as Lambda's runtime does, and prints whose answer it was. */
const SCRIPT = `
const { handler } = await import(process.argv[1]);
const result = await handler({ trigger: 'tick' }, {
  awsRequestId: 'request-1',
  functionName: 'eks-caretaker-${ENTRY}',
  getRemainingTimeInMillis: () => 60_000,
});
process.stdout.write(result.automation);
await new Promise((resolve) => setTimeout(resolve, 200));
process.exit();
`;

const invoke = async (scene: Scene, variables: Readonly<Record<string, string>>): Promise<string> => {
  const deployed = scene.account.deployment.entries.find(({ entry }) => entry.id === ENTRY);
  if (deployed === undefined) throw new Error(`${ENTRY} is not deployed`);
  const { file, environment } = deployed.definition;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', SCRIPT, file],
    { env: { ...environment, ...variables }, timeout: 30_000 },
  );
  return stdout.split('\n').at(-1) ?? '';
};

/** What the X-Ray daemon would be sent while `run` runs: a header line, then a segment. */
const segmentsDuring = async (
  run: (address: string) => Promise<void>,
): Promise<readonly Record<string, unknown>[]> => {
  const daemon = createSocket('udp4');
  const segments: Record<string, unknown>[] = [];
  daemon.on('message', (packet) => {
    segments.push(JSON.parse(packet.toString('utf8').split('\n')[1] ?? '') as Record<string, unknown>);
  });
  daemon.bind(0, '127.0.0.1');
  await once(daemon, 'listening');
  try {
    await run(`127.0.0.1:${daemon.address().port}`);
  } finally {
    daemon.close();
  }
  return segments;
};

describe('an invocation of a bundle', () => {
  it.each([
    ['that X-Ray samples is traced, by what lies beside the bundle', 1],
    ['that it does not sample is not', 0],
  ])('%s', async (_what, sampled) => {
    const scene = await startScene({
      config: only('ecrRescan'),
      spec: { startAt: Date.now() }, // this process has no other clock
      schedules: false,
    });
    const segments = await segmentsDuring(async (address) => {
      const answered = await invoke(scene, {
        _X_AMZN_TRACE_ID: `Root=${ROOT};Parent=${PARENT};Sampled=${sampled}`,
        _HANDLER: 'index.handler',
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        LAMBDA_TASK_ROOT: '/var/task',
        AWS_XRAY_DAEMON_ADDRESS: address,
      });
      expect(answered).toContain('ecr-rescan');
    });
    const own = expect.objectContaining({
      name: '## index.handler',
      trace_id: ROOT,
      parent_id: PARENT,
      annotations: expect.objectContaining({ Service: ENTRY }),
    });
    // One besides for each call of AWS.
    expect(segments).toEqual(sampled === 0 ? [] : expect.arrayContaining([own]));
  });
});
