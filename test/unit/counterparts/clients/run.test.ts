import { describe, expect, it } from '@jest/globals';
import { jsonOf, outputOf, run, tableOf } from '../../../counterparts/clients/run.ts';

const node = (script: string, options: { input?: string; env?: Record<string, string> } = {}) =>
  run({ command: process.execPath, args: ['-e', script], env: options.env ?? {}, input: options.input });

describe('a client of others', () => {
  it('is run to its end, with both outputs and its code', async () => {
    const script = 'process.stdout.write("out"); process.stderr.write("err"); process.exitCode = 3;';
    expect(await node(script)).toEqual({ code: 3, stdout: 'out', stderr: 'err' });
  });

  it('reads what it is given, and may also not', async () => {
    expect(await outputOf(node('process.stdin.pipe(process.stdout)', { input: 'hello' }))).toBe('hello');
    const input = 'x'.repeat(1_000_000);
    expect((await node('process.exit(0)', { input })).code).toBe(0);
  });

  it('sees nothing of the user’s environment but PATH', async () => {
    const script = 'process.stdout.write(JSON.stringify(Object.keys(process.env).sort()))';
    const seen = await jsonOf<string[]>(node(script, { env: { HOME: '/nowhere' } }));
    expect(seen.filter((name) => !name.startsWith('__'))).toEqual(['HOME', 'PATH']);
  });

  it('that fails, or is not there, says so', async () => {
    await expect(outputOf(node('console.error("no way"); process.exit(1)'))).rejects.toThrow(
      /exit code 1: no way/,
    );
    await expect(jsonOf(node('console.log("no json")'))).rejects.toThrow(SyntaxError);
    await expect(run({ command: '/nowhere/kubectl', args: [], env: {} })).rejects.toThrow(/ENOENT/);
  });
});

describe('a table as kubectl prints it', () => {
  it('is read by the columns of its head, also where a cell is empty or has spaces', () => {
    const text = [
      'NAME    STATUS                     NOMINATED NODE   AGE',
      'node1   Ready,SchedulingDisabled                    3m',
      'b       Ready                      <none>           2h (1m ago)',
      '',
    ].join('\n');
    expect(tableOf(text)).toEqual([
      { NAME: 'node1', STATUS: 'Ready,SchedulingDisabled', 'NOMINATED NODE': '', AGE: '3m' },
      { NAME: 'b', STATUS: 'Ready', 'NOMINATED NODE': '<none>', AGE: '2h (1m ago)' },
    ]);
  });

  it('of nothing has no lines', () => {
    expect(tableOf('NAME   AGE\n')).toEqual([]);
  });
});
