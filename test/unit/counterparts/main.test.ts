import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { suites } from '../../counterparts/suites.ts';
import { VARIABLES } from '../../counterparts/support/variables.ts';

const script = fileURLToPath(new URL('../../counterparts/main.ts', import.meta.url));

/** `npm run test:contract` on a machine where nothing is installed. */
const contract = (...args: readonly string[]) => {
  const env = { ...process.env };
  for (const name of VARIABLES) delete env[name];
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, lines: stdout.split('\n').filter((line) => line !== ''), stderr };
};

describe('npm run test:contract without the variables', () => {
  it('names every suite in a line of its own and succeeds', () => {
    const { status, lines } = contract();
    expect(lines.map((line) => /^skipped: (\w+) \(.* not set/.exec(line)?.[1])).toEqual(
      suites.map(({ name }) => name),
    );
    expect(status).toBe(0);
  });

  it('fails where all have to run', () => {
    const { status, stderr } = contract('--complete');
    expect(stderr).toContain('with --complete every suite has to run');
    expect(status).toBe(1);
  });

  it('names a suite that there is not', () => {
    const { status, stderr } = contract('wire', 'wires');
    expect(stderr).toMatch(/^contract: no such suite: wires\. There are kubernetes, /);
    expect(status).toBe(1);
  });
});
