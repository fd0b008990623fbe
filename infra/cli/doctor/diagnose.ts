import type { ClusterCase, ClusterFacts, Finding } from './facts.ts';

/** Whatever stands between a function set and a cluster, by rule. Pure. */

type Rule = (found: ClusterCase, facts: ClusterFacts) => readonly Omit<Finding, 'cluster'>[];

const problem = (text: string) => [{ level: 'problem', text }] as const;
const check = (text: string) => [{ level: 'check', text }] as const;

const letsAnyAddressIn = (cidrs: readonly string[]): boolean =>
  cidrs.length === 0 || cidrs.includes('0.0.0.0/0');

const isActive: Rule = (_, { status }) =>
  status === 'ACTIVE' || status === 'UPDATING' ? [] : problem(`its status is ${status}`);

/** A function outside every VPC has no fixed address: it comes in from anywhere, or not at all. */
const canBeReachedFromOutside: Rule = ({ network }, { publicAccess, publicAccessCidrs }) => {
  if (network !== undefined) return [];
  if (!publicAccess)
    return problem(
      'its API server has no public endpoint: give it a network in the configuration (PrivateLink for EKS covers the EKS API, not the Kubernetes API)',
    );
  return letsAnyAddressIn(publicAccessCidrs)
    ? []
    : problem(
        `its public endpoint lets in ${publicAccessCidrs.join(', ')} alone, and a function outside every VPC has no fixed address: give it a network in the configuration, whose NAT addresses are in publicAccessCidrs where private access is off`,
      );
};

const canBeReachedFromInside: Rule = ({ network, functionSecurityGroups }, facts) => {
  if (network === undefined) return [];
  if (!facts.privateAccess) {
    return letsAnyAddressIn(facts.publicAccessCidrs)
      ? check(`private access is off: the network ${network.name} needs a NAT gateway to its public endpoint`)
      : check(
          `private access is off: the addresses of the NAT gateways of the network ${network.name} have to be among its publicAccessCidrs ${facts.publicAccessCidrs.join(', ')}`,
        );
  }
  if (network.vpcId !== facts.vpcId)
    return check(
      `it is in ${facts.vpcId} and the network ${network.name} in ${network.vpcId}: they need a route to each other, and a private DNS name resolves in the cluster's VPC alone`,
    );
  const from =
    functionSecurityGroups.length === 0 ? 'that of the functions' : functionSecurityGroups.join(', ');
  return check(
    `its security group ${facts.securityGroupId ?? ''} has to let in port 443 from ${from} (aws ec2 authorize-security-group-ingress)`,
  );
};

const knowsTheRoles: Rule = ({ access }, { authenticationMode }) => {
  // What aws-auth holds is in the cluster, and not to be seen from EKS.
  if (authenticationMode === 'CONFIG_MAP')
    return check(
      'its authentication mode is CONFIG_MAP, which knows no access entries: deploy with -c configMapClusters=NAME and add what "caretaker rbac --aws-auth" prints to aws-auth, or change the mode to API_AND_CONFIG_MAP',
    );
  if (access === undefined)
    return check('the stack is not deployed, so its access entries cannot be looked at');
  return access.flatMap(({ entryId, group, roleArn, groups }) => {
    if (roleArn === undefined)
      return problem(`the stack does not have ${entryId}, which the configuration asks for: deploy it again`);
    if (groups === undefined) return problem(`${entryId} has no access entry (${roleArn}): deploy the stack`);
    return groups.includes(group)
      ? []
      : problem(
          `the access entry of ${entryId} lacks the group ${group}, it has ${groups.join(', ') || 'none'}`,
        );
  });
};

const RULES: readonly Rule[] = [isActive, canBeReachedFromOutside, canBeReachedFromInside, knowsTheRoles];

export const diagnose = (found: ClusterCase): readonly Finding[] => {
  const { cluster, facts } = found;
  if (facts === undefined)
    return [{ level: 'problem', cluster, text: 'there is no such cluster in this account and region' }];
  return RULES.flatMap((rule) => rule(found, facts)).map((finding) => ({ cluster, ...finding }));
};
