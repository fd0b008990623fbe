import { flag, optionalInteger, optionalText, records, text, texts } from '../../protocol/input.ts';
import { page } from '../../protocol/paging.ts';
import type { Input } from '../../protocol/service.ts';
import { notImplemented } from '../../protocol/service.ts';
import { Refusal } from '../../world/refusal.ts';
import type { ScalingGroup } from '../../world/scaling-groups.ts';
import type { World } from '../../world/world.ts';
import { tagShapes } from './shapes.ts';

export const tagOperations = (world: World) => ({
  CreateOrUpdateTags: (input: Input) => {
    for (const tag of records(input, 'Tags')) {
      const group = world.autoScaling.get(text(tag, 'ResourceId'));
      const key = text(tag, 'Key');
      if (key.startsWith('aws:'))
        throw new Refusal('ValidationError', `The tag key ${key} is reserved: keys must not begin with aws:`);
      group.tags.set(key, {
        value: optionalText(tag, 'Value') ?? '',
        propagateAtLaunch: flag(tag, 'PropagateAtLaunch'),
      });
    }
    return {};
  },
  DeleteTags: (input: Input) => {
    for (const tag of records(input, 'Tags'))
      world.autoScaling.get(text(tag, 'ResourceId')).tags.delete(text(tag, 'Key'));
    return {};
  },
  DescribeTags: (input: Input) => {
    const filters = records(input, 'Filters').map((filter) => ({
      name: text(filter, 'Name'),
      values: texts(filter, 'Values'),
    }));
    const tags = world.autoScaling
      .groups()
      .flatMap(tagShapes)
      .filter((tag) => filters.every(({ name, values }) => values.includes(tagMember(tag, name))));
    const { items, nextToken } = page(tags, {
      token: optionalText(input, 'NextToken'),
      limit: optionalInteger(input, 'MaxRecords') ?? 50,
      most: 100,
    });
    return { Tags: items, ...(nextToken === undefined ? {} : { NextToken: nextToken }) };
  },
});

/** Whether a group has the tags that `Filters` ask for: all filters have to match, each by one of its values. */
export const hasTags = ({ tags }: ScalingGroup, input: Input): boolean =>
  records(input, 'Filters').every((filter) => {
    const name = text(filter, 'Name');
    const wanted = texts(filter, 'Values');
    if (name === 'tag-key') return wanted.some((key) => tags.has(key));
    if (name === 'tag-value') return [...tags.values()].some(({ value }) => wanted.includes(value));
    if (name.startsWith('tag:')) {
      const tag = tags.get(name.slice('tag:'.length));
      return tag !== undefined && wanted.includes(tag.value);
    }
    throw notImplemented('autoscaling', `the filter ${name} of DescribeAutoScalingGroups`);
  });

const tagMember = (tag: ReturnType<typeof tagShapes>[number], filter: string): string => {
  switch (filter) {
    case 'auto-scaling-group':
      return tag.ResourceId;
    case 'key':
      return tag.Key;
    case 'value':
      return tag.Value;
    case 'propagate-at-launch':
      return String(tag.PropagateAtLaunch);
    default:
      throw notImplemented('autoscaling', `the filter ${filter} of DescribeTags`);
  }
};
