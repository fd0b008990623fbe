/** How a promise ended, as a value: for what is awaited later than it may fail. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown };

export const settle = async <T>(coming: Promise<T>): Promise<Settled<T>> => {
  try {
    return { value: await coming };
  } catch (error) {
    return { error };
  }
};

/** The value, or the failure thrown. */
export const unsettle = <T>(settled: Settled<T>): T => {
  if ('error' in settled) throw settled.error;
  return settled.value;
};
