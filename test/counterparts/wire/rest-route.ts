import type { OperationModel, ServiceModel } from './model.ts';
import { membersOf, shapeOf } from './model.ts';

/** The parts of a REST request that say which operation it is. */
export interface RestRequest {
  readonly method: string;
  /** Percent-encoding kept. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface RoutedOperation {
  readonly operation: OperationModel;
  /** Decoded, by the names in the model's braces. */
  readonly labels: Readonly<Record<string, string>>;
  /** Parameters that belong to the operation's address and not to its input. */
  readonly fixedQuery: ReadonlySet<string>;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** `{name}` is one segment, `{Key+}` all that is left. */
const pathPattern = (path: string): RegExp =>
  new RegExp(
    `^${path
      .split(/(\{[^}]+\})/)
      .map((part) => {
        const label = /^\{([^}+]+)(\+?)\}$/.exec(part);
        if (label === null) return escaped(part);
        return `(?<${label[1]}>${label[2] === '' ? '[^/]+' : '.+'})`;
      })
      .join('')}$`,
  );

/** SDKs write the address of a bucket alone as `/bucket/`. */
const withoutLastSlash = (path: string): string => path.replace(/^(\/[^/]+)\/$/, '$1');

const routed = (operation: OperationModel, request: RestRequest): RoutedOperation | undefined => {
  if (operation.http.method !== request.method) return undefined;
  const [path = '', fixed = ''] = operation.http.requestUri.split('?');
  const match = pathPattern(path).exec(withoutLastSlash(request.path));
  const fixedQuery = new URLSearchParams(fixed);
  if (match === null || [...fixedQuery].some(([name, value]) => request.query.get(name) !== value))
    return undefined;
  const labels = Object.fromEntries(
    Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
  );
  return { operation, labels, fixedQuery: new Set(fixedQuery.keys()) };
};

/** How many required members of header and query are there; operations of S3 share their addresses. */
const requiredPresent = (
  model: ServiceModel,
  { operation }: RoutedOperation,
  request: RestRequest,
): number => {
  if (operation.input === undefined) return 0;
  const shape = shapeOf(model, operation.input);
  const states = membersOf(shape).flatMap(([name, { location, locationName = name }]) => {
    if (!shape.required?.includes(name)) return [];
    if (location === 'header') return [request.headers[locationName.toLowerCase()] !== undefined];
    return location === 'querystring' ? [request.query.has(locationName)] : [];
  });
  return states.every(Boolean) ? states.length : -1;
};

/** The operation whose address fits best: more of the path given literally, more of the query, more required members. */
export const routeOf = (model: ServiceModel, request: RestRequest): RoutedOperation | undefined => {
  const rank = (found: RoutedOperation): readonly number[] => [
    Math.min(requiredPresent(model, found, request), 0),
    -Object.keys(found.labels).length,
    found.fixedQuery.size,
    requiredPresent(model, found, request),
  ];
  const compare = (left: RoutedOperation, right: RoutedOperation): number => {
    const ranks = rank(right).map((value, index) => value - (rank(left)[index] ?? 0));
    return ranks.find((difference) => difference !== 0) ?? 0;
  };
  return Object.values(model.operations)
    .flatMap((operation) => routed(operation, request) ?? [])
    .sort(compare)[0];
};
