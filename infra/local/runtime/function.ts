/** A deployed function as the embedded Lambda knows it. */
export interface FunctionDefinition {
  readonly entryId: string;
  readonly name: string;
  /** Unqualified. */
  readonly arn: string;
  readonly description: string;
  /** The bundle, an ES module. */
  readonly file: string;
  /** Name of the export. */
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly reservedConcurrency?: number;
  /** What the stack sets, the region, the credentials. */
  readonly environment: Readonly<Record<string, string>>;
  readonly durable?: { readonly executionTimeoutDays: number; readonly retentionDays: number };
}

/** The alias that callers use; durable executions are bound to the version behind it. */
export const ALIAS = 'live';
export const VERSION = '1';

/** Only the durable function has versions; the others are invoked as they are. */
export const versionOf = ({ durable }: FunctionDefinition): string =>
  durable === undefined ? '$LATEST' : VERSION;

export const qualifiedArn = (definition: FunctionDefinition): string =>
  definition.durable === undefined ? definition.arn : `${definition.arn}:${VERSION}`;
