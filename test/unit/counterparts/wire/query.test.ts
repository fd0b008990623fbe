import { describe, expect, it } from '@jest/globals';
import type { Answered, Sent } from './models.ts';
import { ec2Model, held, queryModel, said } from './models.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const xml = { 'content-type': 'text/xml' };
const asked = (parameters: string): Sent => ({
  headers: form,
  body: `Action=Feed&Version=2030-01-01${parameters === '' ? '' : `&${parameters}`}`,
});
const answer = (result: string, overrides: Answered = {}): Answered => ({
  headers: xml,
  body: `<?xml version="1.0"?><FeedResponse xmlns="http://kennel.example/"><FeedResult>${result}</FeedResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></FeedResponse>`,
  ...overrides,
});

describe('the query protocol', () => {
  it('reads lists and maps by their numbers, and XML by the model', () => {
    const checked = held(
      queryModel,
      asked(
        'name=rex&bowls=2&at=2026-11-20T03:00:00Z&Only.member.1=aa&Only.member.2=bb&tags.entry.1.key=aa&tags.entry.1.value=x',
      ),
      answer(
        '<left>3</left><dog><name>rex</name><fed>true</fed><weight>9.5</weight><bornAt>2020-01-01T00:00:00Z</bornAt><tags><entry><key>aa</key><value>x &amp; y</value></entry></tags><friends><member><name>bello</name></member></friends></dog>',
      ),
    );
    expect(said(checked)).toEqual([]);
    expect(checked.input).toEqual({
      name: 'rex',
      bowls: 2,
      at: new Date(Date.UTC(2026, 10, 20, 3)),
      only: ['aa', 'bb'],
      tags: { aa: 'x' },
    });
    expect(checked.output).toEqual({
      left: 3,
      dog: {
        name: 'rex',
        fed: true,
        weight: 9.5,
        bornAt: new Date(Date.UTC(2020, 0, 1)),
        tags: { aa: 'x & y' },
        friends: [{ name: 'bello' }],
      },
    });
  });

  it.each([
    ['an unknown parameter', 'name=rex&colour=red', 'colour is no member of the model'],
    ['a parameter twice', 'name=rex&name=bello', 'name comes twice'],
    ['a missing one', '', 'name is required and missing'],
    ['a wrong number', 'name=rex&bowls=few', 'bowls "few" is not a integer'],
    ['a number above the most', 'name=rex&bowls=9', 'bowls 9 is above the most, 5'],
    ['something below a text', 'name.sub=rex', 'name has parameters below it and is a string'],
    ['a list that begins with 2', 'name=rex&Only.member.2=aa', 'only.2 is not number 1 of the list'],
    ['a list without its step', 'name=rex&Only.1=aa', 'only.1 is unknown: the model has member here'],
    ['a wrong item', 'name=rex&Only.member.1=A1', 'only[0] "A1" does not match [a-z]+(-[a-z]+)*'],
    ['an entry without its value', 'name=rex&tags.entry.1.key=aa', 'tags has an entry without key or value'],
  ])('reports %s', (_what, parameters, words) => {
    expect(said(held(queryModel, asked(parameters), answer('')))).toContain(`request: ${words}`);
  });

  it.each([
    ['an action that there is not', 'Action=Meow&Version=2030-01-01', ' "Meow" is no operation of the model'],
    ['another version', 'Action=Feed&Version=2029-01-01&name=rex', 'Version is "2029-01-01", not 2030-01-01'],
  ])('reports %s', (_what, body, words) => {
    expect(said(held(queryModel, { headers: form, body }, answer('')))).toEqual([`request: ${words}`]);
  });

  it.each([
    ['another method', { method: 'GET' }, 'method is GET, not POST'],
    ['another path', { path: '/zzz' }, 'path is "/zzz", not /'],
    ['a query string', { query: 'name=rex' }, 'query is "name=rex", where none belongs'],
    [
      'a strange header',
      { headers: { ...form, 'x-amz-colour': 'red' } },
      'header x-amz-colour is no member of the model',
    ],
  ])('reports %s', (_what, overrides, words) => {
    expect(said(held(queryModel, { ...asked('name=rex'), ...overrides }, answer('')))).toEqual([
      `request: ${words}`,
    ]);
  });

  it.each([
    ['an unknown element', '<dog><name>rex</name><tail/></dog>', 'dog.tail is no member of the model'],
    ['an element twice', '<left>1</left><left>2</left>', 'left comes 2 times'],
    ['a missing one', '<dog></dog>', 'dog.name is required and missing'],
    ['a wrong type', '<left>few</left>', 'left "few" is not a integer'],
    [
      'a wrong enum',
      '<dog><name>rex</name><breed>CAT</breed></dog>',
      'dog.breed "CAT" is not one of POODLE, BEAGLE',
    ],
    [
      'items of another name',
      '<dog><name>rex</name><friends><item/></friends></dog>',
      'dog.friends.item is no item: the model calls them member',
    ],
    [
      'elements within a text',
      '<dog><name><first/></name></dog>',
      'dog.name has elements in it and is a string',
    ],
    ['text within a structure', '<dog>rex<name>rex</name></dog>', 'dog has text between its elements: "rex"'],
  ])('reports %s in an answer', (_what, result, words) => {
    expect(said(held(queryModel, asked('name=rex'), answer(result)))).toEqual([`response: ${words}`]);
  });

  it.each([
    ['no XML', '<FeedResponse', /^response: body is not XML/],
    [
      'another root',
      '<EatResponse xmlns="http://kennel.example/"/>',
      /begins with <EatResponse>, not <FeedResponse>/,
    ],
    [
      'another namespace',
      '<FeedResponse xmlns="http://zoo.example/"/>',
      /namespace "http:\/\/zoo.example\/", not/,
    ],
    ['no result', '<FeedResponse xmlns="http://kennel.example/"/>', /^response: FeedResult is missing$/],
    [
      'no metadata',
      '<FeedResponse xmlns="http://kennel.example/"/>',
      /^response: ResponseMetadata is missing$/,
    ],
    [
      'something beside the result',
      '<FeedResponse xmlns="http://kennel.example/"><More/></FeedResponse>',
      /^response: More is no part of the answer by the model$/,
    ],
  ])('reports an answer with %s', (_what, body, words) => {
    expect(said(held(queryModel, asked('name=rex'), answer('', { body })))).toContainEqual(
      expect.stringMatching(words),
    );
  });

  it('wants no result of an operation that has none', () => {
    const bark: Sent = { headers: form, body: 'Action=Bark&Version=2030-01-01' };
    const body = (inner: string) =>
      `<BarkResponse xmlns="http://kennel.example/">${inner}<ResponseMetadata/></BarkResponse>`;
    expect(said(held(queryModel, bark, { headers: xml, body: body('') }))).toEqual([]);
    expect(said(held(queryModel, bark, { headers: xml, body: body('<BarkResult/>') }))).toEqual([
      'response: BarkResult is no part of the answer by the model',
    ]);
  });

  const error = (inner: string, after = '<RequestId>r</RequestId>') =>
    `<ErrorResponse><Error>${inner}</Error>${after}</ErrorResponse>`;

  it.each([
    ['a declared error', 400, error('<Type>Sender</Type><Code>Busy</Code><Message>no</Message>'), []],
    [
      'another one',
      404,
      error('<Type>Sender</Type><Code>NoSuchDog</Code><Message>no</Message><dogName>rex</dogName>'),
      [],
    ],
    [
      'an undeclared one',
      400,
      error('<Type>Sender</Type><Code>Eaten</Code><Message>no</Message>'),
      ['response: error "Eaten" is not declared by Feed'],
    ],
    [
      'one that blames the wrong side',
      503,
      error('<Type>Sender</Type><Code>Closed</Code><Message>no</Message>'),
      ['response: error Type is "Sender", not Receiver'],
    ],
    [
      'one without a message',
      400,
      error('<Type>Sender</Type><Code>Busy</Code>'),
      ['response: error Message is missing'],
    ],
    [
      'one without an id',
      400,
      error('<Type>Sender</Type><Code>Busy</Code><Message>no</Message>', ''),
      ['response: error RequestId is missing'],
    ],
    [
      'one with a member that breaks its pattern',
      404,
      error('<Type>Sender</Type><Code>NoSuchDog</Code><Message>no</Message><dogName>R2</dogName>'),
      ['response: NoSuchDog.dogName "R2" does not match [a-z]+(-[a-z]+)*'],
    ],
    [
      'a common one with an element that it does not have',
      503,
      error('<Type>Receiver</Type><Code>Closed</Code><Message>no</Message><Colour>red</Colour>'),
      ['response: Closed.Colour is no member of the model'],
    ],
    [
      'one with something beside it',
      400,
      error('<Type>Sender</Type><Code>Busy</Code><Message>no</Message>', '<RequestId/><Colour>red</Colour>'),
      ['response: error Colour is no part of the protocol'],
    ],
  ])('reads %s', (_what, status, body, problems) => {
    expect(said(held(queryModel, asked('name=rex'), { status, headers: xml, body }))).toEqual(problems);
  });
});

