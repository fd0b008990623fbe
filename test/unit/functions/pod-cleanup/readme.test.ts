import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { KEEP_ANNOTATION } from '../../../../functions/pod-cleanup/decide/pod.ts';
import { REASONS } from '../../../../functions/pod-cleanup/decide/reasons.ts';
import { sectionOf } from './support.ts';

const folder = join('functions', 'pod-cleanup');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

/** Words with a hyphen that are no reasons: names of the preset, of entries, of what comes from elsewhere. */
const OTHERS = ['shell-loop', 'pod-cleanup', 'pod-cleanup-verify', 'eks-caretaker', 'instance-id', 'p-map'];

describe("pod-cleanup's README", () => {
  it('has the table of reasons as the rules use it', () => {
    for (const { reason, code, since, until, meaning, source } of REASONS) {
      const versions = until === undefined ? `${since} on` : `${since} to ${until}`;
      const link = `[#${source}](https://github.com/kubernetes/kubernetes/pull/${source})`;
      expect(readme).toContain(`| \`${reason}\` | \`${code}\` | ${versions} | ${meaning} | ${link} |`);
    }
  });

  it('explains every reason that a verdict may have, those that are returned and not written as one included', () => {
    const codes = [...sources.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)].map(([, code = '']) => code);
    const missing = [...new Set(codes)].filter(
      (code) => !OTHERS.includes(code) && !readme.includes(`\`${code}\``),
    );
    expect(codes.length).toBeGreaterThan(40);
    expect(missing).toEqual([]);
  });

  it('explains every key of its section with its default, and the annotation', () => {
    for (const key of Object.keys({ ...sectionOf(), mode: 'act', labelSelector: '' })) {
      expect(readme).toMatch(new RegExp(`^\\| \`${key}\` \\|`, 'm'));
    }
    expect(readme).toContain(KEEP_ANNOTATION);
  });
});
