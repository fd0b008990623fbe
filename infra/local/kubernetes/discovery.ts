import { describeOpenApi } from './openapi.ts';
import type { ResourceDefinition } from './resources.ts';
import { apiVersionOf, resourceDefinitions } from './resources.ts';

const groupsOf = (): readonly string[] => {
  const groups = new Set(resourceDefinitions.map(({ group }) => group));
  return [...groups].filter((group) => group !== '').concat('authorization.k8s.io');
};

const describeGroup = (name: string) => {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
};

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** A namespace goes one by one. */
const verbsOf = ({ kind }: ResourceDefinition): readonly string[] =>
  kind === 'Namespace' ? allVerbs.filter((verb) => verb !== 'deletecollection') : allVerbs;

const kindOfSubresource = ({ kind }: ResourceDefinition, subresource: string) => {
  if (subresource === 'eviction')
    return { group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] };
  const changes = ['get', 'patch', 'update'];
  if (subresource === 'scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: changes };
  return { kind, verbs: changes };
};

const describeResource = (definition: ResourceDefinition): object[] => {
  const { plural, singular, namespaced, kind, shortNames, subresources } = definition;
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs: verbsOf(definition),
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(plural === 'pods' || definition.group === 'apps' ? { categories: ['all'] } : {}),
    },
    ...subresources.map((subresource) => ({
      name: `${plural}/${subresource}`,
      singularName: '',
      namespaced,
      ...kindOfSubresource(definition, subresource),
    })),
  ];
};

const reviews = ['SelfSubjectAccessReview', 'SelfSubjectRulesReview'].map((kind) => ({
  name: `${kind.toLowerCase()}s`,
  singularName: kind.toLowerCase(),
  namespaced: false,
  kind,
  verbs: ['create'],
}));

const resourceList = (group: string): object => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: apiVersionOf({ group, version: 'v1' }),
  resources:
    group === 'authorization.k8s.io'
      ? reviews
      : resourceDefinitions.filter((one) => one.group === group).flatMap(describeResource),
});

/** `1.34` as `/version` tells it on EKS. */
const describeVersion = (version: string, buildDate: string): object => {
  const [major = '1', minor = '0'] = version.split('.');
  return {
    major,
    minor: `${minor}`,
    gitVersion: `v${major}.${minor}.0-eks-local`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate,
    goVersion: '',
    compiler: '',
    platform: 'linux/amd64',
  };
};

/** What kubectl and other clients ask before they ask for objects; undefined for paths that are none of it. */
export const discover = (path: string, version: string, startedAt: string): object | undefined => {
  const [root, group, groupVersion, beyond] = path.split('/').filter((part) => part !== '');
  if (path === '/version' || path === '/version/') return describeVersion(version, startedAt);
  if (root === 'openapi') return describeOpenApi(path);
  if (root === 'api') {
    if (group === undefined) return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
    return group === 'v1' && groupVersion === undefined ? resourceList('') : undefined;
  }
  if (root !== 'apis' || beyond !== undefined) return undefined;
  if (group === undefined) {
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf().map(describeGroup) };
  }
  if (!groupsOf().includes(group)) return undefined;
  if (groupVersion === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group) };
  return groupVersion === 'v1' ? resourceList(group) : undefined;
};
