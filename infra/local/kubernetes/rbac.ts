import type { ClusterRoleBinding, PolicyRule } from './objects.ts';
import type { RequestInfo, Target } from './request.ts';
import { forbidden, StatusError } from './status.ts';
import type { ObjectStore } from './store.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What is asked for: a resource, or a path that is none. */
export type Action =
  | {
      readonly verb: string;
      readonly group: string;
      /** `pods`, `pods/eviction`. */
      readonly resource: string;
      readonly namespace: string;
      readonly name: string;
    }
  | { readonly verb: string; readonly path: string };

/** A list of one name by field selector is a question about that name. */
const selectedName = (query: URLSearchParams): string =>
  /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1] ?? '';

export const actionOf = ({ verb, path, query, target }: RequestInfo): Action => {
  if (target === undefined) return { verb, path };
  const { group, namespace, name } = target;
  const asked = name === '' ? selectedName(query) : name;
  return { verb, group, resource: resourceOf(target), namespace, name: asked };
};

export const resourceOf = ({ plural, subresource }: Target): string =>
  subresource === '' ? plural : `${plural}/${subresource}`;

const lists = (values: readonly string[] | undefined, value: string): boolean =>
  values !== undefined && (values.includes('*') || values.includes(value));

const resourceMatches = (rule: PolicyRule, resource: string): boolean => {
  const subresource = resource.split('/')[1];
  // `*/scale` is every resource's subresource of that name.
  return (
    lists(rule.resources, resource) ||
    (subresource !== undefined && lists(rule.resources, `*/${subresource}`))
  );
};

const pathMatches = (pattern: string, path: string): boolean =>
  pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));

const allows = (rule: PolicyRule, action: Action): boolean => {
  if (!lists(rule.verbs, action.verb)) return false;
  if ('path' in action)
    return (rule.nonResourceURLs ?? []).some((pattern) => pathMatches(pattern, action.path));
  const names = rule.resourceNames ?? [];
  return (
    lists(rule.apiGroups, action.group) &&
    resourceMatches(rule, action.resource) &&
    (names.length === 0 || names.includes(action.name))
  );
};

type Subject = NonNullable<ClusterRoleBinding['subjects']>[number];

const subjectFor = ({ subjects = [] }: ClusterRoleBinding, user: User): Subject | undefined =>
  subjects.find(({ kind, name, namespace }) => {
    if (kind === 'Group') return user.groups.includes(name);
    if (kind === 'ServiceAccount') return user.name === `system:serviceaccount:${namespace}:${name}`;
    return kind === 'User' && user.name === name;
  });

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

interface Given {
  readonly rule: PolicyRule;
  /** Who gives it, as the real server says it; empty of what `system:masters` may do. */
  readonly by: string;
}

/** By the ClusterRoles that ClusterRoleBindings name. */
const givenTo = (store: ObjectStore, user: User): readonly Given[] =>
  user.groups.includes('system:masters')
    ? everything.map((rule) => ({ rule, by: '' }))
    : store.list('clusterrolebindings').flatMap((binding) => {
        const subject = subjectFor(binding, user);
        const role = store.get('clusterroles', undefined, binding.roleRef.name);
        if (subject === undefined || role === undefined) return [];
        const who = `${subject.kind} "${subject.name}"`;
        const by = `RBAC: allowed by ClusterRoleBinding "${binding.metadata.name}" of ClusterRole "${role.metadata.name}" to ${who}`;
        return (role.rules ?? []).map((rule) => ({ rule, by }));
      });

export const rulesOf = (store: ObjectStore, user: User): readonly PolicyRule[] =>
  givenTo(store, user).map(({ rule }) => rule);

/** Why it is allowed; undefined where it is not. */
export const grantFor = (store: ObjectStore, user: User, action: Action): string | undefined =>
  givenTo(store, user).find(({ rule }) => allows(rule, action))?.by;

export const isAllowed = (store: ObjectStore, user: User, action: Action): boolean =>
  grantFor(store, user, action) !== undefined;

/** Throws Forbidden in the real server's words. */
export const authorize = (store: ObjectStore, user: User, info: RequestInfo): void => {
  const action = actionOf(info);
  if (isAllowed(store, user, action)) return;
  if ('path' in action) {
    throw new StatusError(403, {
      message: `forbidden: User "${user.name}" cannot ${action.verb} path "${action.path}"`,
      reason: 'Forbidden',
      details: {},
    });
  }
  const { verb, group, resource, namespace, name } = action;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  throw forbidden({ group, plural: info.target?.plural ?? resource }, name, {
    message: `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`,
  });
};

const everybody = [{ kind: 'Group', name: 'system:authenticated', apiGroup: 'rbac.authorization.k8s.io' }];

/** Kubernetes' own roles that every client leans on: discovery, and asking what one may do. */
const bootstrapRoles: Readonly<Record<string, readonly PolicyRule[]>> = {
  'system:discovery': [
    {
      verbs: ['get'],
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ],
    },
  ],
  'system:basic-user': [
    {
      verbs: ['create'],
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    },
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
  ],
};

export const createBootstrapRoles = (store: ObjectStore): void => {
  for (const [name, rules] of Object.entries(bootstrapRoles)) {
    store.create('clusterroles', { metadata: { name }, rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
    store.create('clusterrolebindings', { metadata: { name }, roleRef, subjects: everybody });
  }
};
