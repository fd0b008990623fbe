import { EC2Client } from '@aws-sdk/client-ec2';
import { clientSettings } from '../../shared/aws/clients.ts';
import { createInstanceReader } from '../../shared/aws/ec2.ts';
import { createHandler } from '../../shared/runtime/chain.ts';
import { createContext } from '../../shared/runtime/context.ts';
import { parseTick } from '../../shared/runtime/tick.ts';
import { podCleanupSchema } from './config.ts';
import { createCleanupMetrics } from './metrics.ts';
import { runPodCleanup } from './run.ts';
import { parseTerminated } from './terminated-event.ts';
import { runVerify } from './verify.ts';

const context = createContext({
  automation: 'pod-cleanup',
  sectionName: 'podCleanup',
  schema: podCleanupSchema,
});

const cleanup = { ...context, metrics: createCleanupMetrics() };

const looks = { ...context, instances: createInstanceReader(new EC2Client(clientSettings())) };

/** pod-cleanup: cleans up the cluster of the tick, or all of them. */
export const handler = createHandler(context, {
  parse: parseTick,
  run: (tick, call) => runPodCleanup(cleanup, tick, call),
});

/** pod-cleanup-verify: looks at what a terminated node left behind. */
export const verify = createHandler(context, {
  parse: parseTerminated,
  run: (instance, call) => runVerify(looks, instance, call),
});
