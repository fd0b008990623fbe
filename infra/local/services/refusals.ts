import type { Operations } from '../protocol/aws-json.ts';
import type { Route } from '../protocol/rest-json.ts';
import type { Operation } from '../protocol/service.ts';
import { ServiceError } from '../protocol/service.ts';
import { Refusal } from '../world/refusal.ts';

/** HTTP status by error code, where it is not 400. */
type Statuses = Readonly<Record<string, number>>;

/** Runs an operation on the world and gives its refusals the service's wire form. */
const translated =
  (run: Operation, statuses: Statuses): Operation =>
  async (input, context) => {
    try {
      return await run(input, context);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new ServiceError(error.code, error.message, statuses[error.code] ?? 400, error.members);
    }
  };

export const translatedOperations = (operations: Operations, statuses: Statuses = {}): Operations =>
  Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, translated(run, statuses)]));

export const translatedRoutes = (routes: readonly Route[], statuses: Statuses): readonly Route[] =>
  routes.map((route) => ({ ...route, run: translated(route.run, statuses) }));
