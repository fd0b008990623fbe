/**
 * kubectl sends access reviews as protobuf and nothing else, so that much of it is read here: the envelope
 * (`k8s\0` and runtime.Unknown) and messages of strings and messages, by k8s.io/api's generated.proto.
 */

const magic = Buffer.from('k8s\0');

/** Field number -> name, or name and the message inside. */
interface Message {
  readonly [number: number]: string | readonly [name: string, inside: Message];
}

const review: Message = {
  2: [
    'spec',
    {
      1: [
        'resourceAttributes',
        { 1: 'namespace', 2: 'verb', 3: 'group', 4: 'version', 5: 'resource', 6: 'subresource', 7: 'name' },
      ],
      2: ['nonResourceAttributes', { 1: 'path', 2: 'verb' }],
    },
  ],
};
const rulesReview: Message = { 2: ['spec', { 1: 'namespace' }] };

const messages: Readonly<Record<string, Message>> = {
  SelfSubjectAccessReview: review,
  SelfSubjectRulesReview: rulesReview,
};

class Reader {
  #at = 0;
  readonly #bytes: Buffer;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }
  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error('the message ends within a number');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
  bytes(): Buffer {
    const length = this.varint();
    if (this.#at + length > this.#bytes.length) throw new Error('the message ends within a field');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Length-delimited fields by number; numbers are skipped. */
const fieldsOf = (bytes: Buffer): ReadonlyMap<number, Buffer> => {
  const fields = new Map<number, Buffer>();
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    const wireType = tag % 8;
    if (wireType === 2) fields.set(Math.floor(tag / 8), reader.bytes());
    else if (wireType === 0) reader.varint();
    else throw new Error(`wire type ${wireType} is not read here`);
  }
  return fields;
};

const decode = (bytes: Buffer, message: Message): object => {
  const decoded: Record<string, unknown> = {};
  for (const [number, value] of fieldsOf(bytes)) {
    const field = message[number];
    if (typeof field === 'string') decoded[field] = value.toString();
    else if (field !== undefined) decoded[field[0]] = decode(value, field[1]);
  }
  return decoded;
};

/** The JSON of a protobuf body, or undefined for kinds that are not read. Throws for broken messages. */
export const protobufToJson = (body: Buffer): string | undefined => {
  if (!body.subarray(0, magic.length).equals(magic)) return undefined;
  const envelope = fieldsOf(body.subarray(magic.length));
  const type = fieldsOf(envelope.get(1) ?? Buffer.alloc(0));
  const kind = type.get(2)?.toString() ?? '';
  const message = messages[kind];
  if (message === undefined) return undefined;
  const apiVersion = type.get(1)?.toString() ?? '';
  return JSON.stringify({ apiVersion, kind, ...decode(envelope.get(2) ?? Buffer.alloc(0), message) });
};
