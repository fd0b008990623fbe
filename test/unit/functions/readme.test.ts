import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { automations } from '../../../functions/index.ts';
import { exampleConfigFile } from '../../../infra/cli/defaults.ts';
import { entriesOf, exampleScope } from '../../../infra/entries.ts';
import { loadConfigFile } from '../../../infra/load-config.ts';
import type { Resource } from '../../../shared/core/automation.ts';

/** Codes that are written `reason: 'code'` (or `reason = ...`, or chosen by `? :`) in an automation's files. */
const reasonsOf = (folder: string): readonly string[] => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const codes = files.flatMap((file) =>
    [
      ...readFileSync(join(folder, file), 'utf8').matchAll(
        /reason(?::|\s*=)\s*(?:[^'\n;{}]*\?\s*)?'([a-z][a-z0-9-]*)'(?:\s*:\s*'([a-z][a-z0-9-]*)')?/g,
      ),
    ].flatMap(([, first, second]) => [first, second].filter((code) => code !== undefined)),
  );
  return [...new Set(codes)].sort();
};

const variablesOf = (text: string): readonly string[] =>
  [...new Set(text.match(/CARETAKER_[A-Z_]+/g))].sort();

/** Reasons that are no verdict's: how a calendar came to its answer, and why an observed drain's record is closed. */
const INTERNAL: Readonly<Record<string, readonly string[]>> = {
  'node-group-schedule': ['inside-window', 'outside-windows'],
  'spot-drain': ['observed'],
};

const VARIABLES: Readonly<Record<Resource, string>> = {
  table: 'CARETAKER_TABLE',
  queue: 'CARETAKER_QUEUE_URL',
  topic: 'CARETAKER_TOPIC_ARN',
  bucket: 'CARETAKER_BUCKET',
  worker: 'CARETAKER_WORKER',
};
const config = loadConfigFile(exampleConfigFile);
const givenTo = (id: string): readonly string[] =>
  entriesOf({ ...config, mode: 'act' }, exampleScope)
    .filter(({ automation }) => automation === id)
    .flatMap(({ entry }) => entry.uses.map((resource) => VARIABLES[resource]));

describe.each(automations.map(({ id }) => id))("%s's README", (id) => {
  const folder = join('functions', id);
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');

  it('explains every reason that its code gives', () => {
    const reasons = reasonsOf(folder).filter((code) => !INTERNAL[id]?.includes(code));
    expect(reasons.length).toBeGreaterThan(5);
    expect(reasons.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
  });

  it('names every environment variable that its entries are given', () => {
    expect(variablesOf(readme)).toEqual([...new Set(givenTo(id))].sort());
  });
});
