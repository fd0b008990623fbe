import { decodeObject } from './decode.ts';
import { isObject } from './json.ts';
import type { PolicyRule } from './objects.ts';
import type { Action, User } from './rbac.ts';
import { grantFor, rulesOf } from './rbac.ts';
import { invalid } from './status.ts';
import type { ObjectStore } from './store.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const wanted = { group: 'authorization.k8s.io', version: 'v1', kind: 'SelfSubjectAccessReview' };

const actionIn = (about: unknown, path: unknown): Action => {
  const refuse = (field: string, message: string) =>
    invalid({ group: wanted.group, kind: '' }, '', [{ reason: 'FieldValueInvalid', message, field }]);
  if (isObject(about) && isObject(path)) {
    const shown = JSON.stringify({ Path: text(path.path), Verb: text(path.verb) });
    const message = `Invalid value: ${shown}: cannot be specified in combination with resourceAttributes`;
    throw refuse('spec.nonResourceAttributes', message);
  }
  if (isObject(path)) return { verb: text(path.verb), path: text(path.path) };
  if (!isObject(about)) {
    const rule = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw refuse('spec.resourceAttributes', `Invalid value: null: ${rule}`);
  }
  const subresource = text(about.subresource);
  return {
    verb: text(about.verb),
    group: text(about.group),
    resource: subresource === '' ? text(about.resource) : `${text(about.resource)}/${subresource}`,
    namespace: text(about.namespace),
    name: text(about.name),
  };
};

/** `kubectl auth can-i`: SelfSubjectAccessReview, authorization.k8s.io/v1. Throws BadRequest or Invalid. */
export const reviewAccess = (store: ObjectStore, user: User, body: string): object => {
  const review = decodeObject(body, wanted);
  const spec = isObject(review.spec) ? review.spec : {};
  const grant = grantFor(store, user, actionIn(spec.resourceAttributes, spec.nonResourceAttributes));
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec,
    status: {
      allowed: grant !== undefined,
      ...(grant === undefined || grant === '' ? {} : { reason: grant }),
    },
  };
};

/** `kubectl auth can-i --list`: SelfSubjectRulesReview. */
export const reviewRules = (store: ObjectStore, user: User): object => {
  const rules = rulesOf(store, user);
  const isAboutPaths = ({ nonResourceURLs }: PolicyRule) => nonResourceURLs !== undefined;
  return {
    kind: 'SelfSubjectRulesReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: {},
    status: {
      resourceRules: rules.filter((rule) => !isAboutPaths(rule)),
      nonResourceRules: rules.filter(isAboutPaths),
      incomplete: false,
    },
  };
};
