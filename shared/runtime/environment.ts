import { ConfigurationError } from '../core/errors.ts';

/** Names of what the stack made, as it sets them. Nothing else is read from the environment here. */
const read = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new ConfigurationError(
      `the environment variable ${name} is not set; the stack sets it, deploy again`,
    );
  }
  return value;
};

export const environment = {
  table: () => read('CARETAKER_TABLE'),
  queueUrl: () => read('CARETAKER_QUEUE_URL'),
  topicArn: () => read('CARETAKER_TOPIC_ARN'),
  bucket: () => read('CARETAKER_BUCKET'),
  workerArn: () => read('CARETAKER_WORKER'),
} as const;
