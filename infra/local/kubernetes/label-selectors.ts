import { keyProblems, labelValueProblems } from './names.ts';
import type { Requirement } from './objects.ts';
import { badRequest } from './status.ts';

/** `a=b,c in (d,e),!f`, after apimachinery's pkg/labels/selector.go: its grammar, its checks and its refusals. */

const special = '=!(),<>';
const tokenPattern = new RegExp(`\\s*(==|!=|[${special}]|[^${special}\\s]+)`, 'gy');

/** The text's end is an empty token. */
const isWord = (token: string): boolean => token !== '' && !special.includes(token.charAt(0));

class Tokens {
  readonly #tokens: string[];
  constructor(text: string) {
    this.#tokens = [...text.matchAll(tokenPattern)].flatMap((match) => match[1] ?? []);
  }
  get next(): string {
    return this.#tokens[0] ?? '';
  }
  take(): string {
    return this.#tokens.shift() ?? '';
  }
}

class SelectorError extends Error {}

const found = (token: string, expected: string): SelectorError =>
  new SelectorError(`found '${token}', expected: ${expected}`);

const wordFrom = (tokens: Tokens, expected: string): string => {
  const token = tokens.take();
  if (!isWord(token)) throw found(token, expected);
  return token;
};

const endsTerm = (token: string): boolean => token === '' || token === ',';

/** `(d,e)`; an empty place between commas is the empty value. */
const valueList = (tokens: Tokens): readonly string[] => {
  const open = tokens.take();
  if (open !== '(') throw new SelectorError(`found '${open}' expected: '('`);
  const values: string[] = [];
  while (tokens.next !== ')') {
    values.push(tokens.next === ',' ? '' : wordFrom(tokens, "',', ')' or identifier"));
    if (tokens.next === ')') break;
    const comma = tokens.take();
    if (comma !== ',') throw found(comma, "',' or ')'");
    if (tokens.next === ')') values.push('');
  }
  tokens.take();
  return [...new Set(values)];
};

const binary: Readonly<Record<string, string>> = {
  '=': 'In',
  '==': 'In',
  '!=': 'NotIn',
  in: 'In',
  notin: 'NotIn',
  '>': 'Gt',
  '<': 'Lt',
};

const invalid = (field: string, value: string, problem: string): SelectorError =>
  new SelectorError(`${field}: Invalid value: ${JSON.stringify(value)}: ${problem}`);

const checked = (requirement: Requirement): Requirement => {
  const { key, operator, values = [] } = requirement;
  const [wrongKey] = keyProblems(key);
  if (wrongKey !== undefined) throw invalid('<nil>', key, wrongKey);
  if (operator === 'Gt' || operator === 'Lt') {
    const wrong = values.findIndex((value) => !/^[+-]?\d+$/.test(value));
    if (wrong !== -1) {
      throw invalid(
        `values[${wrong}]`,
        values[wrong] ?? '',
        "for 'Gt', 'Lt' operators, the value must be an integer",
      );
    }
  }
  for (const [index, value] of values.entries()) {
    const [problem] = labelValueProblems(value);
    if (problem !== undefined) throw invalid(`values[${index}][${key}]`, value, problem);
  }
  return requirement;
};

const requirementFrom = (tokens: Tokens): Requirement => {
  const absent = tokens.next === '!';
  if (absent) tokens.take();
  const key = wordFrom(tokens, 'identifier');
  if (absent) return checked({ key, operator: 'DoesNotExist' });
  checked({ key, operator: 'Exists' });
  if (endsTerm(tokens.next)) return { key, operator: 'Exists' };
  const sign = tokens.take();
  const operator = binary[sign];
  if (operator === undefined) throw found(sign, 'in, notin, =, ==, !=, gt, lt');
  if (sign === 'in' || sign === 'notin') return checked({ key, operator, values: valueList(tokens) });
  // A value may be left out: `a=` asks for the empty label.
  const value = endsTerm(tokens.next) ? '' : wordFrom(tokens, 'identifier');
  return checked({ key, operator, values: [value] });
};

const inRequirement = (tokens: Tokens): Requirement => {
  try {
    return requirementFrom(tokens);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    throw badRequest(`unable to parse requirement: ${error.message}`);
  }
};

const startsTerm = (token: string): boolean => token === '!' || isWord(token);

/** Throws BadRequest. */
export const parseLabelSelector = (text: string): readonly Requirement[] => {
  const tokens = new Tokens(text);
  const requirements: Requirement[] = [];
  if (tokens.next !== '' && !startsTerm(tokens.next))
    throw badRequest(`found '${tokens.next}', expected: !, identifier, or 'end of string'`);
  while (tokens.next !== '') {
    requirements.push(inRequirement(tokens));
    const comma = tokens.take();
    if (comma === '') break;
    if (comma !== ',') throw badRequest(`found '${comma}', expected: ',' or 'end of string'`);
    if (!startsTerm(tokens.next)) throw badRequest(`found '${tokens.next}', expected: identifier after ','`);
  }
  return requirements;
};
