import { describe, expect, it } from '@jest/globals';
import type { Case } from '../../../counterparts/aws/comparison.ts';
import { attempt, cell, compare } from '../../../counterparts/aws/comparison.ts';
import type { Side } from '../../../counterparts/aws/side.ts';
import { createClients } from '../../../counterparts/aws/side.ts';

const sideOf = (name: Side['name'], id: string): Side => ({
  name,
  endpoint: `http://127.0.0.1:${name === 'moto' ? 1 : 2}`,
  clients: createClients('http://127.0.0.1:9', { accessKeyId: 'a', secretAccessKey: 'b' }),
  drawn: {
    vpcId: `vpc-${id}`,
    subnetIds: [`subnet-${id}`],
    poolInstances: [`i-0${id.repeat(16)}`],
    topicArn: 'arn:topic',
    functionArn: 'arn:function',
    queueUrl: (queue) => `http://127.0.0.1/${queue}`,
    parameters: { path: `/p/${id}`, name: `/p/${id}/name` },
  },
  pass: async () => {},
  settle: async () => {},
  close: async () => {},
});

const embedded = sideOf('embedded', 'a');
const moto = sideOf('moto', 'b');
const compared = (run: Case['run'], messages = false) =>
  compare({ behaviour: 'x', run, messages }, { embedded, counterpart: moto });

/** As the SDK throws what a service refused. */
const refusal = (name: string, status: number, message: string): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });

describe('a comparison', () => {
  it.each<[string, Case['run'], boolean]>([
    ['the same values', async () => ({ a: 1, b: [2] }), true],
    [
      'members in another order',
      async ({ name }) => (name === 'moto' ? { a: 1, b: 2 } : { b: 2, a: 1 }),
      true,
    ],
    ['another value', async ({ name }) => ({ a: name === 'moto' ? 1 : '1' }), false],
    [
      'a member that one leaves out',
      async ({ name }) => (name === 'moto' ? { a: 1, b: null } : { a: 1 }),
      false,
    ],
    [
      'a member that is undefined on one side',
      async ({ name }) => (name === 'moto' ? { a: 1, b: undefined } : { a: 1 }),
      true,
    ],
    ['a list in another order', async ({ name }) => (name === 'moto' ? [1, 2] : [2, 1]), false],
    [
      'the ids that each side drew',
      async ({ drawn }) => [drawn.vpcId, { [drawn.subnetIds[0] ?? '']: drawn.poolInstances }],
      true,
    ],
    ['an id and none', async ({ name, drawn }) => (name === 'moto' ? drawn.vpcId : 'vpc'), false],
    ['times', async ({ name }) => new Date(name === 'moto' ? 1 : 2), true],
    ['a time and none', async ({ name }) => (name === 'moto' ? new Date(1) : undefined), false],
    ['bytes', async ({ name }) => new Uint8Array([name === 'moto' ? 1 : 2]), false],
    ['endpoints', async ({ endpoint }) => `${endpoint}/123456789012/queue`, true],
  ])('of %s', async (_, run, same) => {
    expect((await compared(run)).same).toBe(same);
  });

  it('takes errors by name and status, by their wording only where asked', async () => {
    const wording: Case['run'] = async ({ name }) => {
      throw refusal('NotFound', 404, `not here, says ${name}`);
    };
    expect(await compared(wording)).toMatchObject({
      same: true,
      embedded: { error: 'NotFound', status: 404 },
    });
    expect((await compared(wording, true)).same).toBe(false);
  });

  it.each<[string, Case['run']]>([
    ['another error', async ({ name }) => Promise.reject(refusal(name, 400, ''))],
    [
      'another status',
      async ({ name }) => Promise.reject(refusal('NotFound', name === 'moto' ? 400 : 404, '')),
    ],
    [
      'an error within an answer',
      async ({ name }) => [await attempt(() => Promise.reject(refusal(name, 400, '')))],
    ],
    [
      'an error instead of an answer',
      async ({ name }) => (name === 'moto' ? 'fine' : Promise.reject(refusal('NotFound', 404, ''))),
    ],
  ])('tells %s', async (_, run) => {
    expect((await compared(run)).same).toBe(false);
  });

  it('is no comparison where the case itself is wrong', async () => {
    await expect(
      compared(() => Promise.reject(new TypeError('undefined is not a function'))),
    ).rejects.toThrow(TypeError);
  });

  it('names a page of a server that failed, instead of its parser’s words', async () => {
    const page = refusal('SyntaxError', 500, "Unexpected token '<'\n  Deserialization error: to see ...");
    expect(await compared(() => Promise.reject(page))).toMatchObject({
      embedded: { error: 'no answer of this service', status: 500 },
    });
  });
});

it.each([
  [undefined, 'nothing'],
  [{ a: '<vpc>' }, '{"a":"<vpc>"}'],
  ['x'.repeat(300), `"${'x'.repeat(198)}…`],
])('a cell of the table', (outcome, text) => {
  expect(cell(outcome)).toBe(text);
});
