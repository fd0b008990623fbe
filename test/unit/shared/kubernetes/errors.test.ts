import { describe, expect, it } from '@jest/globals';
import {
  isAnotherObject,
  isDeniedByPolicy,
  KubernetesApiError,
  KubernetesConnectionError,
} from '../../../../shared/kubernetes/errors.ts';

const answer = (status: number, message: string) =>
  new KubernetesApiError({ status, reason: 'SomeReason', message, causes: [] });

describe('a refused delete', () => {
  // As kube-apiserver 1.35 words them.
  it.each<[string, number, string, boolean]>([
    ['a webhook', 400, 'admission webhook "keep.example.com" denied the request: it is evidence', true],
    [
      'a webhook with a status of its own',
      403,
      'admission webhook "keep.example.com" denied the request: it is evidence',
      true,
    ],
    [
      'a ValidatingAdmissionPolicy',
      422,
      "pods \"a\" is forbidden: ValidatingAdmissionPolicy 'keep' with binding 'keep' denied request: failed expression: false",
      true,
    ],
    ['an admission plugin of the server', 403, 'pods "a" is forbidden: not on a Tuesday', true],
    [
      'RBAC, which is no policy',
      403,
      'pods "a" is forbidden: User "u" cannot delete resource "pods" in API group "" in the namespace "shop"',
      false,
    ],
    ['a server that did not understand', 400, 'DeleteOptions is invalid', false],
    ['a precondition', 409, 'Precondition failed: UID in precondition: a, UID in object meta: b', false],
    ['a server that fails', 500, 'failed calling webhook "keep.example.com": denied request', false],
  ])('by %s (%i)', (_who, status, message, expected) => {
    expect(isDeniedByPolicy(answer(status, message))).toBe(expected);
  });

  it('by nobody, for nobody answered, is none', () => {
    expect(isDeniedByPolicy(new KubernetesConnectionError('denied the request'))).toBe(false);
  });
});

describe('a conflict', () => {
  it.each<[number, string, boolean]>([
    [409, 'Precondition failed: UID in precondition: a, UID in object meta: b', true],
    [409, 'the UID in the precondition (a) does not match the UID in record (b). The object might', true],
    [
      409,
      'the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (2)',
      false,
    ],
    [
      409,
      'Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: 2',
      false,
    ],
    [404, 'pods "UID in precondition" not found', false],
  ])('%i %s is about another object of the name: %s', (status, message, expected) => {
    expect(isAnotherObject(answer(status, message))).toBe(expected);
  });
});
