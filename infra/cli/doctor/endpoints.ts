import type { Entry } from '../../../shared/core/automation.ts';

/** VPC endpoints by the service that an IAM action names. Source: AWS PrivateLink, "AWS services that integrate". */
const INTERFACES: Readonly<Record<string, string>> = {
  autoscaling: 'autoscaling',
  ec2: 'ec2',
  ecr: 'ecr.api',
  eks: 'eks',
  events: 'events',
  lambda: 'lambda',
  sns: 'sns',
  sqs: 'sqs',
  ssm: 'ssm',
};

/** These two have gateway endpoints, which cost nothing. */
const GATEWAYS: Readonly<Record<string, string>> = { dynamodb: 'dynamodb', s3: 's3' };

const servicesOf = (entries: readonly Entry[]): readonly string[] =>
  entries.flatMap(({ statements }) =>
    statements.flatMap(({ actions }) => actions.map((action) => action.split(':')[0] ?? '')),
  );

/**
 * What subnets without a NAT gateway need for these entries, by the rights that they ask for. No `sts`: the token
 * for a cluster is signed, not fetched. No `logs`: Lambda itself writes them.
 */
export const endpointsFor = (
  entries: readonly Entry[],
): { readonly interfaces: readonly string[]; readonly gateways: readonly string[] } => {
  const services = servicesOf(entries);
  const among = (names: Readonly<Record<string, string>>) =>
    Object.keys(names)
      .filter((service) => services.includes(service))
      .map((service) => names[service] ?? service);
  return { interfaces: among(INTERFACES), gateways: among(GATEWAYS) };
};
