import type { KubernetesApi, ListOptions, ResourceType } from './client.ts';

/** Every object of a list, once, also where the list had to begin again. For what fits into memory. */
export const listAll = async <T>(
  api: KubernetesApi,
  resource: ResourceType,
  options: Omit<ListOptions, 'onRestart'> = {},
): Promise<T[]> => {
  const objects: T[] = [];
  const onRestart = () => {
    objects.length = 0;
  };
  for await (const page of api.listPages<T>(resource, { ...options, onRestart })) objects.push(...page);
  return objects;
};
