import type { IncomingMessage } from 'node:http';
import type { User } from './rbac.ts';
import { isAllowed } from './rbac.ts';
import type { RequestInfo } from './request.ts';
import { isHealthPath } from './request.ts';
import { badRequest, forbidden, unauthorized } from './status.ts';
import type { ObjectStore } from './store.ts';

export type Authenticate = (
  token: string,
) => { readonly user: string; readonly groups: readonly string[] } | { readonly error: string };

export interface AuthenticationContext {
  readonly authenticate: Authenticate;
  readonly store: ObjectStore;
  readonly info: RequestInfo;
}

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

const only = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** `kubectl --as`: who may impersonate acts with the other's rights alone. Groups come as one header each. */
const impersonate = (request: IncomingMessage, user: User, store: ObjectStore): User => {
  const name = only(request.headers['impersonate-user']);
  const groups = request.headersDistinct['impersonate-group'] ?? [];
  if (name === undefined) {
    if (groups.length === 0) return user;
    throw badRequest(`requested ${JSON.stringify(groups)} without impersonating a user`);
  }
  const asked = [
    { resource: 'users', name },
    ...groups.map((group) => ({ resource: 'groups', name: group })),
  ];
  for (const one of asked) {
    if (isAllowed(store, user, { verb: 'impersonate', group: '', namespace: '', ...one })) continue;
    throw forbidden({ group: '', plural: one.resource }, one.name, {
      message: `User "${user.name}" cannot impersonate resource "${one.resource}" in API group "" at the cluster scope`,
    });
  }
  return { name, groups: [...groups, 'system:authenticated'] };
};

/** Empty where there is none. */
export const bearerTokenOf = ({ headers }: IncomingMessage): string => {
  const [scheme = '', token = ''] = (headers.authorization ?? '').split(' ');
  return scheme.toLowerCase() === 'bearer' ? token : '';
};

/** Throws Unauthorized. Like EKS from 1.32 on, only the health endpoints answer without a token. */
export const authenticateRequest = (
  request: IncomingMessage,
  { authenticate, store, info }: AuthenticationContext,
): User => {
  const token = bearerTokenOf(request);
  if (token === '') {
    if (isHealthPath(info.path)) return anonymous;
    throw unauthorized();
  }
  const found = authenticate(token);
  if ('error' in found) throw unauthorized();
  const user = { name: found.user, groups: [...found.groups, 'system:authenticated'] };
  return impersonate(request, user, store);
};
