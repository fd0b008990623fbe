import type { InstanceReader } from '../../shared/aws/ec2.ts';
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

/** EC2's client is large, and the tick does not need it: it is loaded by the first event. */
const instances: InstanceReader = {
  describe: async (ids) => {
    const { createEc2Instances } = await import('./ec2-instances.ts');
    return createEc2Instances().describe(ids);
  },
};

/** pod-cleanup: cleans up the cluster of the tick, or all of them. */
export const handler = createHandler(context, {
  parse: parseTick,
  run: (tick, call) => runPodCleanup(cleanup, tick, call),
});

/** pod-cleanup-verify: looks at what a terminated node left behind. */
export const verify = createHandler(context, {
  parse: parseTerminated,
  run: (instance, call) => runVerify({ ...context, instances }, instance, call),
});
