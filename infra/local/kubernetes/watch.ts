import type { ServerResponse } from 'node:http';
import type { KubeObject } from './objects.ts';
import type { ListQuery } from './paging.ts';
import { parseSelectors } from './paging.ts';
import { apiVersionOf } from './resources.ts';
import { expired, StatusError } from './status.ts';
import type { Change, ObjectStore } from './store.ts';

interface WatchClock {
  now(): number;
  schedule(at: number, run: () => void): () => void;
}

/** Without `timeoutSeconds` the real server ends a watch after 30 to 60 minutes. */
const defaultTimeoutSeconds = 30 * 60;

/**
 * Streams changes as JSON lines until the client goes, `timeoutSeconds` are over or the server closes. An object
 * that stops or starts to match the selectors is reported as DELETED or ADDED. Resolves when it has ended. Throws
 * before the stream begins where the query makes no sense.
 */
export const streamWatch = (
  { store, clock }: { store: ObjectStore; clock: WatchClock },
  { definition, namespace, query }: ListQuery,
  response: ServerResponse,
): Promise<void> => {
  const { matches } = parseSelectors(query, definition);
  const within = (object: KubeObject) =>
    (!definition.namespaced || namespace === '' || object.metadata.namespace === namespace) &&
    matches(object);
  const send = (type: string, object: object) => {
    if (!response.writable) return;
    response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const report = ({ type, resource, object, old }: Change) => {
    if (resource !== definition.plural) return;
    const after = type !== 'DELETED' && within(object);
    const before = type !== 'ADDED' && old !== undefined && within(old);
    if (after) send(before ? 'MODIFIED' : 'ADDED', object);
    else if (before) send('DELETED', object);
  };

  const version = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(version)) {
    const why = `strconv.ParseUint: parsing "${version}": invalid syntax`;
    throw new StatusError(500, { message: `resourceVersion: Invalid value: "${version}": ${why}` });
  }
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const initial = query.get('sendInitialEvents') === 'true';
  const missed = version === '' || version === '0' || initial ? [] : store.since(Number(version));
  if (missed === undefined) {
    const { status } = expired(`too old resource version: ${version} (${store.revision})`);
    response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    return Promise.resolve();
  }
  if (version === '' || version === '0' || initial) {
    for (const object of store.list(definition.plural, { filter: within })) send('ADDED', object);
  }
  if (initial) {
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    const metadata = { resourceVersion: String(store.revision), creationTimestamp: null, annotations };
    send('BOOKMARK', { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata });
  }
  for (const change of missed) report(change);

  return new Promise((resolve) => {
    const stop = store.watch(report);
    const seconds = Number(query.get('timeoutSeconds') ?? 0) || defaultTimeoutSeconds;
    const cancel = clock.schedule(clock.now() + seconds * 1000, () => response.end());
    response.once('close', () => {
      stop();
      cancel();
      resolve();
    });
  });
};
