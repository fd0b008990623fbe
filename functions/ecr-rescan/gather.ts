import pMap from 'p-map';
import { isAwsError } from '../../shared/aws/clients.ts';
import { isDenied } from '../../shared/aws/ecr/scans.ts';
import { describeError } from '../../shared/core/errors.ts';
import type {
  ImageRepositories,
  RegistryFacts,
  RunningImage,
  TaggedImage,
} from '../../shared/core/image-scans.ts';
import type { Mode } from '../../shared/core/mode.ts';
import { isForbidden } from '../../shared/kubernetes/errors.ts';
import { listRunningImages } from '../../shared/kubernetes/running-images.ts';
import type { Call } from '../../shared/runtime/chain.ts';
import type { AutomationContext } from '../../shared/runtime/context.ts';
import type { EcrRescanConfig } from './config.ts';
import { matchesAny } from './decide/globs.ts';
import type { InventorySources } from './decide/inventory.ts';

export type GatherDeps = Pick<
  AutomationContext<EcrRescanConfig>,
  'config' | 'section' | 'clusters' | 'readMode'
> & { readonly repositories: ImageRepositories };

const CLUSTERS_AT_ONCE = 4;
const REPOSITORIES_AT_ONCE = 5;

interface Failure {
  readonly target: string;
  readonly cluster?: string;
  readonly reason: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Reads which images run and which lie in the configured repositories. A cluster or repository that does not
 * answer has its verdict, is noted as failed, and is named in `unread`; the others go on.
 */
export const gatherSources = async (
  deps: GatherDeps,
  own: RegistryFacts,
  { call, mode }: { call: Call; mode: Mode },
): Promise<InventorySources> => {
  const note = (failure: Failure, error: unknown) => {
    call.recorder.record(
      { action: 'none', ...failure, detail: { ...failure.detail, error: describeError(error) } },
      mode,
    );
    call.recorder.fail(error);
  };
  const [running, stored] = await Promise.all([
    readClusters(deps, { call, mode, note }),
    readRepositories(deps, note),
  ]);
  return {
    own: { registry: own.registry, region: own.region },
    clusters: running.read,
    repositories: stored.read,
    unread: { clusters: running.unread, repositories: stored.unread },
  };
};

type Note = (failure: Failure, error: unknown) => void;

const readClusters = async (
  deps: GatherDeps,
  { call, mode, note }: { call: Call; mode: Mode; note: Note },
) => {
  const read: { cluster: string; images: readonly RunningImage[] }[] = [];
  const unread: string[] = [];
  await pMap(
    deps.config.clusters,
    async ({ name: cluster }) => {
      const target = `cluster/${cluster}`;
      if ((await deps.readMode(cluster)) === 'off') {
        call.recorder.record({ cluster, target, action: 'none', reason: 'mode-off' }, mode);
        return;
      }
      try {
        read.push({ cluster, images: await listRunningImages(await deps.clusters.connect(cluster)) });
      } catch (error) {
        unread.push(cluster);
        if (isForbidden(error)) {
          note(
            { cluster, target, reason: 'missing-right', detail: { verb: 'list', resource: 'pods' } },
            error,
          );
        } else note({ cluster, target, reason: 'cluster-unreachable' }, error);
      }
    },
    { concurrency: CLUSTERS_AT_ONCE },
  );
  return { read, unread };
};

const readRepositories = async (
  { repositories, section }: GatherDeps,
  note: Note,
): Promise<{
  read: InventorySources['repositories'];
  unread: InventorySources['unread']['repositories'];
}> => {
  if (section.repositories.length === 0) return { read: [], unread: [] };
  const names: string[] = [];
  try {
    for await (const page of repositories.repositories()) {
      names.push(...page.filter((name) => matchesAny(section.repositories, name)));
    }
  } catch (error) {
    note(
      { target: 'registry/own', reason: isDenied(error) ? 'missing-right' : 'registry-unreadable' },
      error,
    );
    return { read: [], unread: 'all' };
  }
  const read: { repository: string; images: readonly TaggedImage[] }[] = [];
  const unread: string[] = [];
  await pMap(
    names,
    async (repository) => {
      try {
        const images: TaggedImage[] = [];
        for await (const page of repositories.taggedImages(repository)) images.push(...page);
        read.push({ repository, images });
      } catch (error) {
        if (isAwsError(error, 'RepositoryNotFoundException')) return; // deleted since it was listed
        unread.push(repository);
        const reason = isDenied(error) ? 'missing-right' : 'repository-unreadable';
        note({ target: `repository/${repository}`, reason }, error);
      }
    },
    { concurrency: REPOSITORIES_AT_ONCE },
  );
  return { read, unread };
};