describe('EC2’s dialect', () => {
  const fine: Answered = {
    headers: { 'content-type': 'text/xml;charset=UTF-8' },
    body: '<FeedResponse xmlns="http://kennel.example/"><requestId>r</requestId><dogSet><item><name>rex</name></item></dogSet></FeedResponse>',
  };

  it('has lists without a step, names in capitals, and names of its own', () => {
    const checked = held(ec2Model, asked('Name=rex&OnlyName.1=aa&oDD=x'), fine);
    expect(said(checked)).toEqual([]);
    expect(checked.input).toEqual({ name: 'rex', only: ['aa'], odd: 'x' });
    expect(checked.output).toEqual({ dogs: [{ name: 'rex' }] });
  });

  it.each([
    ['the member’s name', 'name=rex', 'name is no member of the model'],
    ['the plural', 'Only.1=aa', 'Only is no member of the model'],
    ['a step', 'OnlyName.member.1=aa', 'only.member is not number 1 of the list'],
  ])('reports %s in a request', (_what, parameters, words) => {
    expect(said(held(ec2Model, asked(parameters), fine))).toContain(`request: ${words}`);
  });

  it.each([
    ['a missing id', '<FeedResponse xmlns="http://kennel.example"/>', 'requestId is missing'],
    [
      'an element under its member’s name',
      '<FeedResponse xmlns="http://kennel.example"><requestId/><dogs/></FeedResponse>',
      'dogs is no member of the model',
    ],
  ])('reports %s in an answer', (_what, body, words) => {
    expect(said(held(ec2Model, asked('Name=rex'), { ...fine, body }))).toEqual([`response: ${words}`]);
  });

  it.each([
    ['Closed', 503, []],
    ['NoDog.Found', 400, ['response: error "NoDog.Found" is not declared by Feed']],
  ])('reads the error %s', (code, status, problems) => {
    const body = `<Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors><RequestID>r</RequestID></Response>`;
    expect(said(held(ec2Model, asked('Name=rex'), { ...fine, status, body }))).toEqual(problems);
  });
});
