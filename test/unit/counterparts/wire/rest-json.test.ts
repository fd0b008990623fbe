import { describe, expect, it } from '@jest/globals';
import type { Answered, Sent } from './models.ts';
import { held, restJsonModel, said } from './models.ts';

const json = { 'content-type': 'application/json' };
const get: Sent = { method: 'GET', path: '/kennels/north/dogs/rex' };
const dog: Answered = { headers: { ...json, etag: '"1"' }, body: '{"theDog":{"name":"rex"}}' };

describe('REST with JSON', () => {
  it('reads path, query string, headers and body', () => {
    const checked = held(
      restJsonModel,
      {
        ...get,
        query: 'field=aa&field=bb&most=2',
        headers: { 'if-modified-since': 'Fri, 20 Nov 2026 03:00:00 GMT', 'x-amz-note-aa': 'x' },
      },
      dog,
    );
    expect(said(checked)).toEqual([]);
    expect(checked).toMatchObject({
      operation: 'GetDog',
      input: {
        kennel: 'north',
        name: 'rex',
        fields: ['aa', 'bb'],
        most: 2,
        since: new Date(Date.UTC(2026, 10, 20, 3)),
        notes: { aa: 'x' },
      },
      output: { dog: { name: 'rex' }, etag: '"1"' },
    });
  });

  it('decodes what is percent-encoded in a path', () => {
    expect(said(held(restJsonModel, { ...get, path: '/kennels/north/dogs/r%20x' }, dog))).toEqual([
      'request: name "r x" does not match [a-z]+(-[a-z]+)*',
    ]);
  });

  it.each([
    [
      'a path that there is not',
      { path: '/kennels/north' },
      ' GET /kennels/north is no operation of the model',
    ],
    [
      'a method that there is not',
      { method: 'DELETE' },
      ' DELETE /kennels/north/dogs/rex is no operation of the model',
    ],
    ['an unknown parameter', { query: 'Most=2' }, 'query Most is no member of the model'],
    ['a parameter twice', { query: 'most=2&most=3' }, 'most comes 2 times in the query string'],
    ['a wrong parameter', { query: 'most=few' }, 'most "few" is not a integer'],
    ['a number above the most', { query: 'most=9' }, 'most 9 is above the most, 5'],
    [
      'a document under another type',
      { headers: { 'content-type': 'text/plain' }, body: '{}' },
      'header content-type is "text/plain", not application/json',
    ],
    ['a document without a type', { body: '{}' }, 'header content-type is undefined, not application/json'],
    [
      'another type without a document',
      { headers: { 'content-type': 'text/plain' } },
      'header content-type is "text/plain", not application/json',
    ],
    [
      'a strange header',
      { headers: { 'x-amz-colour': 'red' } },
      'header x-amz-colour is no member of the model',
    ],
    [
      'a date of another form',
      { headers: { 'if-modified-since': '2026-11-20' } },
      'since "2026-11-20" is not a timestamp',
    ],
    ['a body where none belongs', { headers: json, body: '{"a":1}' }, 'a is no member of the model'],
  ])('reports %s', (_what, overrides, words) => {
    expect(said(held(restJsonModel, { ...get, ...overrides }, dog))).toEqual([`request: ${words}`]);
  });

  it('leaves headers of the protocol and of others alone', () => {
    const headers = { 'x-amz-date': '20261120T030000Z', 'user-agent': 'a', 'x-amzn-trace-id': 'b' };
    expect(said(held(restJsonModel, { ...get, headers }, dog))).toEqual([]);
  });

  it('tells operations of one path apart by their query string', () => {
    const list: Sent = { method: 'GET', path: '/kennels/north/dogs', query: 'all=yes' };
    expect(held(restJsonModel, list, { headers: json, body: '{}' }).operation).toBe('ListDogs');
    expect(said(held(restJsonModel, { ...list, query: '' }, { headers: json, body: '{}' }))).toEqual([
      'request:  GET /kennels/north/dogs is no operation of the model',
    ]);
  });

  it('reads a body that is one member, whatever its kind', () => {
    const teach: Sent = { path: '/kennels/north/lessons', body: 'sit' };
    const taught: Answered = { status: 202, headers: json, body: '{"name":"rex"}' };
    const checked = held(restJsonModel, teach, taught);
    expect(checked.input.lesson).toEqual(Buffer.from('sit'));
    expect(checked.output).toEqual({ code: 202, dog: { name: 'rex' } });
    // The model says which member holds the status, and that it goes up to 5.
    expect(said(checked)).toEqual(['response: code 202 is above the most, 5']);
    expect(said(held(restJsonModel, { ...teach, body: 'sit down' }, taught))).toContain(
      'request: lesson has 8 bytes and is above the most, 4',
    );
  });

  it.each([
    [
      'a member under its own name instead of the wire’s',
      { body: '{"dog":{"name":"rex"}}' },
      'dog is no member of the model',
    ],
    [
      'another content type',
      { headers: { 'content-type': 'text/html' } },
      'header content-type is "text/html", not application/json',
    ],
    [
      'a strange header',
      { headers: { ...json, 'x-amzn-colour': 'red' } },
      'header x-amzn-colour is no member of the model',
    ],
    ['another status', { status: 202 }, 'status is 202, not 200'],
  ])('reports %s in an answer', (_what, overrides, words) => {
    expect(said(held(restJsonModel, get, { ...dog, ...overrides }))).toEqual([`response: ${words}`]);
  });

  it.each([
    [404, 'NoSuchDog', '{"message":"gone","dogName":"rex"}', []],
    [404, 'NoSuchDog:http://kennel.example/', '{"Message":"gone"}', []],
    [500, 'TooTired', '{"message":"zzz"}', []],
    [400, 'Busy', '{"message":"no"}', ['response: error "Busy" is not declared by GetDog']],
    [
      404,
      'NoSuchDog',
      '{"message":"gone","dog":"rex"}',
      ['response: NoSuchDog.dog is no member of the model'],
    ],
    [404, 'NoSuchDog', '{}', ['response: NoSuchDog.message is required and missing']],
    [503, 'Closed', '{"code":"Closed","message":"no"}', []],
    [
      503,
      'Closed',
      '{"colour":"red"}',
      [
        'response: Closed.colour is no member of the model',
        'response: Closed.message is required and missing',
      ],
    ],
    [503, 'Closed', '', ['response: Closed.message is required and missing']],
  ])('reads the error %d %s', (status, code, body, problems) => {
    const headers = { ...json, 'x-amzn-errortype': code };
    expect(said(held(restJsonModel, get, { status, headers, body }))).toEqual(problems);
  });
});
