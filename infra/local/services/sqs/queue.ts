import { createHash, randomUUID } from 'node:crypto';
import type { WorldClock } from '../../clock.ts';

export interface QueueOptions {
  readonly name: string;
  readonly arn: string;
  readonly visibilitySeconds: number;
  readonly delaySeconds?: number;
  readonly redrive?: { readonly queue: Queue; readonly maxReceives: number };
}

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly bodyMd5: string;
  readonly senderId: string;
  /** Epoch ms of the world's clock, as all times here. */
  readonly sentAt: number;
  readonly firstReceivedAt: number;
  readonly receiveCount: number;
  /** Of the latest receive: an older one no longer deletes. */
  readonly receiptHandle: string;
}

export interface QueueCounts {
  readonly visible: number;
  readonly delayed: number;
  readonly inFlight: number;
}

interface Held extends Message {
  visibleAt: number;
  cancelWake: () => void;
}

/** A standard queue: at least once, delays, visibility, and a dead-letter queue for what was received too often. */
export interface Queue {
  readonly name: string;
  readonly arn: string;
  readonly visibilitySeconds: number;
  readonly redrive: { readonly queue: Queue; readonly maxReceives: number } | undefined;
  send(body: string, options?: { delaySeconds?: number; senderId?: string }): Message;
  receive(most: number, visibilitySeconds?: number): readonly Message[];
  /** False for a handle that this queue never gave out. Deleting twice is fine. */
  remove(receiptHandle: string): boolean;
  /**
   * False where no message goes by this handle any more. A message that is visible again stays as it is: SQS takes
   * the call and does nothing (localstack/localstack #9632, tested against AWS).
   */
  changeVisibility(receiptHandle: string, seconds: number): boolean;
  purge(): void;
  counts(): QueueCounts;
  messages(): readonly Message[];
  /** Told whenever a message may be received that could not before. */
  onVisible(listener: () => void): () => void;
}

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** Whether this text is a handle that a queue gives out. */
export const isHandle = (text: string): boolean => /^[0-9a-f-]{36}#[0-9a-f-]{36}$/.test(text);

export const createQueue = (clock: WorldClock, options: QueueOptions): Queue => {
  const { name, arn, redrive } = options;
  let held: Held[] = [];
  const listeners = new Set<() => void>();

  const wakeAt = (message: Held, at: number) => {
    message.cancelWake();
    message.visibleAt = at;
    message.cancelWake = clock.schedule(at, () => {
      for (const listener of listeners) listener();
    });
  };

  const drop = (message: Held) => {
    message.cancelWake();
    held = held.filter((other) => other !== message);
  };

  const find = (receiptHandle: string) => held.find((message) => message.receiptHandle === receiptHandle);

  const isVisible = (message: Held) => message.visibleAt <= clock.now();

  const send: Queue['send'] = (
    body,
    { delaySeconds = options.delaySeconds ?? 0, senderId = 'AIDALOCAL' } = {},
  ) => {
    const message: Held = {
      id: randomUUID(),
      body,
      bodyMd5: md5(body),
      senderId,
      sentAt: clock.now(),
      firstReceivedAt: 0,
      receiveCount: 0,
      receiptHandle: '',
      visibleAt: 0,
      cancelWake: () => undefined,
    };
    held.push(message);
    wakeAt(message, clock.now() + delaySeconds * 1000);
    return message;
  };

  const receiveOne = (message: Held, visibilitySeconds: number): Message => {
    const received: Held = {
      ...message,
      firstReceivedAt: message.firstReceivedAt || clock.now(),
      receiveCount: message.receiveCount + 1,
      receiptHandle: `${message.id}#${randomUUID()}`,
    };
    held = held.map((other) => (other === message ? received : other));
    wakeAt(received, clock.now() + visibilitySeconds * 1000);
    return received;
  };

  return {
    name,
    arn,
    visibilitySeconds: options.visibilitySeconds,
    redrive,
    send,
    receive: (most, visibilitySeconds = options.visibilitySeconds) => {
      const received: Message[] = [];
      for (const message of held.filter(isVisible)) {
        if (received.length === most) break;
        if (redrive !== undefined && message.receiveCount >= redrive.maxReceives) {
          drop(message);
          redrive.queue.send(message.body, { delaySeconds: 0, senderId: message.senderId });
        } else received.push(receiveOne(message, visibilitySeconds));
      }
      return received;
    },
    remove: (receiptHandle) => {
      const message = find(receiptHandle);
      if (message !== undefined) drop(message);
      return isHandle(receiptHandle);
    },
    changeVisibility: (receiptHandle, seconds) => {
      const message = find(receiptHandle);
      if (message === undefined) return false;
      if (!isVisible(message)) wakeAt(message, clock.now() + seconds * 1000);
      return true;
    },
    purge: () => {
      for (const message of held) drop(message);
    },
    counts: () => {
      const hidden = held.filter((message) => !isVisible(message));
      const delayed = hidden.filter((message) => message.receiveCount === 0).length;
      return { visible: held.length - hidden.length, delayed, inFlight: hidden.length - delayed };
    },
    messages: () => [...held],
    onVisible: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
