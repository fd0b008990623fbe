import { InvokeCommand } from '@aws-sdk/client-lambda';
import { envelope, spotInterruption } from '../../../../infra/local/world/events.ts';
import { functionNameOf } from '../../../../infra/names.ts';
import type { Verdict } from '../../../../shared/core/verdict.ts';
import { row } from '../../support/results.ts';
import { STACK } from './scenario.ts';

/** What came of a spot warning, a message that nobody can read and one of another account, sent together. */
export interface QueueStory {
  /** `<target> <action>: <reason>`, as often as it was said, sorted; but for those on the message that nobody can read. */
  readonly verdicts: readonly string[];
  /** Nodes with running pods, by the part that they play. */
  readonly nodesInUse: readonly string[];
  /** Detail types. */
  readonly events: readonly string[];
  /** Subjects. */
  readonly notifications: readonly string[];
}

/** What became of the message that nobody can read, which goes back as often as the queue allows. */
export interface DeadLetterStory {
  readonly verdicts: readonly string[];
  readonly deadLetters: readonly string[];
}

/** What came of a tick that finds a pod left behind by a node shutdown. */
export interface CleanupStory {
  readonly verdicts: readonly string[];
  readonly podIsThere: boolean;
  readonly events: readonly string[];
}

/** What came of an upgrade that somebody approved. */
export interface UpgradeStory {
  /** Whether the execution has the name that it was started with. */
  readonly isNamed: boolean;
  readonly status: string;
  readonly verdicts: readonly string[];
  /** `<type> <name>` of the execution's operations, sorted. */
  readonly operations: readonly string[];
}

export const MALFORMED = '{"neither": "an event", "nor": "ours"}';

/** What is kept of an asynchronous invocation that fails again and again. */
export interface FailureStory {
  readonly condition: string;
  readonly invocations: number;
  readonly payload: object;
  readonly error: string;
}

/** The drain worker is asked for something that it does not know. */
export const failingInvocation = new InvokeCommand({
  FunctionName: functionNameOf(STACK, 'spot-drain-worker'),
  InvocationType: 'Event',
  Payload: Buffer.from('{"kind":"nonsense"}'),
});

/** Body of a message of a Lambda destination. */
export const failureIn = (body: string): FailureStory => {
  const { requestContext, requestPayload, responsePayload } = JSON.parse(body) as {
    requestContext: { condition: string; approximateInvokeCount: number };
    requestPayload: object;
    responsePayload: { errorMessage: string };
  };
  return {
    condition: requestContext.condition,
    invocations: requestContext.approximateInvokeCount,
    payload: requestPayload,
    error: responsePayload.errorMessage,
  };
};

export const isAboutMessage = (verdict: string): boolean => verdict.startsWith('message ');

/** Names of the two nodes, which are others at every run. */
export interface Cast {
  readonly first: { readonly id: string; readonly hostname: string };
  readonly second: { readonly id: string; readonly hostname: string };
}

/** The same words at every run and on every side. */
export const settled = (text: string, { first, second }: Cast): string =>
  text
    .replaceAll(first.hostname, 'first')
    .replaceAll(second.hostname, 'second')
    .replaceAll(first.id, 'first')
    .replaceAll(second.id, 'second')
    .replace(/message\/[0-9a-f-]{36}/, 'message');

/** A spot warning about the first node, a message that is no event, and the same warning of another account. */
export const queueMessages = (
  { first }: Cast,
  at: { accountId: string; region: string; now: number; id: () => string },
): readonly string[] => {
  const warning = envelope(spotInterruption(first.id, 'eu-central-1a'), { ...at, id: at.id() });
  const foreign = { ...warning, id: at.id(), account: '999988887777' };
  return [JSON.stringify(warning), MALFORMED, JSON.stringify(foreign)];
};

export const words = ({ target, action, reason }: Verdict): string => `${target} ${action}: ${reason}`;

const SUITE = 'deployment';
const MOST_CHARACTERS = 400;

/** What was seen, in one cell: equal neighbours once, with their number. */
export const inWords = (seen: readonly string[]): string => {
  const counted = [...Map.groupBy(seen, (one) => one)].map(([one, all]) =>
    all.length === 1 ? one : `${one} (${all.length} times)`,
  );
  const text = counted.length === 0 ? 'none' : counted.join(', ');
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
};

/** A row for what is the same on both sides; the test has compared them before. */
export const rowOfSame = (behaviour: string, seen: readonly string[]): void =>
  row({ suite: SUITE, behaviour, embedded: inWords(seen), counterpart: inWords(seen), verdict: 'same' });

export const rowOfDifference = (
  behaviour: string,
  seen: { readonly embedded: string; readonly counterpart: string },
  why: string,
): void => row({ suite: SUITE, behaviour, ...seen, verdict: { differs: why } });
