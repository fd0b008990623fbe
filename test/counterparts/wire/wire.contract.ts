import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../../infra/build.ts';
import { row } from '../support/results.ts';
import { counterpart } from '../support/variables.ts';
import type { Violation } from './breaking.ts';
import { commonError, commonErrorsOf } from './common-errors.ts';
import { errorRows } from './error-rows.ts';
import { modelPaths, valuePaths } from './member-paths.ts';
import type { ServiceModel } from './model.ts';
import { loadModel } from './model.ts';
import { protocolViolations } from './protocol-violations.ts';
import type { RecordedCall } from './recording.ts';
import { recordedCalls } from './recording.ts';
import { rights, unused } from './rights.ts';
import { unsent } from './unsent.ts';
import type { Checked } from './validate.ts';
import { checkExchange } from './validate.ts';
import { violations } from './violations.ts';

const SUITE = 'wire';
const END_TO_END_MS = 15 * 60_000;
const UNKNOWN = 'a call that the account refused unread';

/** Every service that the product or its command line calls. */
const SERVICES = [
  'autoscaling',
  'cloudformation',
  'dynamodb',
  'ec2',
  'ecr',
  'eks',
  'events',
  'lambda',
  's3',
  'sns',
  'sqs',
  'ssm',
] as const;

interface Held extends Checked {
  readonly call: RecordedCall;
}

const models = new Map<string, ServiceModel>();
const modelOf = (service: string): ServiceModel => {
  const model = models.get(service) ?? loadModel(counterpart('BOTOCORE_DATA'), service);
  models.set(service, model);
  return model;
};

const check = (call: RecordedCall): Held => ({
  ...checkExchange(modelOf(call.service), call, commonErrorsOf(call.service)),
  call,
});

let held: readonly Held[] = [];
const of = (service: string) => held.filter(({ call }) => call.service === service);
const operationsOf = (service: string): readonly string[] =>
  [...new Set(of(service).flatMap(({ call }) => call.operation ?? []))].sort();
const unanswered = (checked: readonly Held[]) => checked.filter(({ call }) => call.response === undefined);

beforeAll(async () => {
  held = (await recordedCalls()).map(check);
}, END_TO_END_MS);

/** Each kind of violation once, with how often it was seen. */
const violationsIn = (checked: readonly Held[]): readonly string[] => {
  const lines = checked.flatMap(({ call, operation, problems }) => {
    const taken = call.operation ?? UNKNOWN;
    return [
      ...problems.map(({ side, where, what }) => `${taken} ${side} by ${call.caller}: ${where} ${what}`),
      ...(operation === call.operation ? [] : [`${taken} is ${operation} by the model`]),
    ];
  });
  return [...Map.groupBy(lines, (line) => line)].map(([line, { length }]) => `${length} x ${line}`);
};

describe('what the end-to-end tests put on the wire', () => {
  it.each(SERVICES)('%s: every request and answer is as AWS’s service model says', (service) => {
    const checked = of(service);
    const found = violationsIn(checked);
    const operations = operationsOf(service);
    process.stdout.write(
      `wire: ${service}: ${checked.length} exchanges, ${unanswered(checked).length} without an answer, over ${operations.length} operations, ${found.length} violations\n`,
    );
    expect(checked).not.toEqual([]);
    expect(found).toEqual([]);
    row({
      suite: SUITE,
      behaviour: `${service}: ${operations.join(', ')}`,
      embedded: `${operations.length} operations, violations ${found.length}`,
      counterpart: `model of ${modelOf(service).metadata.apiVersion}`,
      verdict: 'same',
    });
  });

  it('comes from no other service', () => {
    expect([...new Set(held.map(({ call }) => call.service))].sort()).toEqual(SERVICES);
  });

  it('holds requests that got no answer, and those of caretaker local', () => {
    const local = held.filter(({ call }) => call.test === 'local.test');
    expect([unanswered(held), local].map(({ length }) => length > 0)).toEqual([true, true]);
  });

  it('is recorded without what a request could be signed with', () => {
    const secrets = ['authorization', 'x-amz-security-token', 'cookie'];
    const carrying = held.filter(
      ({ call: { request } }) =>
        secrets.some((name) => name in request.headers) ||
        /x-amz-(signature|credential)/i.test(request.query),
    );
    expect(carrying).toEqual([]);
  });

  it('uses every right that a manifest asks for, but for those with a reason', () => {
    const used = new Set(held.map(({ call }) => `${call.caller} ${call.service}:${call.operation}`));
    const idle = rights()
      .filter(({ entryId, service, operation }) => !used.has(`${entryId} ${service}:${operation}`))
      .map(({ entryId, action }) => `${entryId} ${action}`);
    const listed = Object.keys(unused);
    expect({
      idleWithoutReason: idle.filter((right) => !listed.includes(right)),
      usedAlthoughListed: listed.filter((right) => !idle.includes(right)),
    }).toEqual({ idleWithoutReason: [], usedAlthoughListed: [] });
    for (const right of idle)
      row({
        suite: SUITE,
        behaviour: `right ${right}`,
        embedded: 'no exchange in the end-to-end run',
        counterpart: 'in the manifest',
        verdict: { differs: unused[right] ?? '' },
      });
  });

  it('answers undeclared errors only where AWS’s documentation has them', () => {
    const seen = held.flatMap(({ call: { service, operation }, commonError: code }) =>
      code === undefined ? [] : [{ service, operation: operation ?? UNKNOWN, code }],
    );
    expect(seen).not.toEqual([]);
    for (const { service, code } of seen) expect(commonError(service, code)?.source).toMatch(/./);
    errorRows('errors of the end-to-end run', seen);
  });
});

