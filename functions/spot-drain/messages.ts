import { MalformedEventError } from '../../shared/core/errors.ts';
import type { LifecycleNotice } from './decide/notice.ts';
import type { Parsed } from './decide/parse.ts';
import { parseMessage } from './decide/parse.ts';

/** A node as messages between our own functions name it. */
export interface NodeRef {
  readonly instanceId: string;
  readonly nodeUid: string;
  /** Epoch ms; missing where the cordon has not worked yet. */
  readonly cordonedAt?: number;
}

/** Intake to itself, delayed: what is due for these records now? */
export interface CheckMessage {
  readonly kind: 'check';
  readonly cluster: string;
  readonly records: readonly NodeRef[];
  /** When it is due, as the records say (`lookAt`); one that they no longer wait for is dropped. */
  readonly promisedAt?: number;
  /** How often in a row it could not be looked at them. */
  readonly failures?: number;
}

/** An instance without a node, which a hook holds all the same. */
export interface HeldInstance extends LifecycleNotice {
  readonly instanceId: string;
}

/** Intake, or a worker near its end, to a drain worker. */
export interface DrainOrder {
  readonly kind: 'drain';
  readonly cluster: string;
  readonly nodes: readonly NodeRef[];
  /** Nothing is to be drained there: their hooks are let go. */
  readonly letGo?: readonly HeldInstance[];
  /** Epoch ms before which no drain begins: other nodes are still being cordoned. */
  readonly notBefore?: number;
}

export type QueuedMessage = CheckMessage | Parsed;

type Fields = Readonly<Record<string, unknown>>;

const isNodeRef = (value: unknown): value is NodeRef => {
  if (typeof value !== 'object' || value === null) return false;
  const { instanceId, nodeUid, cordonedAt } = value as Fields;
  return (
    typeof instanceId === 'string' &&
    typeof nodeUid === 'string' &&
    (cordonedAt === undefined || typeof cordonedAt === 'number')
  );
};

const isHeldInstance = (value: unknown): value is HeldInstance => {
  if (typeof value !== 'object' || value === null) return false;
  const { instanceId, group, hook, token } = value as Fields;
  return [instanceId, group, hook, token].every((member) => typeof member === 'string');
};

const refsIn = (fields: Fields, key: string): { cluster: string; refs: NodeRef[] } => {
  const { cluster } = fields;
  const refs = fields[key];
  if (typeof cluster === 'string' && Array.isArray(refs) && refs.every(isNodeRef)) return { cluster, refs };
  throw new MalformedEventError(`a "${String(fields.kind)}" names a cluster and its "${key}"`);
};

/** The body of a message in our queue: what AWS sends, or our own check. Throws MalformedEventError. */
export const parseQueued = (body: string): QueuedMessage => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (cause) {
    throw new MalformedEventError('the message is no JSON', { cause });
  }
  if (typeof parsed === 'object' && parsed !== null && (parsed as Fields).kind === 'check') {
    const { cluster, refs } = refsIn(parsed as Fields, 'records');
    const { promisedAt, failures } = parsed as Fields;
    return {
      kind: 'check',
      cluster,
      records: refs,
      ...(typeof promisedAt === 'number' ? { promisedAt } : {}),
      ...(typeof failures === 'number' ? { failures } : {}),
    };
  }
  return parseMessage(parsed);
};

/** The input of the drain worker. Throws MalformedEventError. */
export const parseOrder = (event: unknown): DrainOrder => {
  if (typeof event !== 'object' || event === null || (event as Fields).kind !== 'drain') {
    throw new MalformedEventError(
      'the drain worker is invoked by the intake: { "kind": "drain", "cluster", "nodes" }',
    );
  }
  const { cluster, refs } = refsIn(event as Fields, 'nodes');
  const { letGo, notBefore } = event as Fields;
  const order: DrainOrder = {
    kind: 'drain',
    cluster,
    nodes: refs,
    ...(typeof notBefore === 'number' ? { notBefore } : {}),
  };
  if (letGo === undefined) return order;
  if (!Array.isArray(letGo) || !letGo.every(isHeldInstance)) {
    throw new MalformedEventError('"letGo" names instances with their group, hook and token');
  }
  return { ...order, letGo };
};
