import type { ServiceModel, Shape } from '../../../counterparts/wire/model.ts';
import type { Checked } from '../../../counterparts/wire/validate.ts';
import { checkExchange } from '../../../counterparts/wire/validate.ts';

/** The models here are about a kennel: one service in each of AWS's protocols. */

const scalars: Readonly<Record<string, Shape>> = {
  Name: { type: 'string', pattern: '[a-z]+(-[a-z]+)*', min: 2, max: 10 },
  Breed: { type: 'string', enum: ['POODLE', 'BEAGLE'] },
  Count: { type: 'integer', min: 0, max: 5 },
  Weight: { type: 'double' },
  Flag: { type: 'boolean' },
  Time: { type: 'timestamp' },
  Text: { type: 'string' },
  Bytes: { type: 'blob', max: 4 },
};

const collections: Readonly<Record<string, Shape>> = {
  Names: { type: 'list', member: { shape: 'Name' }, min: 1, max: 3 },
  Dogs: { type: 'list', member: { shape: 'Dog' } },
  Tags: { type: 'map', key: { shape: 'Name' }, value: { shape: 'Text' }, min: 1, max: 2 },
  Dog: {
    type: 'structure',
    required: ['name'],
    members: {
      name: { shape: 'Name' },
      breed: { shape: 'Breed' },
      weight: { shape: 'Weight' },
      fed: { shape: 'Flag' },
      bornAt: { shape: 'Time' },
      photo: { shape: 'Bytes' },
      tags: { shape: 'Tags' },
      friends: { shape: 'Dogs' },
    },
  },
  Choice: { type: 'structure', union: true, members: { one: { shape: 'Text' }, other: { shape: 'Text' } } },
};

const errors: Readonly<Record<string, Shape>> = {
  NoSuchDog: {
    type: 'structure',
    exception: true,
    members: { message: { shape: 'Text' }, dogName: { shape: 'Name' } },
    error: { httpStatusCode: 404 },
  },
  TooTired: { type: 'structure', exception: true, fault: true, members: { message: { shape: 'Text' } } },
  BusyFault: {
    type: 'structure',
    exception: true,
    members: { message: { shape: 'Text' } },
    error: { code: 'Busy', httpStatusCode: 400 },
  },
};

const shapes = { ...scalars, ...collections, ...errors };

const feedInput: Shape = {
  type: 'structure',
  required: ['name'],
  members: {
    name: { shape: 'Name' },
    bowls: { shape: 'Count' },
    at: { shape: 'Time' },
    only: { shape: 'Names' },
    tags: { shape: 'Tags' },
    choice: { shape: 'Choice' },
  },
};

const feedOutput: Shape = { type: 'structure', members: { dog: { shape: 'Dog' }, left: { shape: 'Count' } } };

const feed = {
  name: 'Feed',
  http: { method: 'POST', requestUri: '/' },
  input: { shape: 'FeedInput' },
  errors: [{ shape: 'NoSuchDog' }, { shape: 'TooTired' }, { shape: 'BusyFault' }],
};

export const jsonModel: ServiceModel = {
  metadata: { apiVersion: '2030-01-01', protocol: 'json', jsonVersion: '1.1', targetPrefix: 'Kennel' },
  operations: {
    Feed: { ...feed, output: { shape: 'FeedOutput' } },
    Bark: { name: 'Bark', http: { method: 'POST', requestUri: '/' } },
  },
  shapes: { ...shapes, FeedInput: feedInput, FeedOutput: feedOutput },
};

const queryNames: Readonly<Record<string, Shape>> = {
  FeedInput: {
    ...feedInput,
    members: { ...feedInput.members, only: { shape: 'Names', locationName: 'Only' } },
  },
  FeedOutput: feedOutput,
};

export const queryModel: ServiceModel = {
  metadata: { apiVersion: '2030-01-01', protocol: 'query', xmlNamespace: 'http://kennel.example/' },
  operations: {
    Feed: { ...feed, output: { shape: 'FeedOutput', resultWrapper: 'FeedResult' } },
    Bark: { name: 'Bark', http: { method: 'POST', requestUri: '/' } },
  },
  shapes: { ...shapes, ...queryNames },
};

export const ec2Model: ServiceModel = {
  metadata: { apiVersion: '2030-01-01', protocol: 'ec2', xmlNamespace: 'http://kennel.example' },
  operations: { Feed: { ...feed, errors: [], output: { shape: 'FeedOutput' } } },
  shapes: {
    ...shapes,
    FeedInput: {
      type: 'structure',
      members: {
        name: { shape: 'Name' },
        only: { shape: 'Names', locationName: 'onlyName' },
        odd: { shape: 'Text', locationName: 'odd', queryName: 'oDD' },
      },
    },
    FeedOutput: {
      type: 'structure',
      members: { dogs: { shape: 'Ec2Dogs', locationName: 'dogSet' }, nextToken: { shape: 'Text' } },
    },
    Ec2Dogs: { type: 'list', member: { shape: 'Dog', locationName: 'item' } },
  },
};

