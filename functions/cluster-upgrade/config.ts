import * as z from 'zod/mini';
import type { SharedConfig } from '../../shared/core/config.ts';
import { sectionShape, wholeNumber } from '../../shared/core/config.ts';
import type { ConfigurationIssue } from '../../shared/core/config-problems.ts';

export const clusterUpgradeSchema = z.prefault(
  z.strictObject({
    ...sectionShape,
    /** How long a plan waits for somebody to say yes; then the run ends and gives its lock back. */
    approvalTimeoutHours: z._default(wholeNumber({ unit: 'hours', min: 1, max: 168 }), 24),
  }),
  {},
);

export type ClusterUpgradeConfig = z.infer<typeof clusterUpgradeSchema>;

export type WithClusterUpgrade = SharedConfig & { clusterUpgrade: ClusterUpgradeConfig };

/** Its options refer to nothing else in the file. */
export const checkClusterUpgrade = (_config: WithClusterUpgrade): ConfigurationIssue[] => [];
