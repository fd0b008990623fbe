import { createHash } from 'node:crypto';
import type { Ground } from './ground.ts';
import { Refusal } from './refusal.ts';

/** A message that somebody published to a topic. */
export interface PublishedNotification {
  readonly id: string;
  readonly topicArn: string;
  readonly subject?: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly at: number;
}

export interface Topics {
  /** Answers the topic's ARN. */
  create(name: string): string;
  readonly published: readonly PublishedNotification[];
  /** Throws NotFound. */
  publish(
    topicArn: string,
    message: Pick<PublishedNotification, 'subject' | 'message' | 'attributes'>,
  ): string;
}

export const createTopics = (ground: Ground): Topics => {
  const topics = new Set<string>();
  const published: PublishedNotification[] = [];
  return {
    create: (name) => {
      const arn = `arn:aws:sns:${ground.region}:${ground.accountId}:${name}`;
      topics.add(arn);
      return arn;
    },
    published,
    publish: (topicArn, message) => {
      if (!topics.has(topicArn)) throw new Refusal('NotFound', 'Topic does not exist');
      const id = ground.newUuid();
      published.push({ ...message, id, topicArn, at: ground.clock.now() });
      return id;
    },
  };
};

export interface StoredObject {
  readonly key: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly etag: string;
  /** Epoch ms. */
  readonly modifiedAt: number;
}

export interface Buckets {
  create(name: string): void;
  /** Throws NoSuchBucket. In the order of keys. */
  list(bucket: string): readonly StoredObject[];
  get(bucket: string, key: string): StoredObject | undefined;
  put(bucket: string, object: Pick<StoredObject, 'key' | 'body' | 'contentType'>): StoredObject;
  remove(bucket: string, key: string): void;
}

export const createBuckets = (ground: Ground): Buckets => {
  const buckets = new Map<string, Map<string, StoredObject>>();
  const open = (name: string): Map<string, StoredObject> => {
    const bucket = buckets.get(name);
    if (bucket === undefined) throw new Refusal('NoSuchBucket', 'The specified bucket does not exist');
    return bucket;
  };
  return {
    create: (name) => {
      if (!buckets.has(name)) buckets.set(name, new Map());
    },
    list: (name) => [...open(name).values()].sort((left, right) => (left.key < right.key ? -1 : 1)),
    get: (name, key) => open(name).get(key),
    put: (name, object) => {
      const stored = {
        ...object,
        etag: `"${createHash('md5').update(object.body).digest('hex')}"`,
        modifiedAt: ground.clock.now(),
      };
      open(name).set(object.key, stored);
      return stored;
    },
    remove: (name, key) => {
      open(name).delete(key);
    },
  };
};
