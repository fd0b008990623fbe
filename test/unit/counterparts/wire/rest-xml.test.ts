import { describe, expect, it } from '@jest/globals';
import type { Answered, Sent } from './models.ts';
import { held, restXmlModel, said } from './models.ts';

const put: Sent = {
  method: 'PUT',
  path: '/north/balls/red%20one',
  headers: { 'x-amz-breed': 'POODLE' },
  body: 'ball',
};
const done: Answered = { headers: { 'last-modified': 'Fri, 20 Nov 2026 03:00:00 GMT' } };
const xml = { 'content-type': 'application/xml' };

describe('REST with XML', () => {
  it('takes the rest of a path as one member', () => {
    const checked = held(restXmlModel, put, done);
    expect(said(checked)).toEqual([]);
    expect(checked).toMatchObject({
      operation: 'PutToy',
      input: { Kennel: 'north', Toy: 'balls/red one', Breed: 'POODLE', Body: Buffer.from('ball') },
      output: { At: new Date(Date.UTC(2026, 10, 20, 3)) },
    });
  });

  it('tells operations of one address apart by the headers that they require', () => {
    const copy: Sent = {
      method: 'PUT',
      path: '/north/ball',
      headers: { 'x-amz-copy-source': '/south/ball' },
    };
    expect(held(restXmlModel, copy, done).operation).toBe('CopyToy');
    expect(said(held(restXmlModel, copy, done))).toEqual([]);
  });

  it('takes S3’s parameter x-id for the operation’s name', () => {
    expect(said(held(restXmlModel, { ...put, query: 'x-id=PutToy' }, done))).toEqual([]);
    expect(said(held(restXmlModel, { ...put, query: 'x-id=GetToy' }, done))).toEqual([
      'request: query x-id is not PutToy',
    ]);
  });

  it.each([
    ['a wrong enum', { headers: { 'x-amz-breed': 'CAT' } }, 'Breed "CAT" is not one of POODLE, BEAGLE'],
    [
      'an unknown header',
      { headers: { 'x-amz-colour': 'red' } },
      'header x-amz-colour is no member of the model',
    ],
    ['too large a body', { body: 'balls' }, 'Body has 5 bytes and is above the most, 4'],
  ])('reports %s', (_what, overrides, words) => {
    expect(said(held(restXmlModel, { ...put, ...overrides }, done))).toEqual([`request: ${words}`]);
  });

  const list: Sent = { method: 'GET', path: '/north', query: 'list-type=2' };

  it('knows a bucket with a slash behind it', () => {
    const body = '<List><More>false</More></List>';
    expect(said(held(restXmlModel, { ...list, path: '/north/' }, { headers: xml, body }))).toEqual([]);
  });

  it('reads lists without an element around them', () => {
    const body = '<List><Toy>ball</Toy><Toy>bone</Toy><More>false</More></List>';
    const checked = held(restXmlModel, list, { headers: xml, body });
    expect(said(checked)).toEqual([]);
    expect(checked.output).toEqual({ Toys: ['ball', 'bone'], More: false });
  });

  it.each([
    ['an element around them', '<List><Toys><Toy>ball</Toy></Toys></List>', 'Toys is no member of the model'],
    ['a wrong flag', '<List><More>no</More></List>', 'More "no" is not a boolean'],
  ])('reports %s', (_what, body, words) => {
    expect(said(held(restXmlModel, list, { headers: xml, body }))).toEqual([`response: ${words}`]);
  });

  it.each([
    [
      404,
      '<Error><Code>NoSuchDog</Code><Message>gone</Message><Resource>/north</Resource><RequestId>r</RequestId></Error>',
      [],
    ],
    [
      404,
      '<Error><Code>NoSuchDog</Code><Message>gone</Message><Colour>red</Colour><RequestId>r</RequestId></Error>',
      ['response: NoSuchDog.Colour is no member of the model'],
    ],
    [
      400,
      '<Error><Code>Eaten</Code><Message>gone</Message><RequestId>r</RequestId></Error>',
      ['response: error "Eaten" is not declared by PutToy'],
    ],
    [
      503,
      '<Error><Code>Closed</Code><RequestId>r</RequestId></Error>',
      ['response: error Message is missing'],
    ],
    [
      503,
      '<Error><Code>Closed</Code><Message>no</Message><Colour>red</Colour><RequestId>r</RequestId></Error>',
      ['response: Closed.Colour is no member of the model'],
    ],
  ])('reads an error of status %d', (status, body, problems) => {
    expect(said(held(restXmlModel, put, { status, headers: xml, body }))).toEqual(problems);
  });

  it('goes by the status of an answer to HEAD, which has no body', () => {
    const head: Sent = { method: 'HEAD', path: '/north/ball' };
    expect(said(held(restXmlModel, head, { status: 404 }))).toEqual([]);
    expect(said(held(restXmlModel, head, { status: 404, headers: xml, body: '<Error/>' }))).toEqual([
      'response: body is there in an answer to HEAD',
    ]);
    expect(said(held(restXmlModel, head, { status: 418 }))).toEqual([
      'response: status is 418, none of HEAD’s: 304, 400, 403, 404, 405, 412',
    ]);
  });
});
