import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { createApp } from '../../infra/cdk/caretaker-app.ts';
import { CaretakerStack } from '../../infra/cdk/stack.ts';
import type { PlacedEntry } from '../../infra/entries.ts';
import type { Scope } from '../../shared/core/automation.ts';
import type { NetworkConfig } from '../../shared/core/networks.ts';

const AUTOMATIONS = ['node-group-schedule', 'ecr-rescan', 'spot-drain', 'cluster-upgrade', 'pod-cleanup'];

const temporary = mkdtempSync(join(tmpdir(), 'caretaker-synthesis-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** A directory as the build leaves it; what the files hold does not matter to the template. */
const bundles = join(temporary, 'bundles');
for (const automation of AUTOMATIONS) {
  mkdirSync(join(bundles, automation), { recursive: true });
  writeFileSync(join(bundles, automation, 'index.mjs'), `// ${automation}\n`);
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

export interface Synthesised {
  readonly stack: CaretakerStack;
  readonly template: Template;
  readonly placed: readonly PlacedEntry[];
  /** cdk-nag's findings: rule and construct path. */
  readonly findings: () => readonly string[];
  /** Resources of a type below a construct, as the template has them. */
  readonly below: (path: string, type: string) => readonly Resource[];
  /** The one resource of a type below a construct; fails when there is none, or more than one. */
  readonly one: (path: string, type: string) => Resource;
  readonly logicalIds: (type: string) => readonly string[];
}

export const synthesise = (
  entries: (scope: Scope) => readonly PlacedEntry[],
  clusters: readonly string[] = ['staging'],
  network?: NetworkConfig,
): Synthesised => {
  const app = createApp({ outdir: mkdtempSync(join(temporary, 'cdk.out-')) });
  let placed: readonly PlacedEntry[] = [];
  const stack = new CaretakerStack(app, 'eks-caretaker', {
    bundles,
    clusters,
    ...(network === undefined ? {} : { network }),
    entries: (scope) => {
      placed = entries(scope);
      return placed;
    },
  });
  const template = Template.fromStack(stack);
  const resources = template.toJSON().Resources as Record<string, Resource>;
  const below: Synthesised['below'] = (path, type) =>
    Object.entries(resources)
      .filter(([logicalId, resource]) => resource.Type === type && logicalId.startsWith(path))
      .map(([, resource]) => resource);
  return {
    stack,
    template,
    placed,
    below,
    one: (path, type) => {
      const [resource, ...others] = below(path, type);
      if (resource === undefined || others.length > 0) {
        throw new Error(`${others.length + (resource ? 1 : 0)} resources of type ${type} below ${path}`);
      }
      return resource;
    },
    findings: () =>
      new AwsSolutionsChecks(app)
        .validateScope(app)
        .violations.flatMap(({ ruleName, violatingResources }) =>
          violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
        ),
    logicalIds: (type) =>
      Object.entries(resources)
        .filter(([, resource]) => resource.Type === type)
        .map(([logicalId]) => logicalId),
  };
};

interface PolicyDocument {
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

/** The statements of an entry's role that come from its manifest, as the template has them. */
export const manifestStatements = (made: Synthesised, entryPath: string): PolicyDocument['Statement'] => {
  const { Properties } = made.one(`${entryPath}Role`, 'AWS::IAM::Role');
  const policies = (Properties.Policies ?? []) as { PolicyDocument: PolicyDocument }[];
  return policies.flatMap((policy) => policy.PolicyDocument.Statement);
};

/** The statements that the CDK adds: logs, traces, queues. */
export const grantedStatements = (made: Synthesised, entryPath: string): PolicyDocument['Statement'] =>
  made
    .below(`${entryPath}RoleDefaultPolicy`, 'AWS::IAM::Policy')
    .flatMap(({ Properties }) => (Properties.PolicyDocument as PolicyDocument).Statement);
