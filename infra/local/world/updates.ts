import type { ErrorCode } from '@aws-sdk/client-eks';
import type { Ground } from './ground.ts';
import { Refusal } from './refusal.ts';

/** What an EKS update concerns: a cluster itself, or one of its node groups or add-ons. */
export interface UpdateScope {
  readonly clusterName: string;
  readonly nodeGroupName?: string | undefined;
  readonly addonName?: string | undefined;
}

export interface UpdateError {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
  readonly resourceIds: readonly string[];
}

export interface UpdateRecord {
  readonly id: string;
  readonly scope: UpdateScope;
  readonly type: 'VersionUpdate' | 'ConfigUpdate' | 'AddonUpdate';
  readonly params: readonly { readonly type: string; readonly value: string }[];
  readonly createdAt: number;
  status: 'InProgress' | 'Failed' | 'Cancelled' | 'Successful';
  errors: readonly UpdateError[];
}

export interface NewUpdate {
  readonly scope: UpdateScope;
  readonly type: UpdateRecord['type'];
  readonly params: UpdateRecord['params'];
  readonly token?: string | undefined;
}

export interface Updates {
  /** The update that this client token started before, so that a repeated request does nothing more. */
  repeated(request: NewUpdate): UpdateRecord | undefined;
  start(request: NewUpdate): UpdateRecord;
  succeed(update: UpdateRecord): void;
  fail(update: UpdateRecord, error: UpdateError): void;
  /** Throws ResourceNotFoundException, also for an update of another scope: EKS wants the node group or add-on named. */
  get(scope: UpdateScope, id: string): UpdateRecord;
  /** Newest first. */
  list(scope: UpdateScope): readonly UpdateRecord[];
  /** The next update in this scope fails with `error` when it would have succeeded. */
  failNext(scope: UpdateScope, error: UpdateError): void;
  /** The failure planned for this scope, used up. */
  plannedFailure(scope: UpdateScope): UpdateError | undefined;
}

export const createUpdates = (ground: Ground): Updates => {
  const updates: UpdateRecord[] = [];
  const tokens = new Map<string, { request: string; update: UpdateRecord }>();
  const failures = new Map<string, UpdateError[]>();

  return {
    repeated: (request) => {
      const known = request.token === undefined ? undefined : tokens.get(request.token);
      if (known === undefined) return undefined;
      if (known.request !== fingerprint(request))
        throw new Refusal(
          'InvalidParameterException',
          'The client request token was used before with other parameters.',
          scopeMembers(request.scope),
        );
      return known.update;
    },
    start: (request) => {
      const update: UpdateRecord = {
        id: ground.newUuid(),
        scope: request.scope,
        type: request.type,
        params: request.params,
        createdAt: ground.clock.now(),
        status: 'InProgress',
        errors: [],
      };
      updates.unshift(update);
      if (request.token !== undefined) tokens.set(request.token, { request: fingerprint(request), update });
      return update;
    },
    succeed: (update) => {
      update.status = 'Successful';
    },
    fail: (update, error) => {
      update.status = 'Failed';
      update.errors = [error];
    },
    get: (scope, id) => {
      const found = updates.find((update) => update.id === id && key(update.scope) === key(scope));
      if (found === undefined)
        throw new Refusal('ResourceNotFoundException', `No update found for ID: ${id}`, scopeMembers(scope));
      return found;
    },
    list: (scope) => updates.filter((update) => key(update.scope) === key(scope)),
    failNext: (scope, error) => {
      failures.set(key(scope), [...(failures.get(key(scope)) ?? []), error]);
    },
    plannedFailure: (scope) => failures.get(key(scope))?.shift(),
  };
};

/** The members that EKS's exceptions carry besides the message. */
export const scopeMembers = (scope: UpdateScope): Readonly<Record<string, string>> => ({
  clusterName: scope.clusterName,
  ...(scope.nodeGroupName === undefined ? {} : { nodegroupName: scope.nodeGroupName }),
  ...(scope.addonName === undefined ? {} : { addonName: scope.addonName }),
});

const key = ({ clusterName, nodeGroupName = '', addonName = '' }: UpdateScope): string =>
  `${clusterName}/${nodeGroupName}/${addonName}`;

const fingerprint = ({ scope, type, params }: NewUpdate): string =>
  JSON.stringify([key(scope), type, params]);
