import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SourceTextModule } from 'node:vm';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { automations } from '../../functions/index.ts';
import { buildOnce } from '../e2e/support/bundles.ts';

/** What nothing but the X-Ray SDK reads. */
const XRAY = 'AWS_XRAY_DAEMON_ADDRESS';

let folder = '';
beforeAll(async () => {
  folder = await buildOnce();
}, 120_000);

describe.each(automations.map(({ id }) => id))('the bundle of %s', (id) => {
  const code = (file: string) => readFileSync(join(folder, id, file), 'utf8');

  it.each(['index.mjs', 'tracing.mjs'])(
    'has no static import in %s: one of node:http as an ES module loads all of undici',
    (file) => {
      expect(new SourceTextModule(code(file)).dependencySpecifiers).toEqual([]);
      // What esbuild writes where a module cannot be had without `require`.
      expect(code(file)).not.toContain('Dynamic require of');
    },
  );

  it('has the tracer beside it and not in it', () => {
    expect(existsSync(join(folder, id, 'tracing.mjs'))).toBe(true);
    expect(code('tracing.mjs')).toContain(XRAY);
    expect(code('index.mjs')).not.toContain(XRAY);
    expect(code('index.mjs')).toMatch(/import\(["']\.\/tracing\.mjs["']\)/);
  });
});