export const restJsonModel: ServiceModel = {
  metadata: { apiVersion: '2030-01-01', protocol: 'rest-json', jsonVersion: '1.1' },
  operations: {
    GetDog: {
      name: 'GetDog',
      http: { method: 'GET', requestUri: '/kennels/{kennel}/dogs/{dogName}' },
      input: { shape: 'GetDogInput' },
      output: { shape: 'GetDogOutput' },
      errors: [{ shape: 'NoSuchDog' }, { shape: 'TooTired' }],
    },
    ListDogs: {
      name: 'ListDogs',
      http: { method: 'GET', requestUri: '/kennels/{kennel}/dogs?all=yes' },
      input: { shape: 'ListDogsInput' },
      output: { shape: 'FeedOutput' },
    },
    Teach: {
      name: 'Teach',
      http: { method: 'POST', requestUri: '/kennels/{kennel}/lessons', responseCode: 202 },
      input: { shape: 'TeachInput' },
      output: { shape: 'TeachOutput' },
    },
  },
  shapes: {
    ...shapes,
    GetDogInput: {
      type: 'structure',
      required: ['kennel', 'name'],
      members: {
        kennel: { shape: 'Name', location: 'uri', locationName: 'kennel' },
        name: { shape: 'Name', location: 'uri', locationName: 'dogName' },
        fields: { shape: 'Names', location: 'querystring', locationName: 'field' },
        most: { shape: 'Count', location: 'querystring', locationName: 'most' },
        since: { shape: 'Time', location: 'header', locationName: 'If-Modified-Since' },
        notes: { shape: 'Tags', location: 'headers', locationName: 'x-amz-note-' },
      },
    },
    GetDogOutput: {
      type: 'structure',
      members: {
        dog: { shape: 'Dog', locationName: 'theDog' },
        etag: { shape: 'Text', location: 'header', locationName: 'ETag' },
      },
    },
    ListDogsInput: {
      type: 'structure',
      required: ['kennel'],
      members: { kennel: { shape: 'Name', location: 'uri', locationName: 'kennel' } },
    },
    FeedOutput: feedOutput,
    TeachInput: {
      type: 'structure',
      payload: 'lesson',
      members: {
        kennel: { shape: 'Name', location: 'uri', locationName: 'kennel' },
        lesson: { shape: 'Bytes' },
      },
    },
    TeachOutput: {
      type: 'structure',
      payload: 'dog',
      members: { code: { shape: 'Count', location: 'statusCode' }, dog: { shape: 'Dog' } },
    },
  },
};

export const restXmlModel: ServiceModel = {
  metadata: { apiVersion: '2030-01-01', protocol: 'rest-xml' },
  operations: {
    PutToy: {
      name: 'PutToy',
      http: { method: 'PUT', requestUri: '/{Kennel}/{Toy+}' },
      input: { shape: 'PutToyInput' },
      output: { shape: 'PutToyOutput' },
      errors: [{ shape: 'NoSuchDog' }],
    },
    CopyToy: {
      name: 'CopyToy',
      http: { method: 'PUT', requestUri: '/{Kennel}/{Toy+}' },
      input: { shape: 'CopyToyInput' },
      output: { shape: 'PutToyOutput' },
    },
    HeadToy: {
      name: 'HeadToy',
      http: { method: 'HEAD', requestUri: '/{Kennel}/{Toy+}' },
      input: { shape: 'PutToyInput' },
      output: { shape: 'PutToyOutput' },
    },
    ListToys: {
      name: 'ListToys',
      http: { method: 'GET', requestUri: '/{Kennel}?list-type=2' },
      input: { shape: 'ListToysInput' },
      output: { shape: 'ListToysOutput' },
    },
  },
  shapes: {
    ...shapes,
    PutToyInput: {
      type: 'structure',
      payload: 'Body',
      members: {
        Kennel: { shape: 'Name', location: 'uri', locationName: 'Kennel' },
        Toy: { shape: 'Text', location: 'uri', locationName: 'Toy' },
        Breed: { shape: 'Breed', location: 'header', locationName: 'x-amz-breed' },
        Body: { shape: 'Bytes' },
      },
    },
    CopyToyInput: {
      type: 'structure',
      required: ['Source'],
      members: {
        Kennel: { shape: 'Name', location: 'uri', locationName: 'Kennel' },
        Toy: { shape: 'Text', location: 'uri', locationName: 'Toy' },
        Source: { shape: 'Text', location: 'header', locationName: 'x-amz-copy-source' },
      },
    },
    PutToyOutput: {
      type: 'structure',
      members: { At: { shape: 'Time', location: 'header', locationName: 'Last-Modified' } },
    },
    ListToysInput: {
      type: 'structure',
      members: { Kennel: { shape: 'Name', location: 'uri', locationName: 'Kennel' } },
    },
    ListToysOutput: { type: 'structure', members: { Toys: { shape: 'Toys' }, More: { shape: 'Flag' } } },
    Toys: { type: 'list', flattened: true, member: { shape: 'Name', locationName: 'Toy' } },
  },
};

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Only this error is common to all kennels. */
const common = (code: string) => (code === 'Closed' ? { status: 503 } : undefined);

export const held = (model: ServiceModel, sent: Sent, answered: Answered | 'nothing'): Checked =>
  checkExchange(
    model,
    {
      request: {
        method: sent.method ?? 'POST',
        path: sent.path ?? '/',
        query: sent.query ?? '',
        headers: sent.headers ?? {},
        body: Buffer.from(sent.body ?? ''),
      },
      response:
        answered === 'nothing'
          ? undefined
          : {
              status: answered.status ?? 200,
              headers: answered.headers ?? {},
              body: Buffer.from(answered.body ?? ''),
            },
    },
    common,
  );

/** `<side>: <where> <what>` of each problem. */
export const said = (checked: Checked): readonly string[] =>
  checked.problems.map(({ side, where, what }) => `${side}: ${where} ${what}`);
