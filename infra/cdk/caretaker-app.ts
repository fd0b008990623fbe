import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Annotations, App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Config } from '../../functions/index.ts';
import { entriesOf } from '../entries.ts';
import { DEFAULT_STACK_NAME } from '../names.ts';
import type { NetworkGroup } from '../networks.ts';
import { networkGroups, stackNameOf } from '../networks.ts';
import { CaretakerStack } from './stack.ts';

const RECOMMENDED_FLAGS = fileURLToPath(import.meta.resolve('aws-cdk-lib/recommended-feature-flags.json'));

/**
 * An app with the feature flags that its version of the CDK recommends, so that templates in tests and in
 * deployments are the same. No synthesis of its own when the process ends: after an error there is nothing
 * to write.
 */
export const createApp = (options: { outdir?: string } = {}): App =>
  new App({
    ...options,
    analyticsReporting: false,
    autoSynth: false,
    context: JSON.parse(readFileSync(RECOMMENDED_FLAGS, 'utf8')) as Record<string, unknown>,
  });

export interface CaretakerOptions {
  readonly config: Config;
  /** The directory with the bundles of a group. */
  readonly bundlesOf: (group: NetworkGroup) => string;
  readonly stackName?: string;
  /** Clusters in authentication mode CONFIG_MAP, which cannot have access entries. */
  readonly configMapClusters?: readonly string[];
}

/** A stack for every network group of a configuration, checked by cdk-nag at synthesis. */
export const addCaretaker = (app: App, options: CaretakerOptions): readonly CaretakerStack[] => {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return networkGroups(options.config).map((group) => addGroup(app, group, options));
};

const addGroup = (app: App, group: NetworkGroup, options: CaretakerOptions): CaretakerStack => {
  const { config, network } = group;
  const stackName = stackNameOf(options.stackName ?? DEFAULT_STACK_NAME, network);
  const watched = config.clusters.filter(({ mode }) => mode !== 'off').map(({ name }) => name);
  const stack = new CaretakerStack(app, stackName, {
    stackName,
    bundles: options.bundlesOf(group),
    clusters: watched.filter((name) => !(options.configMapClusters ?? []).includes(name)),
    entries: (scope) => entriesOf(config, scope),
    ...(network === undefined ? {} : { network }),
  });
  if (network === undefined && watched.length > 0) sayWhatIsNeeded(stack, watched);
  return stack;
};

/** Whether it holds cannot be known without asking AWS, which a synthesis does not. */
const sayWhatIsNeeded = (stack: CaretakerStack, clusters: readonly string[]): void =>
  Annotations.of(stack).addInfoV2(
    'eks-caretaker:outside-every-vpc',
    `Functions outside every VPC look after ${clusters.join(', ')}: each API server needs a public endpoint whose publicAccessCidrs let any address in. "caretaker doctor" checks it; a cluster where that is not so needs a network in the configuration.`,
  );
