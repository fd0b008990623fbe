import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { missingOf, skipLine, suites } from '../../counterparts/suites.ts';

const suite = (name: string) => {
  const found = suites.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no suite ${name}`);
  return found;
};

describe('the contract suites', () => {
  it.each(suites)('$name has a folder', ({ name }) => {
    expect(existsSync(fileURLToPath(new URL(`../../counterparts/${name}`, import.meta.url)))).toBe(true);
  });

  it('miss what is not set, and say so in one line', () => {
    const missing = missingOf(suite('kubernetes'), (name) => name === 'KWOK_STAGES');
    expect(missing).toEqual(['KUBEBUILDER_ASSETS']);
    expect(skipLine(suite('kubernetes'), missing)).toBe(
      'skipped: kubernetes (KUBEBUILDER_ASSETS not set; "npm run -s counterparts" prints it)',
    );
  });

  it('run where everything is set', () => {
    expect(suites.flatMap((each) => missingOf(each, () => true))).toEqual([]);
  });

  it('run against a server that is there already', () => {
    expect(missingOf(suite('aws'), (name) => name === 'MOTO_ENDPOINT')).toEqual([]);
    expect(missingOf(suite('aws'), () => false)).toEqual(['COUNTERPARTS_BIN']);
  });
});