/** The first whole exchange of that kind that has something in it to be broken, broken. */
const brokenCall = (
  kind: { readonly service: string; readonly operation: string; readonly status: number },
  breakIt: Violation['breakIt'],
): RecordedCall => {
  for (const { call, problems } of held) {
    if (problems.length > 0 || call.service !== kind.service || call.operation !== kind.operation) continue;
    const answer = call.response;
    if (answer?.status !== kind.status) continue;
    const { request, response } = breakIt({ request: call.request, response: answer });
    if (request !== call.request || response !== answer) return { ...call, request, response };
  }
  throw new Error(`no ${kind.operation} with ${kind.status} was recorded to break`);
};

describe('a violation', () => {
  it('of a request that got no answer is reported', () => {
    const [lone] = unanswered(held);
    if (lone === undefined) throw new Error('every request of the run was answered');
    const { problems } = check({ ...lone.call, request: { ...lone.call.request, method: 'PATCH' } });
    expect([lone.problems, problems]).toEqual([[], [expect.objectContaining({ side: 'request' })]]);
  });

  it.each(
    [...violations, ...protocolViolations].map((violation) => ({
      ...violation,
      status: violation.status ?? 200,
    })),
  )(
    'of $service $operation, $side: $what is reported',
    ({ service, operation, status, side, breakIt, found }) => {
      const broken = brokenCall({ service, operation, status }, breakIt);
      const { problems } = check(broken);
      expect(problems.filter((problem) => problem.side !== side)).toEqual([]);
      expect(problems.map(({ where, what }) => `${where} ${what}`)).toEqual([expect.stringMatching(found)]);
    },
  );
});

/** Words of each port by the operations that it calls: a member whose name is there may be read. */
const portWords = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const words = new Map<string, Set<string>>();
  const folder = join(projectRoot, 'shared/aws');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(folder, name), 'utf8');
    const all = text.match(/[A-Za-z]\w*/g) ?? [];
    for (const [, operation = ''] of text.matchAll(/\b(?:paginate)?([A-Z]\w+?)(?:Command)?\b/g))
      words.set(operation, new Set([...(words.get(operation) ?? []), ...all]));
  }
  return words;
};

/** Members of an operation's answers that its port may read, and that no answer of the run had. */
const unsentMembers = (service: string, operation: string, words: ReadonlySet<string>) => {
  const model = modelOf(service);
  const ref = model.operations[operation]?.output;
  if (ref === undefined) return { read: 0, unsent: [] as readonly string[] };
  const answers = of(service).filter(({ call }) => call.operation === operation);
  const sent = new Set(answers.flatMap(({ output }) => [...valuePaths(model, ref, output ?? {})]));
  const mayBeRead = modelPaths(model, ref).filter((path) => words.has(path.split('.').at(-1) ?? ''));
  // Where a structure was never sent, its members say nothing more.
  const hasParent = (path: string) => !path.includes('.') || sent.has(path.replace(/\.[^.]+$/, ''));
  return {
    read: mayBeRead.filter((path) => sent.has(path)).length,
    unsent: mayBeRead.filter((path) => !sent.has(path) && hasParent(path)),
  };
};

describe('the answers of the embedded account', () => {
  it('have every member that our ports read, but for those with a reason', () => {
    const words = portWords();
    const missing: string[] = [];
    let members = 0;
    // Items of DynamoDB are the product's own.
    for (const service of SERVICES.filter((name) => name !== 'dynamodb'))
      for (const operation of operationsOf(service)) {
        const found = unsentMembers(service, operation, words.get(operation) ?? new Set());
        members += found.read;
        missing.push(...found.unsent.map((path) => `${service} ${operation} ${path}`));
      }
    const listed = Object.keys(unsent);
    expect({
      unsentWithoutReason: missing.filter((name) => !listed.includes(name)),
      // Some answer has it by now, or no port has the word any more.
      listedInVain: listed.filter((name) => !missing.includes(name)),
    }).toEqual({ unsentWithoutReason: [], listedInVain: [] });
    expect(members).toBeGreaterThan(100);
    for (const name of missing)
      row({
        suite: SUITE,
        behaviour: `member that our port may read: ${name}`,
        embedded: 'not in any answer of the run',
        counterpart: 'optional member of the model',
        verdict: { differs: unsent[name] ?? '' },
      });
  });
});
