import { describe, expect, it } from '@jest/globals';
import { protobufToJson } from '../../../../../infra/local/kubernetes/protobuf.ts';

const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
};
const envelope = (kind: string, raw: Buffer): Buffer => {
  const type = Buffer.concat([field(1, 'authorization.k8s.io/v1'), field(2, kind)]);
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, raw)]);
};

describe('a protobuf body', () => {
  it('of an access review is read', () => {
    const attributes = Buffer.concat([field(2, 'list'), field(5, 'nodes')]);
    const json = protobufToJson(envelope('SelfSubjectAccessReview', field(2, field(1, attributes))));
    expect(JSON.parse(json ?? '')).toEqual({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'list', resource: 'nodes' } },
    });
  });

  it.each([
    ['of another kind', envelope('Pod', Buffer.alloc(0))],
    ['without the envelope', Buffer.from('{}')],
  ])('%s is not', (_what, body) => {
    expect(protobufToJson(body)).toBeUndefined();
  });

  it('that ends too early is an error', () => {
    const body = envelope('SelfSubjectAccessReview', field(2, 'x'));
    expect(() => protobufToJson(body.subarray(0, body.length - 1))).toThrow('ends within');
  });
});
