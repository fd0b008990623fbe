const NAME = '(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)';
const KEY = `(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?${NAME}`;
const VALUE = `(?:${NAME})?`;
const SET = `\\(\\s*${VALUE}(?:\\s*,\\s*${VALUE})*\\s*\\)`;
const REQUIREMENT = `\\s*(?:!\\s*${KEY}|${KEY}(?:\\s*(?:=|==|!=)\\s*${VALUE}|\\s+(?:in|notin)\\s*${SET})?)\\s*`;
const SELECTOR = new RegExp(`^${REQUIREMENT}(?:,${REQUIREMENT})*$`);

/**
 * What is wrong with a label selector, or undefined. The API server would refuse it with 400 at every run; here it
 * is refused before anything is built. Grammar: apimachinery, pkg/labels (without its numbers, `>` and `<`).
 */
export const labelSelectorProblem = (text: string): string | undefined =>
  SELECTOR.test(text) ? undefined : 'a label selector such as "team!=payments,tier in (web, batch)"';
