import { describe, expect, it } from '@jest/globals';
import type { Answered, Sent } from './models.ts';
import { held, jsonModel, said } from './models.ts';

const type = { 'content-type': 'application/x-amz-json-1.1' };
const asked = (input: object, overrides: Sent = {}): Sent => ({
  headers: { ...type, 'x-amz-target': 'Kennel.Feed' },
  body: JSON.stringify(input),
  ...overrides,
});
const answer = (output: object, overrides: Answered = {}): Answered => ({
  headers: type,
  body: JSON.stringify(output),
  ...overrides,
});
const good = asked({ name: 'rex' });
const fine = answer({});

describe('the JSON protocol', () => {
  it('finds nothing wrong with what the model allows', () => {
    const input = { name: 'rex', bowls: 2, at: 1.5, only: ['rex'], tags: { aa: 'b' }, choice: { one: 'x' } };
    const dog = {
      name: 'rex',
      breed: 'BEAGLE',
      weight: 9.5,
      fed: true,
      bornAt: 1_600_000_000,
      photo: 'AQI=',
    };
    const checked = held(jsonModel, asked(input), answer({ dog: { ...dog, friends: [dog] }, left: 0 }));
    expect(said(checked)).toEqual([]);
    expect(checked.operation).toBe('Feed');
    expect(checked.input.at).toEqual(new Date(1500));
    expect(checked.output).toMatchObject({ dog: { bornAt: new Date(1_600_000_000_000) } });
  });

  it.each([
    ['an unknown member', { name: 'rex', colour: 'red' }, 'colour is no member of the model'],
    ['a missing member', {}, 'name is required and missing'],
    ['null', { name: null }, 'name null is not a string'],
    ['text for a number', { name: 'rex', bowls: '2' }, 'bowls "2" is not a integer'],
    ['a fraction', { name: 'rex', bowls: 1.5 }, 'bowls 1.5 is not a integer'],
    ['a number that is too large', { name: 'rex', bowls: 6 }, 'bowls 6 is above the most, 5'],
    ['a text for a time', { name: 'rex', at: '2030' }, 'at "2030" is not a timestamp'],
    ['a short text', { name: 'r' }, 'name "r" has 1 characters and is below the least, 2'],
    ['a broken pattern', { name: 'rex!' }, 'name "rex!" does not match [a-z]+(-[a-z]+)*'],
    ['a pattern that only begins well', { name: 'rex-' }, 'name "rex-" does not match [a-z]+(-[a-z]+)*'],
    ['an object for a list', { name: 'rex', only: {} }, 'only {} is not a list'],
    ['an empty list', { name: 'rex', only: [] }, 'only [] has 0 items and is below the least, 1'],
    ['a wrong item', { name: 'rex', only: ['ab', 'R2'] }, 'only[1] "R2" does not match [a-z]+(-[a-z]+)*'],
    ['a wrong key', { name: 'rex', tags: { A1: 'b' } }, 'tags key "A1" does not match [a-z]+(-[a-z]+)*'],
    ['a wrong value', { name: 'rex', tags: { aa: 1 } }, 'tags["aa"] 1 is not a string'],
    [
      'two of a union',
      { name: 'rex', choice: { one: 'a', other: 'b' } },
      'choice is one of several by the model and has 2 members',
    ],
  ])('reports %s in a request', (_what, input, words) => {
    expect(said(held(jsonModel, asked(input), fine))).toEqual([`request: ${words}`]);
  });

  it.each([
    [
      'an enum’s value that there is not',
      { dog: { name: 'rex', breed: 'CAT' } },
      'dog.breed "CAT" is not one of POODLE, BEAGLE',
    ],
    ['an unknown member', { dog: { name: 'rex', tail: 1 } }, 'dog.tail is no member of the model'],
    ['a missing member', { dog: {} }, 'dog.name is required and missing'],
    ['bytes that are no base64', { dog: { name: 'rex', photo: '%' } }, 'dog.photo "%" is not a blob'],
    [
      'too many bytes',
      { dog: { name: 'rex', photo: 'AQIDBAU=' } },
      /^response: dog\.photo has 5 bytes and is above the most, 4$/,
    ],
    ['text for a flag', { dog: { name: 'rex', fed: 'true' } }, 'dog.fed "true" is not a boolean'],
    [
      'a problem deep inside',
      { dog: { name: 'rex', friends: [{ name: 'x' }] } },
      'dog.friends[0].name "x" has 1 characters and is below the least, 2',
    ],
  ])('reports %s in an answer', (_what, output, words) => {
    expect(said(held(jsonModel, good, answer(output)))).toEqual([
      typeof words === 'string' ? `response: ${words}` : expect.stringMatching(words),
    ]);
  });

  it('lets a list or map of an answer be empty, but not one of a request', () => {
    expect(said(held(jsonModel, good, answer({ dog: { name: 'rex', tags: {} } })))).toEqual([]);
    expect(said(held(jsonModel, asked({ name: 'rex', tags: {} }), fine))).toEqual([
      'request: tags {} has 0 entries and is below the least, 1',
    ]);
  });

  it.each([
    [
      'an operation that there is not',
      { headers: { ...type, 'x-amz-target': 'Kennel.Meow' } },
      ' "Meow" is no operation of the model',
    ],
    [
      'another service',
      { headers: { ...type, 'x-amz-target': 'Zoo.Feed' } },
      'header x-amz-target "Zoo.Feed" does not begin with Kennel.',
    ],
    [
      'another content type',
      { headers: { 'content-type': 'text/plain', 'x-amz-target': 'Kennel.Feed' } },
      'header content-type is "text/plain", not application/x-amz-json-1.1',
    ],
    ['another method', { method: 'GET' }, 'method is GET, not POST'],
    ['another path', { path: '/anything' }, 'path is "/anything", not /'],
    ['a query string', { query: 'a=b' }, 'query is "a=b", where none belongs'],
    [
      'a strange header',
      { headers: { ...good.headers, 'x-amz-colour': 'red' } },
      'header x-amz-colour is no member of the model',
    ],
    ['a body that is no JSON', { body: '{' }, 'body is not a JSON object: "{"'],
  ])('reports %s', (_what, overrides, words) => {
    expect(said(held(jsonModel, { ...good, ...overrides }, fine))).toContain(`request: ${words}`);
  });

  it('holds a request that got no answer', () => {
    expect(held(jsonModel, good, 'nothing')).toMatchObject({
      operation: 'Feed',
      input: { name: 'rex' },
      problems: [],
    });
    expect(said(held(jsonModel, asked({ name: 'r' }), 'nothing'))).toEqual([
      'request: name "r" has 1 characters and is below the least, 2',
    ]);
  });

  it('reports an answer of an operation that has none', () => {
    const bark: Sent = { headers: { ...type, 'x-amz-target': 'Kennel.Bark' }, body: '{}' };
    expect(said(held(jsonModel, bark, answer({ loud: true })))).toEqual([
      'response: loud is no member of the model',
    ]);
  });

  it.each([
    ['an answer', fine],
    ['an error', answer({ __type: 'Busy', message: 'no' }, { status: 400 })],
  ])('reports a strange header of %s', (_what, answered) => {
    const headers = { ...type, 'x-amz-colour': 'red' };
    expect(said(held(jsonModel, good, { ...answered, headers }))).toEqual([
      'response: header x-amz-colour is no member of the model',
    ]);
  });

  it('reports another status than the model’s', () => {
    expect(said(held(jsonModel, good, answer({}, { status: 201 })))).toEqual([
      'response: status is 201, not 200',
    ]);
  });
});

