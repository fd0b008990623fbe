import type { CleanupRules } from '../config.ts';
import type { EndedPod } from './pod.ts';
import { KEEP_ANNOTATION, ownerOf } from './pod.ts';

/** Whether the annotations of a pod or a namespace say that it is to be left alone. */
export const optsOut = (annotations: Readonly<Record<string, string>> | undefined): boolean => {
  const value = annotations?.[KEEP_ANNOTATION];
  return value !== undefined && value !== 'false';
};

/** `*` stands for any characters. Each part is looked for once, from left to right, however many there are. */
const matches = (pattern: string, name: string): boolean => {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
};

const isLeftOut = (
  { include, exclude }: { readonly include: readonly string[]; readonly exclude: readonly string[] },
  name: string,
): boolean =>
  (include.length > 0 && !include.some((pattern) => matches(pattern, name))) ||
  exclude.some((pattern) => matches(pattern, name));

/** Why people want this pod to be left alone; undefined where they do not. */
export const optOutOf = (
  pod: EndedPod,
  rules: Pick<CleanupRules, 'namespaces' | 'ownerKinds'>,
  optedOutNamespaces: ReadonlySet<string>,
): 'namespace-excluded' | 'namespace-opted-out' | 'pod-opted-out' | 'owner-kind-excluded' | undefined => {
  const namespace = pod.metadata?.namespace ?? '';
  if (isLeftOut(rules.namespaces, namespace)) return 'namespace-excluded';
  if (optedOutNamespaces.has(namespace)) return 'namespace-opted-out';
  if (optsOut(pod.metadata?.annotations)) return 'pod-opted-out';
  return isLeftOut(rules.ownerKinds, ownerOf(pod)?.kind ?? 'none') ? 'owner-kind-excluded' : undefined;
};
