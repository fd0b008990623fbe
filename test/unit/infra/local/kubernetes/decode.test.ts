import { describe, expect, it } from '@jest/globals';
import {
  checkPatched,
  decodeDeleteOptions,
  decodeObject,
} from '../../../../../infra/local/kubernetes/decode.ts';

const pod = { group: '', version: 'v1', kind: 'Pod' };

const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
};
const refusal = (body: unknown, wanted = pod): string =>
  message(() => decodeObject(typeof body === 'string' ? body : JSON.stringify(body), wanted));

describe('the object of a body', () => {
  it('is completed with the kind and the version of its path', () => {
    expect(decodeObject('{"metadata":{"name":"a"}}', pod)).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'a' },
    });
  });

  it('is what it is without nulls, which are Go’s zero values', () => {
    const body = '{"metadata":{"name":"a","labels":null},"spec":{"containers":[{"name":"m","env":null}]}}';
    expect(decodeObject(body, pod)).toMatchObject({
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'm' }] },
    });
    expect(decodeObject('null', pod)).toEqual({ kind: 'Pod', apiVersion: 'v1' });
  });

  it.each([
    ['', 'unexpected end of JSON input (<empty>)'],
    ['{"kind":"Pod",', 'unexpected end of JSON input ({"kind":"Pod",)'],
    ['what', "invalid character 'w' looking for beginning of value (77686174)"],
    [`${'w'.repeat(40)}`, `invalid character 'w' looking for beginning of value (${'77'.repeat(30)} ...)`],
  ])('%j is none', (body, why) => {
    expect(refusal(body)).toBe(
      `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: ${why}`,
    );
  });

  it.each([
    [{ apiVersion: 'v1', kind: 'Node' }, 'converting (v1.Node) to (core.Pod): unknown conversion'],
    [{ apiVersion: 'v2', kind: 'Pod' }, 'no kind "Pod" is registered for version "v2" in scheme'],
    [{ apiVersion: 'v1', kind: 'Thing' }, 'no kind "Thing" is registered for version "v1" in scheme'],
    [{ apiVersion: 'a/b/c' }, 'unexpected GroupVersion string: a/b/c'],
  ])('%j is not what the path takes', (body, why) => {
    expect(refusal(body)).toContain(why);
  });

  it.each([
    [{ metadata: 'a' }, 'string into Go struct field Pod.metadata of type v1.ObjectMeta'],
    [{ metadata: { name: 5 } }, 'number into Go struct field ObjectMeta.metadata.name of type string'],
    [
      { metadata: { labels: { a: 1 } } },
      'number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      { metadata: { finalizers: 'a' } },
      'string into Go struct field ObjectMeta.metadata.finalizers of type []string',
    ],
    [{ spec: [] }, 'array into Go struct field Pod.spec of type v1.PodSpec'],
    [
      { spec: { containers: {} } },
      'object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      { spec: { containers: [{ name: true }] } },
      'bool into Go struct field Container.spec.containers.name of type string',
    ],
    [
      { spec: { terminationGracePeriodSeconds: 1.5 } },
      'number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64',
    ],
  ])('%j does not hold what its fields are for', (body, why) => {
    expect(refusal(body)).toBe(
      `Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal ${why}`,
    );
  });

  it('holds no time that is none', () => {
    expect(refusal({ firstTimestamp: 'soon' }, { group: '', version: 'v1', kind: 'Event' })).toBe(
      'Event in version "v1" cannot be handled as a Event: parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"',
    );
  });
});

describe('what a patch made', () => {
  it.each([
    [{ kind: 'Node', apiVersion: 'v1' }],
    [{ kind: 'Pod', apiVersion: 'v1', metadata: { labels: { a: 1 } } }],
  ])('is refused where it is %j', (object) => {
    expect(message(() => checkPatched(object, pod))).toMatch(/^ "" is invalid: patch: Invalid value: /);
  });

  it('passes where it is still of its kind', () => {
    expect(() => checkPatched({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' } }, pod)).not.toThrow();
  });
});

describe('delete options', () => {
  it('may be left out', () => {
    expect(decodeDeleteOptions('')).toEqual({});
  });

  it.each([
    [
      'what',
      "couldn't get version/kind; json parse error: invalid character 'w' looking for beginning of value",
    ],
    ['{"kind":"Pod"}', 'no kind "Pod" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"'],
    [
      '{"gracePeriodSeconds":"10"}',
      'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
    ],
  ])('are not %s', (body, why) => {
    expect(message(() => decodeDeleteOptions(body))).toBe(why);
  });
});
