/**
 * Reads the flat parameters of AWS's query protocols (`Filter.1.Value.2=x`) into nested members.
 * Lists come as `Name.member.1` (query) or `Name.1` (EC2), maps as `Name.entry.1.{Name|key,Value|value}`.
 */
export const readQuery = (parameters: URLSearchParams): Record<string, unknown> => {
  const root: Tree = new Map();
  for (const [name, value] of parameters) {
    if (name === 'Action' || name === 'Version') continue;
    let node = root;
    const path = name.split('.');
    const last = path.pop() ?? '';
    for (const step of path) {
      const next = node.get(step);
      if (next instanceof Map) node = next;
      else {
        const made: Tree = new Map();
        node.set(step, made);
        node = made;
      }
    }
    node.set(last, value);
  }
  return members(root);
};

type Tree = Map<string, Tree | string>;

const members = (tree: Tree): Record<string, unknown> =>
  Object.fromEntries([...tree].map(([name, value]) => [name, read(value)]));

const read = (value: Tree | string): unknown => {
  if (typeof value === 'string') return value;
  const list = value.get('member');
  if (value.size === 1 && list instanceof Map) return items(list);
  const entries = value.get('entry');
  if (value.size === 1 && entries instanceof Map) return map(items(entries));
  return [...value.keys()].every((key) => /^\d+$/.test(key)) ? items(value) : members(value);
};

const items = (tree: Tree): unknown[] =>
  [...tree].sort(([left], [right]) => Number(left) - Number(right)).map(([, value]) => read(value));

const map = (entries: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(
    entries.flatMap((entry) => {
      if (typeof entry !== 'object' || entry === null) return [];
      const pair = new Map(Object.entries(entry));
      return [[String(pair.get('Name') ?? pair.get('key')), pair.get('Value') ?? pair.get('value')]];
    }),
  );
