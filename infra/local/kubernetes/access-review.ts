import type { PolicyRule } from './objects.ts';
import type { User } from './rbac.ts';
import { isAllowed, rulesOf } from './rbac.ts';
import { isObject, parseJson } from './request.ts';
import { badRequest } from './status.ts';
import type { ObjectStore } from './store.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `kubectl auth can-i`: SelfSubjectAccessReview, authorization.k8s.io/v1. Throws BadRequest. */
export const reviewAccess = (store: ObjectStore, user: User, body: string): object => {
  const review = parseJson(body, 'error decoding SelfSubjectAccessReview');
  const spec = isObject(review) && isObject(review.spec) ? review.spec : undefined;
  if (spec === undefined) throw badRequest('SelfSubjectAccessReview: spec is missing');
  const { resourceAttributes: about, nonResourceAttributes: path } = spec;
  let allowed = false;
  if (isObject(about)) {
    const subresource = text(about.subresource);
    allowed = isAllowed(store, user, {
      verb: text(about.verb),
      group: text(about.group),
      resource: subresource === '' ? text(about.resource) : `${text(about.resource)}/${subresource}`,
      namespace: text(about.namespace),
      name: text(about.name),
    });
  } else if (isObject(path)) {
    allowed = isAllowed(store, user, { verb: text(path.verb), path: text(path.path) });
  } else throw badRequest('SelfSubjectAccessReview: resourceAttributes or nonResourceAttributes is missing');
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec,
    status: { allowed },
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
