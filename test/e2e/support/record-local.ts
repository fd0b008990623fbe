import { recordTraffic } from './exchanges.ts';

/** For `node --import`: records what a process of `caretaker local` is asked, under the name of its test. */
recordTraffic('local.test', { callerOf: (accessKeyId) => accessKeyId });
