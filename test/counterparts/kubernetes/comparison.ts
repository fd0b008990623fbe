import { isDeepStrictEqual } from 'node:util';
import type { Answer, Body } from './port.ts';

/** Whatever a case has to show: answers, or facts that it took from them. */
export type Said = unknown;

/** A difference that stays, and the source that says why it may. */
export interface KnownDifference {
  /** Dotted paths within what was said (`body.message`), or `*`; the rest has to be the same all the same. */
  readonly parts: readonly string[];
  readonly why: string;
  /** Words that the embedded side says instead; without them nothing is excused. Asked for where `parts` is all. */
  readonly embedded?: string;
}

export interface Difference {
  readonly path: string;
  readonly embedded: unknown;
  readonly counterpart: unknown;
}

/** A UID that no object has; cases name it, so it is no accident of a run. */
export const otherUid = '11111111-1111-1111-1111-111111111111';

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
/** Revisions of a store, where messages speak of them. */
const revision =
  /((?:in record|in the precondition) \((?=\d{2})|current: |too old resource version: \d+ \()\d+/g;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Without what is another at each run: uids (the same one stays recognisable), times, revisions, tokens; and without managedFields. */
export const settled = (said: Said): unknown => {
  const uids = new Map<string, string>();
  const text = (value: string): string =>
    value
      .replace(uid, (found) => {
        if (found === otherUid) return found;
        if (!uids.has(found)) uids.set(found, `{uid ${uids.size + 1}}`);
        return uids.get(found) ?? found;
      })
      .replace(time, (_all, fraction) => (fraction === undefined ? '{time}' : '{exact time}'))
      .replace(revision, '$1{revision}');
  const walk = (value: unknown, key = ''): unknown => {
    if (key === 'resourceVersion') return value === '' ? '' : '{revision}';
    if (key === 'continue') return value === '' ? '' : '{token}';
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map((item) => walk(item));
    if (!isObject(value)) return value;
    const keys = Object.keys(value).filter((name) => name !== 'managedFields' && value[name] !== undefined);
    return Object.fromEntries(keys.sort().map((name) => [name, walk(value[name], name)]));
  };
  return walk(said);
};

const compare = (embedded: unknown, counterpart: unknown, path: string): readonly Difference[] => {
  if (isDeepStrictEqual(embedded, counterpart)) return [];
  if (Array.isArray(embedded) && Array.isArray(counterpart)) {
    const length = Math.max(embedded.length, counterpart.length);
    return Array.from({ length }, (_, index) =>
      compare(embedded[index], counterpart[index], `${path}[${index}]`),
    ).flat();
  }
  if (isObject(embedded) && isObject(counterpart)) {
    const keys = new Set([...Object.keys(embedded), ...Object.keys(counterpart)]);
    return [...keys].flatMap((key) =>
      compare(embedded[key], counterpart[key], path === '' ? key : `${path}.${key}`),
    );
  }
  return [{ path, embedded, counterpart }];
};

export const differences = (embedded: Said, counterpart: Said): readonly Difference[] =>
  compare(settled(embedded), settled(counterpart), '');

const isWithin = (path: string, part: string): boolean =>
  part === '*' || path === part || path.startsWith(`${part}.`) || path.startsWith(`${part}[`);

export interface Verdict {
  /** What nobody has explained. */
  readonly unexplained: readonly Difference[];
  /** Known differences that are none any more. */
  readonly stale: readonly string[];
  readonly verdict: 'same' | { readonly differs: string };
}

const saysSo = (said: Said, { parts, embedded }: KnownDifference): boolean =>
  embedded === undefined ? !parts.includes('*') : JSON.stringify(settled(said)).includes(embedded);

interface Allowed {
  readonly known?: KnownDifference;
  readonly only?: { readonly why: string };
}

export const judge = (embedded: Said, counterpart: Said, { known, only }: Allowed = {}): Verdict => {
  if (only !== undefined) return { unexplained: [], stale: [], verdict: { differs: only.why } };
  const found = differences(embedded, counterpart);
  const parts = known !== undefined && saysSo(embedded, known) ? known.parts : [];
  return {
    unexplained: found.filter(({ path }) => !parts.some((part) => isWithin(path, part))),
    stale: parts.filter((part) => !found.some(({ path }) => isWithin(path, part))),
    verdict: known === undefined ? 'same' : { differs: known.why },
  };
};

const isAnswer = (value: unknown): value is Answer =>
  isObject(value) && typeof value.status === 'number' && isObject(value.body);

const ofStatus = ({ reason, details }: Body): string => {
  const causes = [...new Set((details?.causes ?? []).map((cause) => cause.reason ?? 'no reason'))];
  return [reason ?? 'Success', ...(causes.length === 0 ? [] : [`(${causes.join(', ')})`])].join(' ');
};

const ofBody = (body: Body): string => {
  if (body.text !== undefined) return `text "${body.text.trim().slice(0, 40)}"`;
  if (body.kind === 'Status') return ofStatus(body);
  if (body.rows !== undefined) return `Table of ${body.rows.length}`;
  if (body.items === undefined) return body.kind ?? 'object';
  const names = body.items.map(({ metadata }) => metadata.name).join(', ');
  const more = (body.metadata?.continue ?? '') === '' ? '' : ', more';
  return `${body.kind ?? 'List'} [${names}${more}]`;
};

/** In a few words that are the same at every run. */
export const inShort = (said: Said): string => {
  const long = inFull(said);
  return long.length > longest ? `${long.slice(0, longest - 1)}…` : long;
};

const longest = 140;

/** The status of a disruption budget. */
const ofBudget = (status: Readonly<Record<string, unknown>>): string => {
  const [condition] = Array.isArray(status.conditions) ? status.conditions : [];
  const reason = isObject(condition) ? ` (${String(condition.reason)})` : '';
  const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = status;
  return `allows ${disruptionsAllowed}${reason}: ${currentHealthy} healthy of ${expectedPods}, ${desiredHealthy} needed`;
};

const inFull = (said: Said): string => {
  if (isAnswer(said)) return `${said.status} ${ofBody(said.body)}`;
  if (Array.isArray(said)) return said.map(inFull).join('; ');
  if (isObject(said) && 'disruptionsAllowed' in said && 'expectedPods' in said) return ofBudget(said);
  return typeof said === 'string' ? said : JSON.stringify(settled(said));
};
