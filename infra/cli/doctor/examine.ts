import type { Entry } from '../../../shared/core/automation.ts';
import { entriesOf, exampleScope } from '../../entries.ts';
import { kubernetesGroupOf, outputs, roleOutputOf } from '../../names.ts';
import type { NetworkGroup } from '../../networks.ts';
import { stackNameOf } from '../../networks.ts';
import { needsKubernetes } from '../../rbac.ts';
import { diagnose } from './diagnose.ts';
import { endpointsFor } from './endpoints.ts';
import type { EntryAccess, Finding } from './facts.ts';
import type { Inspector } from './inspector.ts';

export interface GroupReport {
  readonly stackName: string;
  readonly clusters: readonly string[];
  readonly findings: readonly Finding[];
  /** What subnets without a NAT gateway need; none for functions outside every VPC. */
  readonly endpoints?: ReturnType<typeof endpointsFor>;
}

const accessOf = async (
  inspector: Inspector,
  cluster: string,
  given: { entries: readonly Entry[]; stack: Readonly<Record<string, string>> },
): Promise<readonly EntryAccess[]> =>
  Promise.all(
    given.entries.map(async ({ id }) => {
      const roleArn = given.stack[roleOutputOf(id)];
      const groups = roleArn === undefined ? undefined : await inspector.accessGroups(cluster, roleArn);
      return { entryId: id, group: kubernetesGroupOf(id), roleArn, groups };
    }),
  );

/** Everything about one function set: its clusters one after the other, which keeps EKS's rate limits out of it. */
export const examine = async (
  group: NetworkGroup,
  { inspector, stackName: asked }: { inspector: Inspector; stackName: string },
): Promise<GroupReport> => {
  const { config, network } = group;
  const stackName = stackNameOf(asked, network);
  const stack = await inspector.outputs(stackName);
  const all = entriesOf(config, exampleScope).map(({ entry }) => entry);
  const entries = all.filter(needsKubernetes);
  const clusters = config.clusters.filter(({ mode }) => mode !== 'off').map(({ name }) => name);
  const findings: Finding[] = [];
  for (const cluster of clusters) {
    const facts = await inspector.cluster(cluster);
    const seen = facts !== undefined && facts.authenticationMode !== 'CONFIG_MAP' && stack !== undefined;
    const access = seen ? await accessOf(inspector, cluster, { entries, stack }) : undefined;
    const functionSecurityGroups = stack?.[outputs.securityGroups]?.split(',') ?? [];
    findings.push(...diagnose({ cluster, network, facts, access, functionSecurityGroups }));
  }
  return {
    stackName,
    clusters,
    findings,
    ...(network === undefined ? {} : { endpoints: endpointsFor(all) }),
  };
};
