import type { Input } from './service.ts';
import { InvalidInput } from './service.ts';

/** Readers of a decoded input. Query protocols carry everything as text, so numbers and flags are read from text too. */

export const optionalText = (input: Input, name: string): string | undefined => {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new InvalidInput(`${name} must be a string.`);
};

export const text = (input: Input, name: string): string => {
  const value = optionalText(input, name);
  if (value === undefined || value === '') throw new InvalidInput(`Missing required parameter: ${name}.`);
  return value;
};

export const optionalInteger = (input: Input, name: string): number | undefined => {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  throw new InvalidInput(`${name} must be an integer.`);
};

export const flag = (input: Input, name: string): boolean => {
  const value = input[name];
  if (value === undefined || value === null || value === false || value === 'false') return false;
  if (value === true || value === 'true') return true;
  throw new InvalidInput(`${name} must be true or false.`);
};

export const texts = (input: Input, name: string): readonly string[] => {
  const value = input[name];
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new InvalidInput(`${name} must be a list of strings.`);
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const optionalRecord = (input: Input, name: string): Input | undefined => {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (isRecord(value)) return value;
  throw new InvalidInput(`${name} must be a structure.`);
};

export const records = (input: Input, name: string): readonly Input[] => {
  const value = input[name];
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value) && value.every(isRecord)) return value;
  throw new InvalidInput(`${name} must be a list of structures.`);
};

export const textMap = (input: Input, name: string): Readonly<Record<string, string>> => {
  const found = Object.entries(optionalRecord(input, name) ?? {});
  const map: Record<string, string> = {};
  for (const [key, value] of found) {
    if (typeof value !== 'string') throw new InvalidInput(`${name}.${key} must be a string.`);
    map[key] = value;
  }
  return map;
};
