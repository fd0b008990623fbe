import { isDeepStrictEqual } from 'node:util';
import type { Drawn, Side } from './side.ts';

/** A behaviour that both sides are asked for. */
export interface Case {
  /** A sentence. */
  readonly behaviour: string;
  /** What came of it: anything that can be compared. An error of AWS's may be thrown. */
  readonly run: (side: Side) => Promise<unknown>;
  /** Whether the wording of errors is compared too: where our code reads it. */
  readonly messages?: boolean;
  /** Where moto does something else. The embedded account then has to do what AWS documents. */
  readonly differs?: {
    /** What AWS does, as `run` would answer it. */
    readonly documented: unknown;
    /** What moto lacks or does otherwise, and the source that says so. */
    readonly because: string;
  };
}

/** An answer of AWS's that is an error, as a client sees it. */
interface Refusal {
  readonly error: string;
  readonly status: number;
  readonly message: string;
}

const isRefusal = (error: unknown): error is Error & { $metadata: { httpStatusCode?: number } } =>
  error instanceof Error && '$metadata' in error;

/** The answer, or the refusal. Everything else is a fault of the case and is thrown. */
export const attempt = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await work();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const status = error.$metadata.httpStatusCode ?? 0;
    // A page for people: the server has no such operation (404), or failed at it (500).
    const refusal: Refusal = error.message.includes('Deserialization error')
      ? { error: 'no answer of this service', status, message: '' }
      : { error: error.name, status, message: error.message };
    return refusal;
  }
};

/** Ids that a side draws, by the names that the world has for them; others by their kind. */
export const anonymous = (side: Side, value: unknown): unknown => {
  const known = knownIds(side.drawn, side.endpoint);
  const text = (found: string): string => {
    let named = found;
    for (const [id, name] of known) named = named.replaceAll(id, name);
    for (const [pattern, name] of PATTERNS) named = named.replace(pattern, name);
    return named;
  };
  const walk = (part: unknown): unknown => {
    if (typeof part === 'string') return text(part);
    if (part instanceof Date) return Number.isNaN(part.getTime()) ? '<no time>' : '<time>';
    if (part instanceof Uint8Array) return `base64:${Buffer.from(part).toString('base64')}`;
    if (part instanceof Set) return [...part].map(walk).sort();
    if (part instanceof Map)
      return Object.fromEntries([...part].map(([key, one]) => [text(String(key)), walk(one)]));
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(
      Object.entries(part)
        .filter(([name, member]) => name !== '$metadata' && member !== undefined)
        .map(([name, member]) => [text(name), walk(member)]),
    );
  };
  return walk(value);
};

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>'],
  [/\bi-[0-9a-f]{17}\b/g, '<instance>'],
  [/\blt-[0-9a-f]{17}\b/g, '<launch template>'],
  [/\bami-[0-9a-f]{8,17}\b/g, '<image>'],
  [/\bip-10-0-[0-9]+-[0-9]+\b/g, '<host>'],
];

const knownIds = (drawn: Drawn, endpoint: string): readonly (readonly [string, string])[] => [
  [drawn.vpcId, '<vpc>'],
  ...drawn.subnetIds.map((id, index) => [id, `<subnet ${index + 1}>`] as const),
  ...drawn.poolInstances.map((id, index) => [id, `<pool ${index + 1}>`] as const),
  [drawn.parameters.name, '<public parameter>'],
  [drawn.parameters.path, '<public path>'],
  [endpoint, '<endpoint>'],
];

/** Errors by name and status alone. */
const withoutWording = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutWording);
  if (typeof value !== 'object' || value === null) return value;
  const { message, ...rest } = value as Record<string, unknown>;
  const bare = 'error' in value && 'status' in value ? rest : value;
  return Object.fromEntries(Object.entries(bare).map(([name, member]) => [name, withoutWording(member)]));
};

export interface Comparison {
  readonly embedded: unknown;
  readonly counterpart: unknown;
  readonly same: boolean;
}

/** Runs a case on both sides. */
export const compare = async (
  one: Case,
  sides: { embedded: Side; counterpart: Side },
): Promise<Comparison> => {
  const outcome = async (side: Side) => {
    const seen = anonymous(side, await attempt(() => one.run(side)));
    return one.messages ? seen : withoutWording(seen);
  };
  const [embedded, counterpart] = await Promise.all([outcome(sides.embedded), outcome(sides.counterpart)]);
  return { embedded, counterpart, same: isDeepStrictEqual(embedded, counterpart) };
};

const LONGEST_CELL = 200;

/** An outcome for the table: short, and the same from run to run. */
export const cell = (outcome: unknown): string => {
  const text = outcome === undefined ? 'nothing' : (JSON.stringify(outcome) ?? String(outcome));
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL - 1)}…` : text;
};
