import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import type { ConfigurationIssue } from './config-problems.ts';
import { describeValue, problemsOf } from './config-problems.ts';
import { ConfigurationError } from './errors.ts';
import type { ConfiguredModes, Mode } from './mode.ts';
import { strictestMode } from './mode.ts';
import type { AutomationId } from './verdict.ts';

/** The parts of caretaker.yaml that all automations share, and the helpers their own parts are made of. */

export const modeSchema = z.enum(['off', 'observe', 'act'], { error: 'one of off, observe, act' });

/** A whole number with its unit in the name of the key. `30s` and `1.5` are refused. */
export const wholeNumber = (options: { unit: string; min: number; max: number }) => {
  const error = `a whole number of ${options.unit} from ${options.min} to ${options.max}`;
  return z.int({ error }).check(z.gte(options.min, { error }), z.lte(options.max, { error }));
};

/** EKS: 1-100 characters, letters, digits, hyphens and underscores, starting with a letter or digit. */
export const clusterName = z
  .string({ error: 'the name of a cluster as EKS knows it' })
  .check(z.regex(/^[0-9A-Za-z][A-Za-z0-9\-_]{0,99}$/, { error: 'the name of a cluster as EKS knows it' }));

const clusterSchema = z.strictObject({
  /** As EKS knows it, in the stack's region. */
  name: clusterName,
  /** One of `networks`, whose functions look after the cluster. Left out: functions outside every VPC. */
  network: z.optional(z.string({ error: 'the name of one of the networks' })),
  mode: z.optional(modeSchema),
  /** Stands in for DescribeCluster's endpoint (a proxy, PrivateLink). */
  endpoint: z.optional(
    z
      .string({ error: 'an https:// URL' })
      .check(z.regex(/^https:\/\/[^\s/]+(:\d+)?\/?$/, { error: 'an https:// URL without a path' })),
  ),
  /** Stands in for DescribeCluster's certificate: a PEM bundle in base64. */
  certificateAuthority: z.optional(
    z
      .string({ error: 'a PEM certificate in base64' })
      .check(z.regex(/^LS0t[A-Za-z0-9+/]+=*$/, { error: 'a PEM certificate in base64' })),
  ),
});

export type ClusterConfig = z.infer<typeof clusterSchema>;

export const sharedShape = {
  version: z.literal(1, { error: '1' }),
  mode: z._default(modeSchema, 'observe'),
  clusters: z
    .array(clusterSchema, { error: 'a list of clusters' })
    .check(z.minLength(1, { error: 'at least one cluster' })),
  notifications: z._default(
    z.strictObject({
      /** Send notifications to the stack's SNS topic. */
      topic: z._default(z.boolean({ error: 'true or false' }), true),
    }),
    { topic: true },
  ),
} as const;

const sharedSchema = z.looseObject(sharedShape);
export type SharedConfig = Pick<z.infer<typeof sharedSchema>, keyof typeof sharedShape>;

/** Two things of one name are a mistake that no type catches. `what` is singular. */
export const repeatedNames = (
  list: string,
  named: readonly { readonly name: string }[],
  what: string,
): readonly ConfigurationIssue[] =>
  named.flatMap(({ name }, index) =>
    named.findIndex((other) => other.name === name) < index
      ? [{ path: [list, index, 'name'], found: describeValue(name), allowed: `every ${what} named once` }]
      : [],
  );

export const checkShared = (config: SharedConfig): readonly ConfigurationIssue[] =>
  repeatedNames('clusters', config.clusters, 'cluster');

/** Every automation's part can carry a mode of its own. */
export const sectionShape = { mode: z.optional(modeSchema) } as const;
export interface SectionConfig {
  readonly mode?: Mode | undefined;
}

/** The mode that the configuration alone gives an automation: `off` means that it asks for no right at all. */
export const configuredMode = (config: SharedConfig, section: SectionConfig): Mode =>
  strictestMode(config.mode, section.mode);

export const configuredModes = (
  automation: AutomationId,
  config: SharedConfig,
  section: SectionConfig,
): ConfiguredModes => ({
  automation,
  globalMode: config.mode,
  automationMode: section.mode,
  clusterModes: Object.fromEntries(config.clusters.map((cluster) => [cluster.name, cluster.mode])),
});

/**
 * Reads and validates the `config.json` that the build wrote beside the bundle: the shared parts and the
 * automation's own section. Throws ConfigurationError, which fails the function's init.
 */
export const loadBundledConfig = <Section extends z.ZodMiniType>(
  sectionName: string,
  sectionSchema: Section,
  file: URL = new URL('./config.json', import.meta.url),
): { config: SharedConfig; section: z.infer<Section> } => {
  const again = 'Build the bundles again with `caretaker build --config FILE`.';
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new ConfigurationError(`config.json beside the bundle is missing or no JSON. ${again}`, [], {
      cause,
    });
  }
  const parsed = z.looseObject({ ...sharedShape, [sectionName]: sectionSchema }).safeParse(raw);
  if (!parsed.success) {
    throw new ConfigurationError(
      `config.json beside the bundle is not valid. ${again}`,
      problemsOf(parsed.error.issues, raw),
    );
  }
  const { version, mode, clusters, notifications } = parsed.data as SharedConfig;
  return {
    config: { version, mode, clusters, notifications },
    section: (parsed.data as Record<string, unknown>)[sectionName] as z.infer<Section>,
  };
};
