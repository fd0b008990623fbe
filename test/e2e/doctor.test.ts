import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../infra/build.ts';
import type { Scene } from './support/scene.ts';
import { ACT, startScene, useScenes } from './support/scene.ts';

useScenes();

const folder = mkdtempSync(join(tmpdir(), 'caretaker-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The command as a user runs it, with the account's administrator as its credentials. */
const doctor = (scene: Scene, config: string): Promise<{ code: number | null; out: string }> => {
  const file = join(folder, 'caretaker.yaml');
  writeFileSync(file, config);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['infra/cli/caretaker.mjs', 'doctor', '--config', file], {
      cwd: projectRoot,
      env: { PATH: process.env.PATH ?? '', HOME: folder, ...scene.account.admin },
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.once('close', (code) => resolve({ code, out }));
  });
};

describe('caretaker doctor against an account', () => {
  it('finds the deployed functions able to reach and enter the cluster', async () => {
    const scene = await startScene();
    expect(await doctor(scene, ACT)).toEqual({
      code: 0,
      out: 'eks-caretaker\n  ok       staging\nNo problem found.\n',
    });
  });

  it('names a cluster that is not there and ends with 3', async () => {
    const scene = await startScene();
    const { code, out } = await doctor(scene, ACT.replace('name: staging', 'name: stagin'));
    expect(out).toContain('problem  stagin: there is no such cluster in this account and region');
    expect(code).toBe(3);
  });
});
