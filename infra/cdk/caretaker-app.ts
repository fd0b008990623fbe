import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Config } from '../../functions/index.ts';
import { entriesOf } from '../entries.ts';
import { DEFAULT_STACK_NAME } from '../names.ts';
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

/**
 * The stack of a configuration, checked by cdk-nag at synthesis.
 * `configMapClusters`: clusters in authentication mode CONFIG_MAP, which cannot have access entries.
 */
export const addCaretaker = (
  app: App,
  options: { config: Config; bundles: string; stackName?: string; configMapClusters?: readonly string[] },
): CaretakerStack => {
  const { config, configMapClusters = [], stackName = DEFAULT_STACK_NAME } = options;
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return new CaretakerStack(app, stackName, {
    stackName,
    bundles: options.bundles,
    clusters: config.clusters
      .filter(({ name, mode }) => mode !== 'off' && !configMapClusters.includes(name))
      .map(({ name }) => name),
    entries: (scope) => entriesOf(config, scope),
  });
};