describe('an error in the JSON protocol', () => {
  it.each([
    ['declared', { __type: 'NoSuchDog', message: 'gone', dogName: 'rex' }, 404],
    ['declared, with a namespace', { __type: 'com.example.kennel#NoSuchDog', Message: 'gone' }, 404],
    ['declared as the service’s fault', { __type: 'TooTired', message: 'zzz' }, 500],
    ['declared under a code of its own', { __type: 'Busy', message: 'no' }, 400],
    ['common to all operations', { __type: 'Closed', Message: 'no' }, 503],
  ])('may be one that is %s', (_what, body, status) => {
    expect(said(held(jsonModel, good, answer(body, { status })))).toEqual([]);
  });

  it('is named where it is a common one', () => {
    expect(held(jsonModel, good, answer({ __type: 'Closed' }, { status: 503 })).commonError).toBe('Closed');
    expect(held(jsonModel, good, answer({ __type: 'Busy' }, { status: 400 })).commonError).toBeUndefined();
  });

  it.each([
    ['undeclared', { __type: 'Eaten' }, 400, 'error "Eaten" is not declared by Feed'],
    [
      'named by its shape and not its code',
      { __type: 'BusyFault' },
      400,
      'error "BusyFault" is not declared by Feed',
    ],
    [
      'of another status',
      { __type: 'NoSuchDog', message: 'gone' },
      400,
      'status of NoSuchDog is 400, not 404',
    ],
    [
      'common, of another status',
      { __type: 'Closed', message: 'no' },
      500,
      'status of Closed is 500, not 503',
    ],
    [
      'with an unknown member',
      { __type: 'NoSuchDog', message: 'gone', cat: 1 },
      404,
      'NoSuchDog.cat is no member of the model',
    ],
    [
      'with a member that breaks its pattern',
      { __type: 'NoSuchDog', message: 'gone', dogName: 'R2' },
      404,
      'NoSuchDog.dogName "R2" does not match [a-z]+(-[a-z]+)*',
    ],
    [
      'without a message',
      { __type: 'NoSuchDog', dogName: 'rex' },
      404,
      'NoSuchDog.message is required and missing',
    ],
    ['common, without a message', { __type: 'Closed' }, 503, 'Closed.message is required and missing'],
    [
      'common, with a member',
      { __type: 'Closed', message: 'no', colour: 'red' },
      503,
      'Closed.colour is no member of the model',
    ],
    [
      'common, with a message that is no text',
      { __type: 'Closed', message: {} },
      503,
      'Closed.message {} is not a string',
    ],
  ])('is reported where it is %s', (_what, body, status, words) => {
    expect(said(held(jsonModel, good, answer(body, { status })))).toEqual([`response: ${words}`]);
  });
});
