import { createHash } from 'node:crypto';
import { apiVersionOf, resourceDefinitions } from './resources.ts';

/**
 * As much of /openapi/v3 as `kubectl apply` and `create -f` look for before they send anything: that a PATCH of the
 * kind takes `fieldValidation`, so that they need no schema of their own. The parameter is then ignored here.
 */

const groupPath = (group: string): string => (group === '' ? 'api/v1' : `apis/${group}/v1`);

const groups = [...new Set(resourceDefinitions.map(({ group }) => group))];

const document = (group: string): object => ({
  openapi: '3.0.0',
  info: { title: 'Kubernetes', version: 'local' },
  paths: Object.fromEntries(
    resourceDefinitions
      .filter((one) => one.group === group)
      .map(({ namespaced, plural, version, kind }) => [
        `/${groupPath(group)}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}/{name}`,
        {
          patch: {
            description: `partially update the specified ${kind} (${apiVersionOf({ group, version })})`,
            parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
            responses: { 200: { description: 'OK' } },
            'x-kubernetes-action': 'patch',
            'x-kubernetes-group-version-kind': { group, version, kind },
          },
        },
      ]),
  ),
});

const urlOf = (group: string): string => {
  const hash = createHash('sha256')
    .update(JSON.stringify(document(group)))
    .digest('hex')
    .slice(0, 16);
  return `/openapi/v3/${groupPath(group)}?hash=${hash}`;
};

export const describeOpenApi = (path: string): object | undefined => {
  if (path === '/openapi/v3') {
    return {
      paths: Object.fromEntries(
        groups.map((group) => [groupPath(group), { serverRelativeURL: urlOf(group) }]),
      ),
    };
  }
  const group = groups.find((one) => path === `/openapi/v3/${groupPath(one)}`);
  return group === undefined ? undefined : document(group);
};
