/** True where one of the patterns matches the whole name; `*` stands for any characters, slashes included. */
export const matchesAny = (globs: readonly string[], name: string): boolean =>
  globs.some((glob) =>
    new RegExp(
      `^${glob
        .split('*')
        .map((part) => part.replace(/[.-]/g, '\\$&'))
        .join('.*')}$`,
    ).test(name),
  );
