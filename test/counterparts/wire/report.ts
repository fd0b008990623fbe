/** What is wrong, and where: `cluster.resourcesVpcConfig.subnetIds[0]`, or a part of the message such as `header x`. */
export interface Problem {
  readonly where: string;
  readonly what: string;
}

/** Collects the problems of one message. */
export interface Report {
  readonly problems: readonly Problem[];
  add(where: string, what: string): void;
  /** Whether something is wrong there or within. */
  has(where: string): boolean;
}

export const createReport = (): Report => {
  const problems: Problem[] = [];
  return {
    problems,
    add: (where, what) => void problems.push({ where, what }),
    has: (where) =>
      problems.some(
        (problem) => problem.where.startsWith(where) && /^([.[]|$)/.test(problem.where.slice(where.length)),
      ),
  };
};

export const member = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** Enough of a value to find it by. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};
