import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { clientSettings } from '../../shared/aws/clients.ts';
import { describeSubnets } from '../../shared/aws/ec2-subnets.ts';
import { createAddOnPort } from '../../shared/aws/eks/add-ons.ts';
import { createClusterPort } from '../../shared/aws/eks/clusters.ts';
import { createInsightPort } from '../../shared/aws/eks/insights.ts';
import { createNodeGroupVersionPort } from '../../shared/aws/eks/node-group-versions.ts';
import { listRunningUpdates } from '../../shared/aws/eks/running-updates.ts';
import { describeUpdate } from '../../shared/aws/eks/updates.ts';
import { createVersionPort } from '../../shared/aws/eks/versions.ts';
import { createBlobStore } from '../../shared/aws/s3.ts';
import { getParameter } from '../../shared/aws/ssm.ts';
import { createHandler } from '../../shared/runtime/chain.ts';
import { createContext } from '../../shared/runtime/context.ts';
import { createDurableHandler } from '../../shared/runtime/durable.ts';
import { environment } from '../../shared/runtime/environment.ts';
import { createVerdictWriter } from '../../shared/runtime/verdict-writer.ts';
import { createClusterView } from './cluster-view.ts';
import { clusterUpgradeSchema } from './config.ts';
import { parsePlanInput, parseStartInput } from './input.ts';
import { runPlan } from './plan-run.ts';
import type { UpgradePorts } from './ports.ts';
import { runUpgrade } from './run.ts';

const context = createContext({
  automation: 'cluster-upgrade',
  sectionName: 'clusterUpgrade',
  schema: clusterUpgradeSchema,
});

const ec2 = new EC2Client(clientSettings());
const ssm = new SSMClient(clientSettings());
const s3 = new S3Client(clientSettings());

const ports: UpgradePorts = {
  clusters: createClusterPort(context.eks),
  versions: createVersionPort(context.eks),
  insights: createInsightPort(context.eks),
  nodeGroups: createNodeGroupVersionPort(context.eks),
  addOns: createAddOnPort(context.eks),
  describeUpdate: (request) => describeUpdate(context.eks, request),
  runningUpdates: (scope) => listRunningUpdates(context.eks, scope),
  subnets: (ids) => describeSubnets(ec2, ids),
  parameter: (name) => getParameter(ssm, name),
  inside: createClusterView(context.clusters),
};

/** Synchronous: what an upgrade would do. */
export const plan = createHandler(context, {
  parse: parsePlanInput,
  run: (input, call) => runPlan({ ...context, ports }, input, call),
});

/** Durable: carries it out. The bucket's name is read here, since the planning function has none. */
export const handler = createDurableHandler(context, {
  parse: parseStartInput,
  run: (input, durable) =>
    runUpgrade(
      {
        ...context,
        ports,
        blobs: createBlobStore(s3, environment.bucket()),
        writeVerdicts: createVerdictWriter(context),
        warn: (message, detail) => context.logger.warn(message, { ...detail }),
      },
      input,
      durable,
    ),
});
