import type { EventPattern } from '../../shared/core/automation.ts';
import { ticksOf } from '../ticks.ts';
import type { WorldClock } from './clock.ts';
import type { DeployedEntry, Deployment } from './deployment.ts';
import type { FunctionPool } from './runtime/function-pool.ts';
import type { EventBus, Rule } from './services/events/rules.ts';
import { createEventBus } from './services/events/rules.ts';
import type { Tick } from './services/events/schedules.ts';
import { startSchedules } from './services/events/schedules.ts';
import type { AsyncOptions, Functions } from './services/lambda/functions.ts';
import type { Poller } from './services/sqs/poller.ts';
import { createPoller } from './services/sqs/poller.ts';
import type { Queue } from './services/sqs/queue.ts';
import { createQueue } from './services/sqs/queue.ts';
import type { AwsEvent } from './world/events.ts';

/** SQS's default, for queues that nobody polls. */
const DEFAULT_VISIBILITY_SECONDS = 30;
const SIX_HOURS_SECONDS = 21_600;

export interface Queues {
  /** Where what failed for good is put. */
  readonly failures: Queue;
  readonly deadLetters: Queue;
  /** There only if an entry is fed by it. */
  readonly intake: Queue | undefined;
}

export const createQueues = (clock: WorldClock, { intake, names, scope }: Deployment): Queues => {
  const arnOf = (name: string) => `arn:aws:sqs:${scope.region}:${scope.account}:${name}`;
  const last = (name: string) =>
    createQueue(clock, { name, arn: arnOf(name), visibilitySeconds: DEFAULT_VISIBILITY_SECONDS });
  const deadLetters = last(names.deadLetters);
  return {
    failures: last(names.failures),
    deadLetters,
    intake:
      intake === undefined
        ? undefined
        : createQueue(clock, {
            name: names.queue,
            arn: arnOf(names.queue),
            visibilitySeconds: intake.trigger.visibilitySeconds,
            redrive: { queue: deadLetters, maxReceives: intake.trigger.maxReceives },
          }),
  };
};

/** What fires the functions: rules, the queue's poller, schedules. */
export interface Triggers {
  readonly bus: EventBus;
  readonly poller: Poller | undefined;
  stop(): void;
}

export const startTriggers = (options: {
  clock: WorldClock;
  deployment: Deployment;
  queues: Queues;
  pool: FunctionPool;
  functions: Functions;
  /** Whether ticks fire by themselves. */
  schedules: boolean;
}): Triggers => {
  const { clock, deployment, queues, functions } = options;
  const { account: accountId, region } = deployment.scope;

  const invokeAsync = ({ definition }: DeployedEntry, payload: object, given: AsyncOptions = {}) => {
    functions.invokeAsync(functions.resolve(definition.name), JSON.stringify(payload), given);
  };

  const rulesOf = (deployed: DeployedEntry): readonly Rule[] => {
    const { id, trigger } = deployed.entry;
    const rule = (deliver: (event: AwsEvent) => void) => (pattern: EventPattern, index: number) => ({
      name: `${deployment.names.table}-${id}-${index + 1}`,
      pattern,
      deliver,
    });
    if (trigger.kind === 'events') return trigger.patterns.map(rule((event) => invokeAsync(deployed, event)));
    if (trigger.kind === 'queue')
      return trigger.patterns.map(rule((event) => void queues.intake?.send(JSON.stringify(event))));
    return [];
  };

  const tickOf = (deployed: DeployedEntry): readonly Tick[] => {
    const { trigger } = deployed.entry;
    if (trigger.kind !== 'tick') return [];
    const { everyMinutes } = trigger;
    // A tick that is older than the next one is given up.
    const maxAgeSeconds = Math.min(everyMinutes * 60, SIX_HOURS_SECONDS);
    return ticksOf(trigger).map(({ offsetMinutes, input }) => ({
      everyMinutes,
      offsetMinutes,
      run: () => invokeAsync(deployed, input, { maxAgeSeconds }),
    }));
  };

  const { intake } = deployment;
  const poller =
    intake === undefined || queues.intake === undefined
      ? undefined
      : createPoller({
          clock,
          pool: options.pool,
          queue: queues.intake,
          entryId: intake.entryId,
          batchSize: intake.trigger.batchSize,
          region,
        });
  const stopSchedules = startSchedules(clock, options.schedules ? deployment.entries.flatMap(tickOf) : []);
  return {
    bus: createEventBus({ clock, accountId, region, rules: deployment.entries.flatMap(rulesOf) }),
    poller,
    stop: () => {
      stopSchedules();
      poller?.close();
    },
  };
};
