/** Ports that the core needs from the outside; `shared/aws` implements them. */

export interface StoreKey {
  readonly pk: string;
  readonly sk: string;
}

/**
 * An item of the product's one table. `version` starts at 1 and grows by one with every write;
 * `expiresAt` is DynamoDB's TTL attribute in epoch seconds. Expired items may still be returned by
 * DynamoDB, so every Store hides them.
 */
export interface StoredItem extends StoreKey {
  readonly version: number;
  readonly expiresAt?: number;
  readonly [attribute: string]: unknown;
}

/** An item to write; the store sets `version`. */
export type NewItem = StoreKey & { readonly expiresAt?: number; readonly [attribute: string]: unknown };

export interface Store {
  /** Strongly consistent. */
  get(key: StoreKey): Promise<StoredItem | undefined>;
  /** All items of a partition in the order of `sk`, page by page. Strongly consistent. */
  query(pk: string, options?: { skPrefix?: string }): AsyncIterable<StoredItem>;
  /**
   * Conditional write: succeeds only when the item still has `expectedVersion` (0: it must not be there,
   * or be expired). Answers the stored item, or undefined when somebody else was first.
   */
  write(item: NewItem, expectedVersion: number): Promise<StoredItem | undefined>;
  /** Unconditional write of items that nobody else owns (journal entries, caches), 25 a request. */
  append(items: readonly Omit<NewItem, 'version'>[]): Promise<void>;
  /** Deletes only while the item still has `expectedVersion`; false when somebody else was first. */
  remove(key: StoreKey, expectedVersion: number): Promise<boolean>;
}

/** Large things: a DynamoDB item holds 400 KB, a durable checkpoint 256 KB. */
export interface BlobStore {
  put(key: string, body: string, contentType: string): Promise<void>;
  get(key: string): Promise<string | undefined>;
}

/** A message for people. `subject` is at most 100 characters of ASCII (an SNS limit); adapters cut it. */
export interface Notification {
  readonly subject: string;
  readonly text: string;
  readonly cluster?: string;
}

export interface Notifier {
  notify(notification: Notification): Promise<void>;
}

/** Things done, for other people's rules: one EventBridge event each. */
export interface PublishedEvent {
  readonly detailType: string;
  readonly detail: object;
}

export interface EventPublisher {
  publish(events: readonly PublishedEvent[]): Promise<void>;
}
