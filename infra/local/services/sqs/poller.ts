import type { WorldClock } from '../../clock.ts';
import type { FunctionPool } from '../../runtime/function-pool.ts';
import type { Outcome } from '../../runtime/function-process.ts';
import type { Message, Queue } from './queue.ts';

/**
 * Lambda's event source mapping of a standard queue, with ReportBatchItemFailures and no batching window: five
 * batches at once at first, up to 300 more for each minute that a backlog lasts.
 * Source: Lambda developer guide, "Scaling behavior" and "Handling errors for an SQS event source".
 */
export interface Poller {
  /** Batches that are being handled. */
  readonly running: number;
  close(): void;
}

const FIRST_BATCHES = 5;
const MORE_PER_MINUTE = 300;
const MOST_BATCHES = 1_250;

export const createPoller = (options: {
  clock: WorldClock;
  pool: FunctionPool;
  queue: Queue;
  entryId: string;
  batchSize: number;
  region: string;
}): Poller => {
  const { clock, pool, queue, entryId, region } = options;
  let running = 0;
  let waiting = false;
  let closed = false;
  let backlogSince: number | undefined;

  const most = () => {
    const minutes = backlogSince === undefined ? 0 : Math.floor((clock.now() - backlogSince) / 60_000);
    return Math.min(FIRST_BATCHES + minutes * MORE_PER_MINUTE, MOST_BATCHES);
  };

  const handle = async (batch: readonly Message[]) => {
    running++;
    const outcome = await pool.invoke(entryId, { Records: batch.map((message) => record(message)) });
    running--;
    const failed = failedIds(outcome, batch);
    // What failed becomes visible again when its visibility time-out ends.
    for (const message of batch) if (!failed.has(message.id)) queue.remove(message.receiptHandle);
    pump();
  };

  const pump = () => {
    while (!closed && running < most() && pool.available(entryId) > 0) {
      const batch = queue.receive(options.batchSize);
      if (batch.length === 0) break;
      void handle(batch);
    }
    if (queue.counts().visible === 0) backlogSince = undefined;
    else backlogSince ??= clock.now();
  };

  // What is sent at the same moment comes in one batch.
  const soon = () => {
    if (waiting || closed) return;
    waiting = true;
    clock.schedule(clock.now(), () => {
      waiting = false;
      pump();
    });
  };

  const record = (message: Message) => ({
    messageId: message.id,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAt),
      SenderId: message.senderId,
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    },
    messageAttributes: {},
    md5OfBody: message.bodyMd5,
    eventSource: 'aws:sqs',
    eventSourceARN: queue.arn,
    awsRegion: region,
  });

  const stop = queue.onVisible(soon);
  return {
    get running() {
      return running;
    },
    close: () => {
      closed = true;
      stop();
    },
  };
};

/**
 * Which messages of a batch failed. An answer that is not `{ batchItemFailures: [{ itemIdentifier }] }` with ids
 * of this batch fails the whole of it; none, null or an empty list is a success.
 */
export const failedIds = (outcome: Outcome, batch: readonly Message[]): ReadonlySet<string> => {
  const ids = new Set(batch.map(({ id }) => id));
  if (!outcome.ok) return ids;
  const answer: unknown = JSON.parse(outcome.payload);
  if (answer === null) return new Set();
  if (typeof answer !== 'object') return ids;
  const failures: unknown = 'batchItemFailures' in answer ? answer.batchItemFailures : null;
  if (failures === null) return new Set();
  if (!Array.isArray(failures)) return ids;
  const failed = new Set(failures.map((item: unknown) => identifierOf(item)));
  return [...failed].every((id) => id !== undefined && ids.has(id)) ? (failed as Set<string>) : ids;
};

const identifierOf = (item: unknown): string | undefined =>
  typeof item === 'object' &&
  item !== null &&
  'itemIdentifier' in item &&
  typeof item.itemIdentifier === 'string'
    ? item.itemIdentifier
    : undefined;
