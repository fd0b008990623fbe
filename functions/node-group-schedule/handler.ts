import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { createAutoScalingGroups } from '../../shared/aws/auto-scaling.ts';
import { clientSettings } from '../../shared/aws/clients.ts';
import { createNodeGroups } from '../../shared/aws/eks/node-groups.ts';
import { describeUpdate } from '../../shared/aws/eks/updates.ts';
import { createHandler } from '../../shared/runtime/chain.ts';
import { createContext } from '../../shared/runtime/context.ts';
import { parseTick } from '../../shared/runtime/tick.ts';
import { nodeGroupScheduleSchema } from './config.ts';
import { createClusterNodes } from './ports.ts';
import { runNodeGroupSchedule } from './run.ts';

const context = createContext({
  automation: 'node-group-schedule',
  sectionName: 'nodeGroupSchedule',
  schema: nodeGroupScheduleSchema,
});

const deps = {
  ...context,
  nodeGroups: createNodeGroups(context.eks),
  describeUpdate: (request: Parameters<typeof describeUpdate>[1]) => describeUpdate(context.eks, request),
  autoScaling: createAutoScalingGroups(new AutoScalingClient(clientSettings())),
  nodes: async (cluster: string) => createClusterNodes(await context.clusters.connect(cluster)),
};

export const handler = createHandler(context, {
  parse: parseTick,
  run: (tick, call) => runNodeGroupSchedule(deps, tick, call),
});
