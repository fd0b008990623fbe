import { createConstraintCheck } from './constraints.ts';
import type { CommonErrors } from './error-answer.ts';
import { readError } from './error-answer.ts';
import type { Members } from './http-members.ts';
import type { WireRequest, WireResponse } from './message.ts';
import type { ServiceModel } from './model.ts';
import type { Problem } from './report.ts';
import { createReport } from './report.ts';
import { readRequest } from './request.ts';
import { readResponse } from './response.ts';

export interface Checked {
  /** By the model; undefined where it has no such operation. */
  readonly operation: string | undefined;
  readonly input: Members;
  /** Undefined for an error, and where there was no answer. */
  readonly output: Members | undefined;
  /** Code of an error that the operation does not declare but any may answer. */
  readonly commonError: string | undefined;
  readonly problems: readonly (Problem & { readonly side: 'request' | 'response' })[];
}

/** Holds one exchange against the service's model, both ways; of one without an answer, the request. */
export const checkExchange = (
  model: ServiceModel,
  exchange: { readonly request: WireRequest; readonly response: WireResponse | undefined },
  common: CommonErrors,
): Checked => {
  const asked = createReport();
  const answered = createReport();
  const problems = () => [
    ...asked.problems.map((problem) => ({ ...problem, side: 'request' as const })),
    ...answered.problems.map((problem) => ({ ...problem, side: 'response' as const })),
  ];
  const read = readRequest(model, exchange.request, asked);
  if (read === undefined)
    return {
      operation: undefined,
      input: {},
      output: undefined,
      commonError: undefined,
      problems: problems(),
    };
  const { operation, input } = read;
  const { response } = exchange;
  if (operation.input !== undefined) createConstraintCheck(model, asked).check(operation.input, input, '');
  if (response === undefined)
    return {
      operation: operation.name,
      input,
      output: undefined,
      commonError: undefined,
      problems: problems(),
    };
  if (response.status >= 300) {
    const error = readError(model, operation, { response, report: answered, common });
    return {
      operation: operation.name,
      input,
      output: undefined,
      commonError: error.isCommon ? error.code : undefined,
      problems: problems(),
    };
  }
  const output = readResponse(model, operation, { response, report: answered });
  if (operation.output !== undefined)
    createConstraintCheck(model, answered, { mayBeEmpty: true }).check(operation.output, output, '');
  return { operation: operation.name, input, output, commonError: undefined, problems: problems() };
};
