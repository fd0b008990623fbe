import { describe, expect, it } from '@jest/globals';
import { configFile, createCliWorld } from './run-cli.ts';

describe('the command line', () => {
  it('lists its commands and exit codes with --help, and that is no error', async () => {
    const { code, out } = await createCliWorld().run('--help');
    expect(code).toBe(0);
    for (const command of ['build', 'rbac', 'schedule', 'upgrade', 'mode', 'journal'])
      expect(out).toContain(`  ${command}`);
    expect(out).toContain('2 usage or configuration error');
  });

  it('prints its version', async () => {
    expect(await createCliWorld().run('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['rbac', '--nonsense'], "unknown option '--nonsense'"],
    [['upgrade', 'plan', 'staging'], "missing required argument 'version'"],
    [['upgrade', 'start', 'staging', '1.35'], "required option '--plan <hash>' not specified"],
    [['mode', 'set', 'sleep'], 'Allowed choices are off, observe, act'],
    [['mode', 'set', 'off', '--automation', 'nonsense'], 'Known are node-group-schedule'],
    [['journal', '--day', 'yesterday'], 'YYYY-MM-DD'],
    [['journal', '--day', '2026-02-30'], 'YYYY-MM-DD'],
    [['schedule', 'preview', '--count', '0'], 'from 1 to 1000'],
    [['schedule', 'preview', '--from', 'noon'], 'An instant is written'],
  ])('answers %j with a usage error', async (args, message) => {
    const { code, out, err } = await createCliWorld().run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  it.each([[['rbac']], [['schedule', 'preview']], [['build']]])(
    '%j lists every problem of the configuration with path and line, and builds nothing',
    async (args) => {
      const file = configFile('version: 1\nclusters:\n  - name: staging\n    mode: maybe\nnonsense: 1\n');
      const { code, out, err } = await createCliWorld().run(...args, '--config', file);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toContain('clusters[0].mode (line 4): found "maybe"');
      expect(err).toContain('nonsense (line 5): found an unknown key');
      expect(err).not.toContain('    at ');
    },
  );

  it('says that a configuration file is not there', async () => {
    const { code, err } = await createCliWorld().run('rbac', '--config', '/nowhere/caretaker.yaml');
    expect(code).toBe(2);
    expect(err).toContain('/nowhere/caretaker.yaml could not be read (ENOENT)');
  });

  it('says that there is no such deployment, and how to name another', async () => {
    const { code, err } = await createCliWorld().run('journal', '--stack', 'caretaker-test');
    expect(code).toBe(2);
    expect(err).toContain('there is no CloudFormation stack caretaker-test');
    expect(err).toContain('--stack');
  });

  it.each([
    [
      Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' }),
      'set AWS_PROFILE',
    ],
    [new Error('Region is missing'), 'set AWS_REGION'],
  ])('says what to do about %s', async (error, advice) => {
    const world = createCliWorld();
    world.functions.result = error;
    const { code, err } = await world.run('upgrade', 'plan', 'staging', '1.35');
    expect(code).toBe(1);
    expect(err).toContain(advice);
    expect(err).not.toContain('    at ');
  });

  it('shows stack traces and causes only with --verbose', async () => {
    const world = createCliWorld();
    world.functions.result = new Error('outer', { cause: new Error('the root of it') });
    const { err } = await world.run('upgrade', 'plan', 'staging', '1.35', '--verbose');
    expect(err).toContain('    at ');
    expect(err).toContain('the root of it');
  });
});
