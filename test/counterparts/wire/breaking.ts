import type { WireRequest, WireResponse } from './message.ts';

export interface Exchanged {
  readonly request: WireRequest;
  readonly response: WireResponse;
}

/** A way to break an exchange that was recorded whole, and what has to be said of it. */
export interface Violation {
  readonly what: string;
  readonly service: string;
  readonly operation: string;
  /** Status of the recorded answer. Default 200. */
  readonly status?: number;
  readonly side: 'request' | 'response';
  /** Answers the very same exchange where that has nothing to break. */
  breakIt(exchange: Exchanged): Exchanged;
  readonly found: RegExp;
}

export type Side = Violation['side'];
export type Json = Record<string, unknown>;

export const onBody =
  (side: Side, change: (text: string) => string): Violation['breakIt'] =>
  (exchange) => {
    const before = exchange[side].body.toString('utf8');
    const after = change(before);
    if (after === before) return exchange;
    return { ...exchange, [side]: { ...exchange[side], body: Buffer.from(after) } };
  };

export const replaced = (side: Side, from: string | RegExp, to: string) =>
  onBody(side, (text) => text.replace(from, to));

export const inJson = (side: Side, change: (json: Json) => Json) =>
  onBody(side, (text) => JSON.stringify(change(JSON.parse(text) as Json)));

/** Changes the object that a member of the body is. */
export const within = (side: Side, name: string, change: (inner: Json) => Json) =>
  inJson(side, (json) => ({ ...json, [name]: change(json[name] as Json) }));

export const withoutParameter = (name: string) =>
  onBody('request', (text) => {
    const form = new URLSearchParams(text);
    form.delete(name);
    return form.toString();
  });

export const withParameter = (name: string, value: string) =>
  onBody('request', (text) => {
    const form = new URLSearchParams(text);
    form.set(name, value);
    return form.toString();
  });

export const withHeader =
  (side: Side, name: string, value: string): Violation['breakIt'] =>
  (exchange) => ({
    ...exchange,
    [side]: { ...exchange[side], headers: { ...exchange[side].headers, [name]: value } },
  });

export const refusedWith =
  (json: Json, status: number, headers: Record<string, string>): Violation['breakIt'] =>
  (exchange) => ({
    ...exchange,
    response: {
      status,
      headers: { ...exchange.response.headers, ...headers },
      body: Buffer.from(JSON.stringify(json)),
    },
  });

/** The same request by another method, to another address. */
export const sentAs =
  (parts: Partial<Pick<WireRequest, 'method' | 'path' | 'query'>>): Violation['breakIt'] =>
  (exchange) => ({ ...exchange, request: { ...exchange.request, ...parts } });
