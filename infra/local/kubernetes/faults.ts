import { resourceOf } from './rbac.ts';
import type { RequestInfo } from './request.ts';

/** Which requests; what is not said matches everything. */
export interface FaultMatch {
  /** As RBAC names it: get, list, watch, create, update, patch, delete. */
  readonly verb?: string;
  /** `pods`, `pods/eviction`. */
  readonly resource?: string;
  readonly name?: string;
  /** The bearer token: what is refused for it is not refused for another. */
  readonly token?: string;
  /** Part of the path and query, decoded: `spec.nodeName=a`. */
  readonly contains?: string;
}

/**
 * A status is answered in place of doing the work. `reset` cuts the connection before the work is done,
 * `reset-after-apply` when it is done and before the answer, `hang` never answers.
 */
export type Fault =
  | {
      readonly status: number;
      readonly body?: object;
      readonly headers?: Readonly<Record<string, string>>;
      /** So much later; meanwhile it does not count as work. */
      readonly afterMs?: number;
    }
  | 'reset'
  | 'reset-after-apply'
  | 'hang';

/** `F`: what can go wrong, for a server that knows more ways than ours. */
export interface Faults<F = Fault> {
  failNext(match: FaultMatch, fault: F, times?: number): void;
  /** The fault that is due for this request; it is used up by being taken. */
  take(info: RequestInfo, token: string): F | undefined;
}

const urlOf = ({ path, query }: RequestInfo): string => `${path}?${decodeURIComponent(query.toString())}`;

export const createFaults = <F = Fault>(): Faults<F> => {
  let armed: { readonly match: FaultMatch; readonly fault: F; left: number }[] = [];
  return {
    failNext: (match, fault, times = 1) => {
      armed.push({ match, fault, left: times });
    },
    take: (info, token) => {
      const { verb, target } = info;
      const resource = target === undefined ? undefined : resourceOf(target);
      const due = armed.find(
        ({ match }) =>
          (match.verb ?? verb) === verb &&
          (match.resource ?? resource) === resource &&
          (match.name ?? target?.name) === target?.name &&
          (match.token ?? token) === token &&
          (match.contains === undefined || urlOf(info).includes(match.contains)),
      );
      if (due === undefined) return undefined;
      due.left -= 1;
      if (due.left <= 0) armed = armed.filter((other) => other !== due);
      return due.fault;
    },
  };
};
