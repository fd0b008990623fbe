import { row } from '../support/results.ts';
import { commonError } from './common-errors.ts';

/** An error that was answered without its operation declaring it. */
export interface Undeclared {
  readonly service: string;
  readonly operation: string;
  readonly code: string;
}

/** Answers to HEAD carry no code, so their status stands for it. */
const isStatus = (code: string): boolean => /^\d+$/.test(code);

/** One row for each such error of a service, with who says that it is right. */
export const errorRows = (who: string, seen: readonly Undeclared[]): void => {
  const named = seen.filter(({ code }) => !isStatus(code));
  for (const [, same] of Map.groupBy(named, ({ service, code }) => `${service} ${code}`)) {
    const [{ service, code } = { service: '', code: '' }] = same;
    const operations = [...new Set(same.map(({ operation }) => operation))].sort();
    row({
      suite: 'wire',
      behaviour: `${who}: ${service} ${code}, by ${operations.join(', ')}`,
      embedded: 'answered',
      counterpart: 'not declared by the model',
      verdict: { differs: `documented all the same: ${commonError(service, code)?.source}` },
    });
  }
};
