/** The handful of ASN.1 DER encodings (ITU-T X.690) that a certificate is made of. */

const lengthOf = (length: number): Buffer => {
  if (length < 0x80) return Buffer.from([length]);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.from([0x80 | digits.length, ...digits]);
};

const tagged = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
};

export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts);
export const setOf = (part: Buffer): Buffer => tagged(0x31, part);
export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]));
export const integer = (value: number): Buffer => tagged(0x02, Buffer.from([value]));
export const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text));
export const octets = (content: Buffer): Buffer => tagged(0x04, content);
export const bits = (content: Buffer, unusedBits = 0): Buffer =>
  tagged(0x03, Buffer.from([unusedBits]), content);
/** `[number]` around its content, as versions and extensions are. */
export const explicit = (number: number, content: Buffer): Buffer => tagged(0xa0 | number, content);
/** `[number]` in place of the type's own tag, as alternative names are. */
export const implicit = (number: number, content: Buffer): Buffer => tagged(0x80 | number, content);

/** `2.5.29.17` and the like; arcs of up to four base-128 digits. */
export const objectIdentifier = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = rest.flatMap((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift((left % 128) | 0x80);
    }
    return digits;
  });
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]));
};

/** UTCTime, whole seconds; RFC 5280 wants it for years before 2050. */
export const time = (ms: number): Buffer =>
  tagged(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`));
