import { join, resolve } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { ConfigurationError } from '../../shared/core/errors.ts';
import { buildBundles, configureBundles, projectRoot } from '../build.ts';
import { loadConfigFile } from '../load-config.ts';
import type { NetworkGroup } from '../networks.ts';
import { networkGroups } from '../networks.ts';
import { addCaretaker, createApp } from './caretaker-app.ts';

/**
 * The CDK app: builds the bundles, then synthesises a stack for every network group. Context (`cdk ... -c key=value`):
 * `config` is a caretaker.yaml (default: the example), `bundles` where they are built (default: dist),
 * `stack` the stack's name, `configMapClusters` a comma-separated list of clusters in authentication mode
 * CONFIG_MAP. Needs no AWS account.
 */
const synthesise = async (app: App): Promise<void> => {
  const context = (key: string): string | undefined => {
    const value: unknown = app.node.tryGetContext(key);
    return value === undefined ? undefined : String(value);
  };
  const config = loadConfigFile(
    resolve(context('config') ?? join(projectRoot, 'infra', 'config', 'caretaker.yaml')),
  );
  const bundles = resolve(context('bundles') ?? join(projectRoot, 'dist'));
  const bundlesOf = ({ network }: NetworkGroup) =>
    network === undefined ? bundles : join(bundles, 'networks', network.name);
  await buildBundles({ config, out: bundles });
  for (const group of networkGroups(config)) {
    const out = bundlesOf(group);
    await configureBundles({ from: bundles, config: group.config, out });
  }
  const stackName = context('stack');
  addCaretaker(app, {
    config,
    bundlesOf,
    ...(stackName === undefined ? {} : { stackName }),
    configMapClusters: context('configMapClusters')?.split(',') ?? [],
  });
  app.synth();
};

try {
  await synthesise(createApp());
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
