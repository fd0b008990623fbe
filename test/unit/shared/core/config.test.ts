import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { loadBundledConfig, sectionShape, wholeNumber } from '../../../../shared/core/config.ts';

const section = z.prefault(
  z.strictObject({
    ...sectionShape,
    graceSeconds: z._default(wholeNumber({ unit: 'seconds', min: 1, max: 60 }), 5),
  }),
  {},
);
const write = (text: string) => {
  const file = join(mkdtempSync(join(tmpdir(), 'caretaker-')), 'config.json');
  writeFileSync(file, text);
  return pathToFileURL(file);
};
const load = (text: string) => loadBundledConfig('drain', section, write(text));

describe('the configuration beside a bundle', () => {
  it('is read with the shared parts and the own section, whatever the other sections hold', () => {
    const loaded = load('{"version":1,"clusters":[{"name":"a"}],"drain":{"graceSeconds":9},"other":{"x":1}}');
    expect(loaded.section).toEqual({ graceSeconds: 9 });
    expect(loaded.config).toEqual({
      version: 1,
      mode: 'observe',
      clusters: [{ name: 'a' }],
      notifications: { topic: true },
    });
  });

  it.each([
    ['is no JSON', '{'],
    ['names no cluster', '{"version":1,"clusters":[]}'],
    ['has a broken section', '{"version":1,"clusters":[{"name":"a"}],"drain":{"graceSeconds":"9s"}}'],
    ['has an unknown key in the section', '{"version":1,"clusters":[{"name":"a"}],"drain":{"grace":9}}'],
    ['is nothing', 'null'],
  ])('fails the init by name when it %s', (_name, text) => {
    expect(() => load(text)).toThrow(expect.objectContaining({ name: 'ConfigurationError' }));
    expect(() => load(text)).toThrow(/caretaker build/);
  });

  it('fails the init by name when it is missing', () => {
    const missing = new URL('./none.json', write('{}'));
    expect(() => loadBundledConfig('drain', section, missing)).toThrow(
      /config\.json beside the bundle is missing/,
    );
  });
});
