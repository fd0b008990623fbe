import { records, text, texts } from '../../protocol/input.ts';
import type { Input } from '../../protocol/service.ts';
import { notImplemented } from '../../protocol/service.ts';
import type { Instance } from '../../world/instances.ts';
import type { Subnet } from '../../world/subnets.ts';

/** All filters have to match, each by one of its values; `*` and `?` are wildcards. */
export const matches = (input: Input, valuesOf: (name: string) => readonly string[] | undefined): boolean =>
  records(input, 'Filters').every((filter) => {
    const name = text(filter, 'Name');
    const found = valuesOf(name);
    if (found === undefined) throw notImplemented('ec2', `the filter ${name}`);
    const wanted = texts(filter, 'Values').map(wildcard);
    return found.some((value) => wanted.some((pattern) => pattern.test(value)));
  });

const wildcard = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );

export const instanceValues = (instance: Instance, filter: string): readonly string[] | undefined => {
  if (filter.startsWith('tag:')) return present(instance.tags.get(filter.slice(4)));
  switch (filter) {
    case 'tag-key':
      return [...instance.tags.keys()];
    case 'instance-id':
      return [instance.id];
    case 'instance-state-name':
      return [instance.state];
    case 'instance-type':
      return [instance.type];
    case 'instance-lifecycle':
      return instance.spot ? ['spot'] : [];
    case 'availability-zone':
      return [instance.subnet.zone];
    case 'subnet-id':
      return [instance.subnet.id];
    case 'vpc-id':
      return [instance.subnet.vpcId];
    case 'private-dns-name':
      return instance.state === 'running' ? [instance.hostname] : [];
    default:
      return undefined;
  }
};

const present = (value: string | undefined): readonly string[] => (value === undefined ? [] : [value]);

export const subnetValues = (subnet: Subnet, filter: string): readonly string[] | undefined => {
  if (filter === `tag:kubernetes.io/cluster/${subnet.clusterName}`) return ['shared'];
  if (filter.startsWith('tag:')) return [];
  switch (filter) {
    case 'tag-key':
      return [`kubernetes.io/cluster/${subnet.clusterName}`];
    case 'subnet-id':
      return [subnet.id];
    case 'vpc-id':
      return [subnet.vpcId];
    case 'availability-zone':
      return [subnet.zone];
    default:
      return undefined;
  }
};
