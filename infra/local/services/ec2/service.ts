import { flag, optionalInteger, optionalText, texts } from '../../protocol/input.ts';
import { page } from '../../protocol/paging.ts';
import { ec2Query } from '../../protocol/query.ts';
import type { Input, Service } from '../../protocol/service.ts';
import { ServiceError } from '../../protocol/service.ts';
import type { Instance } from '../../world/instances.ts';
import type { Subnet } from '../../world/subnets.ts';
import type { World } from '../../world/world.ts';
import { translatedOperations } from '../refusals.ts';
import { instanceValues, matches, subnetValues } from './filters.ts';
import {
  instanceTypeShape,
  reservation,
  securityGroupShape,
  stateShape,
  subnetShape,
  wireNames,
} from './shapes.ts';

/** Amazon EC2 (ec2 query, 2016-11-15): what belongs to the world's clusters. */
export const ec2Service = (world: World): Service =>
  ec2Query(
    'ec2',
    translatedOperations({
      DescribeInstances: (input) => {
        const ids = texts(input, 'InstanceIds');
        const instances = ids.length > 0 ? named(world, ids) : world.instances.all();
        const chosen = instances.filter((instance) =>
          matches(input, (name) => instanceValues(instance, name)),
        );
        const { items, rest } = ec2Page(chosen, input, 1000);
        return { Reservations: items.map((instance) => reservation(world, instance)), ...rest };
      },
      TerminateInstances: (input) => {
        const instances = named(world, texts(input, 'InstanceIds'));
        checkDryRun(input);
        return {
          TerminatingInstances: instances.map((instance) => {
            const before = instance.state;
            world.instances.shutDown(instance, {
              code: 'Client.UserInitiatedShutdown',
              message: 'Client.UserInitiatedShutdown: User initiated shutdown',
            });
            return {
              InstanceId: instance.id,
              CurrentState: stateShape(instance.state),
              PreviousState: stateShape(before),
            };
          }),
        };
      },
      DescribeSubnets: (input) => {
        const known = subnetsOf(world);
        const ids = texts(input, 'SubnetIds');
        const missing = ids.find((id) => !known.some((subnet) => subnet.id === id));
        if (missing !== undefined)
          throw new ServiceError('InvalidSubnetID.NotFound', `The subnet ID '${missing}' does not exist`);
        const chosen = known.filter(
          (subnet) =>
            (ids.length === 0 || ids.includes(subnet.id)) &&
            matches(input, (name) => subnetValues(subnet, name)),
        );
        const { items, rest } = ec2Page(chosen, input, 1000);
        return { Subnets: items.map((subnet) => subnetShape(world, subnet)), ...rest };
      },
      DescribeSecurityGroups: (input) => {
        const known = [...world.clusters.values()];
        const ids = texts(input, 'GroupIds');
        const missing = ids.find((id) => !known.some(({ securityGroupId }) => securityGroupId === id));
        if (missing !== undefined)
          throw new ServiceError('InvalidGroup.NotFound', `The security group '${missing}' does not exist`);
        const chosen = known.filter(
          ({ securityGroupId }) => ids.length === 0 || ids.includes(securityGroupId),
        );
        return {
          SecurityGroups: chosen.map((cluster) => securityGroupShape(world, cluster)),
        };
      },
      DescribeInstanceTypes: (input) => {
        const asked = texts(input, 'InstanceTypes');
        const types =
          asked.length > 0 ? asked : [...new Set(world.instances.all().map(({ type }) => type))].sort();
        const { items, rest } = ec2Page(types, input, 100);
        return { InstanceTypes: items.map(instanceTypeShape), ...rest };
      },
    }),
    wireNames,
  );

const ec2Page = <T>(all: readonly T[], input: Input, most: number) => {
  const { items, nextToken } = page(all, {
    token: optionalText(input, 'NextToken'),
    limit: optionalInteger(input, 'MaxResults'),
    most,
  });
  return { items, rest: nextToken === undefined ? {} : { NextToken: nextToken } };
};

/** EC2 names every id that it does not know, and then answers nothing at all. */
const named = (world: World, ids: readonly string[]): readonly Instance[] => {
  const malformed = ids.find((id) => !/^i-[0-9a-f]{8,17}$/.test(id));
  if (malformed !== undefined)
    throw new ServiceError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  const unknown = ids.filter((id) => world.instances.find(id) === undefined);
  if (unknown.length > 0)
    throw new ServiceError(
      'InvalidInstanceID.NotFound',
      unknown.length === 1
        ? `The instance ID '${unknown[0]}' does not exist`
        : `The instance IDs '${unknown.join(', ')}' do not exist`,
    );
  return ids.map((id) => world.instances.get(id));
};

const checkDryRun = (input: Input): void => {
  if (flag(input, 'DryRun'))
    throw new ServiceError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
};

const subnetsOf = (world: World): readonly Subnet[] =>
  [...world.clusters.values()].flatMap(({ subnets }) => subnets);
