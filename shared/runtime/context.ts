import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EKSClient } from '@aws-sdk/client-eks';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import type * as z from 'zod/mini';
import { clientSettings } from '../aws/clients.ts';
import { createStore } from '../aws/dynamodb.ts';
import { describeClusterAddress } from '../aws/eks/cluster-address.ts';
import { createEventPublisher } from '../aws/event-bridge.ts';
import { createNotifier } from '../aws/sns.ts';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import type { SectionConfig, SharedConfig } from '../core/config.ts';
import { configuredModes, loadBundledConfig } from '../core/config.ts';
import type { Mode } from '../core/mode.ts';
import { effectiveMode, readModeState } from '../core/mode.ts';
import type { EventPublisher, Notifier, Store } from '../core/store.ts';
import type { AutomationId } from '../core/verdict.ts';
import type { ClusterConnector } from '../kubernetes/connect.ts';
import { createClusterConnector } from '../kubernetes/connect.ts';
import { createTokenSource } from '../kubernetes/token.ts';
import { environment } from './environment.ts';

/** What every automation works with. Made once per execution environment, at init. */
export interface AutomationContext<Section> {
  readonly automation: AutomationId;
  readonly config: SharedConfig;
  readonly section: Section;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly notifier: Notifier;
  readonly publisher: EventPublisher;
  readonly clusters: ClusterConnector;
  readonly eks: EKSClient;
  /** The mode that holds now, for a cluster where one is named. Reads the state: ask before every mutating step. */
  readMode(cluster?: string): Promise<Mode>;
}

const silentNotifier: Notifier = { notify: () => Promise.resolve() };

/** Entries of one bundle are given different resources: the topic is asked for when it is needed. */
const onFirstUse = (make: () => Notifier): Notifier => {
  let made: Notifier | undefined;
  return {
    notify: (notification) => {
      made ??= make();
      return made.notify(notification);
    },
  };
};

/** Throws ConfigurationError (and so fails the init) when configuration or environment are not as the stack sets them. */
export const createContext = <Schema extends z.ZodMiniType>(options: {
  automation: AutomationId;
  sectionName: string;
  schema: Schema;
}): AutomationContext<z.infer<Schema>> => {
  const { automation } = options;
  const { config, section } = loadBundledConfig(options.sectionName, options.schema);
  const clock = systemClock;
  const eks = new EKSClient(clientSettings());
  const store = createStore(new DynamoDBClient(clientSettings({ requestTimeoutMs: 3_000 })), {
    table: environment.table(),
    clock,
  });
  const modes = configuredModes(automation, config, section as SectionConfig);
  return {
    automation,
    config,
    section,
    clock,
    logger: new Logger({ serviceName: automation }),
    metrics: new Metrics({ namespace: 'eks-caretaker', serviceName: automation }),
    store,
    notifier: config.notifications.topic
      ? onFirstUse(() =>
          createNotifier(new SNSClient(clientSettings()), { topicArn: environment.topicArn(), automation }),
        )
      : silentNotifier,
    publisher: createEventPublisher(new EventBridgeClient(clientSettings())),
    clusters: createClusterConnector({
      clusters: config.clusters,
      describe: (cluster) => describeClusterAddress(eks, cluster),
      tokens: createTokenSource({
        clock,
        region: async () => eks.config.region(),
        credentials: async () => eks.config.credentials(),
      }),
      clock,
    }),
    eks,
    readMode: async (cluster) => effectiveMode(modes, await readModeState(store), cluster),
  };
};
