/** apimachinery's rules for names, keys and values (util/validation), each refusal in its words. */

const subdomain = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const qualifiedPart = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedPart})?`;

interface Rule {
  readonly pattern: RegExp;
  readonly maxLength: number;
  readonly message: string;
}

const alphanumeric =
  "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const partExample = `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedPart}')`;

export const nameRules = {
  subdomain: {
    pattern: new RegExp(`^${subdomain}$`),
    maxLength: 253,
    message: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  },
  label: {
    pattern: new RegExp(`^${label}$`),
    maxLength: 63,
    message: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  },
  path: {
    pattern: /^(?!\.\.?$)[^/%]+$/,
    maxLength: 253,
    message: `may not contain '/' or '%', or be '.' or '..'`,
  },
} as const satisfies Readonly<Record<string, Rule>>;

const part: Rule = {
  pattern: new RegExp(`^${qualifiedPart}$`),
  maxLength: 63,
  message: `must consist of ${alphanumeric} ${partExample}`,
};

const breaks = ({ pattern, maxLength, message }: Rule, value: string): readonly string[] => [
  ...(value.length > maxLength ? [`must be no more than ${maxLength} characters`] : []),
  ...(pattern.test(value) ? [] : [message]),
];

/** What is wrong with an object's name. */
export const nameProblems = (rule: keyof typeof nameRules, name: string): readonly string[] =>
  breaks(nameRules[rule], name).slice(0, 1);

/** What is wrong with the key of a label, an annotation or a taint: `name` or `example.com/name`. */
export const keyProblems = (key: string): readonly string[] => {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key must consist of ${alphanumeric} ${partExample} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const ofPrefix =
    prefix === undefined ? [] : prefix === '' ? ['must be non-empty'] : breaks(nameRules.subdomain, prefix);
  const ofName = name === '' ? ['must be non-empty', part.message] : breaks(part, name);
  return [
    ...ofPrefix.map((problem) => `prefix part ${problem}`),
    ...ofName.map((problem) => `name part ${problem}`),
  ];
};

/** What is wrong with the value of a label or a taint. */
export const labelValueProblems = (value: string): readonly string[] => [
  ...(value.length > 63 ? ['must be no more than 63 bytes'] : []),
  ...(new RegExp(`^${labelValue}$`).test(value)
    ? []
    : [
        `a valid label must be an empty string or consist of ${alphanumeric} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${labelValue}')`,
      ]),
];
