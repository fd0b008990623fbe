import { MalformedEventError } from '../../shared/core/errors.ts';

/** Input of `cluster-upgrade-plan`. */
export interface PlanInput {
  readonly action: 'plan';
  readonly cluster: string;
  readonly version: string;
}

/** Input of `cluster-upgrade`. */
export interface StartInput {
  readonly action: 'start';
  readonly cluster: string;
  readonly version: string;
  /** The plan that somebody read: the run stops where its own plan differs. */
  readonly planHash: string;
}

const text = (
  event: Readonly<Record<string, unknown>>,
  member: string,
  pattern: RegExp,
  what: string,
): string => {
  const value = event[member];
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new MalformedEventError(`"${member}" has to be ${what}, found ${JSON.stringify(value) ?? 'nothing'}`);
};

const fields = (
  event: unknown,
  action: string,
  members: readonly string[],
): Readonly<Record<string, unknown>> => {
  const example = `{"action":"${action}",${members.map((member) => `"${member}":"..."`).join(',')}}`;
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw new MalformedEventError(`this function takes an object such as ${example}`);
  }
  const record = event as Readonly<Record<string, unknown>>;
  if (record.action !== action) {
    throw new MalformedEventError(
      `unknown action ${JSON.stringify(record.action) ?? '(none)'}: this function takes ${example}`,
    );
  }
  const unknown = Object.keys(record).filter((key) => key !== 'action' && !members.includes(key));
  if (unknown.length > 0) {
    throw new MalformedEventError(`unknown member ${unknown.join(', ')}: this function takes ${example}`);
  }
  return record;
};

const CLUSTER = /^[0-9A-Za-z][A-Za-z0-9\-_]{0,99}$/;
const VERSION = /^1\.\d{1,3}$/;
const HASH = /^[0-9a-f]{64}$/;

const clusterAndVersion = (record: Readonly<Record<string, unknown>>) => ({
  cluster: text(record, 'cluster', CLUSTER, 'the name of a cluster'),
  version: text(record, 'version', VERSION, 'a Kubernetes minor such as "1.35"'),
});

/** Throws MalformedEventError. */
export const parsePlanInput = (event: unknown): PlanInput => ({
  action: 'plan',
  ...clusterAndVersion(fields(event, 'plan', ['cluster', 'version'])),
});

/** Throws MalformedEventError. */
export const parseStartInput = (event: unknown): StartInput => {
  const record = fields(event, 'start', ['cluster', 'version', 'planHash']);
  return {
    action: 'start',
    ...clusterAndVersion(record),
    planHash: text(
      record,
      'planHash',
      HASH,
      'the 64 hex digits of a plan (`caretaker upgrade plan` prints them)',
    ),
  };
};
