import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/folders.ts';

/** One request of a bundle, as the API server wrote it down when it had answered. */
export interface AuditedCall {
  readonly verb: string;
  /** With its subresource: `pods/eviction`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly code: number;
  /** The access entry's group: `eks-caretaker:spot-drain-worker`. */
  readonly group: string;
  /** Epoch ms of its arrival. */
  readonly at: number;
  readonly requestUri: string;
  readonly body: unknown;
}

interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly groups?: readonly string[] };
  readonly objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: unknown;
  readonly requestReceivedTimestamp: string;
}

/** The API server's own account of what reached it: counts that no client can colour. */
export interface AuditLog {
  readonly apiServerArgs: readonly string[];
  /** What the groups `eks-caretaker:*` asked for, in the order in which it was answered. */
  calls(filter?: Partial<AuditedCall>): readonly AuditedCall[];
  remove(): void;
}

const GROUP_PREFIX = 'eks-caretaker:';

const toCall = (event: AuditEvent): readonly AuditedCall[] => {
  const group = event.user.groups?.find((name) => name.startsWith(GROUP_PREFIX));
  if (group === undefined) return [];
  const { resource = '', subresource, namespace, name } = event.objectRef ?? {};
  return [
    {
      verb: event.verb,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      namespace,
      name,
      code: event.responseStatus?.code ?? 0,
      group,
      at: Date.parse(event.requestReceivedTimestamp),
      requestUri: event.requestURI,
      body: event.requestObject,
    },
  ];
};

/** `groups`: those that the access entries give. Each entry is written before the client has its answer. */
export const createAuditLog = (groups: readonly string[]): AuditLog => {
  const folder = temporaryFolder('audit');
  const log = join(folder, 'audit.log');
  const policy = join(folder, 'policy.json');
  writeFileSync(
    policy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Request', userGroups: groups }, { level: 'None' }],
    }),
  );
  writeFileSync(log, '');
  const read = (): readonly AuditedCall[] =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .flatMap((line) => toCall(JSON.parse(line) as AuditEvent));
  return {
    apiServerArgs: [
      `--audit-policy-file=${policy}`,
      `--audit-log-path=${log}`,
      '--audit-log-mode=blocking-strict',
    ],
    calls: (filter = {}) =>
      read().filter((call) =>
        Object.entries(filter).every(([key, value]) => call[key as keyof AuditedCall] === value),
      ),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};
