import type { KeyObject } from 'node:crypto';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import {
  bits,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octets,
  sequence,
  setOf,
  time,
  utf8,
} from './der.ts';

export interface Certificates {
  /** PEM of the authority that clients are to trust. */
  readonly authority: string;
  /** PEM of the server's certificate and of its key. */
  readonly certificate: string;
  readonly key: string;
}

const dayMs = 86_400_000;
const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

const commonName = (name: string): Buffer =>
  sequence(setOf(sequence(objectIdentifier('2.5.4.3'), utf8(name))));

const extension = (oid: string, critical: boolean, value: Buffer): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octets(value));

/** Bits from the left: digitalSignature (0), keyCertSign (5). */
const keyUsage = (byte: number, unusedBits: number): Buffer =>
  extension('2.5.29.15', true, bits(Buffer.from([byte]), unusedBits));

interface Certificate {
  readonly serial: number;
  readonly issuer: string;
  readonly subject: string;
  readonly subjectKey: KeyObject;
  readonly issuerKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();

/** RFC 5280, section 4.1: the certificate's PEM. */
const issue = ({
  serial,
  issuer,
  subject,
  subjectKey,
  issuerKey,
  signingKey,
  extensions,
}: Certificate): string => {
  const now = Date.now();
  const signed = sequence(
    explicit(0, integer(2)),
    integer(serial),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(time(now - dayMs), time(now + 10 * 365 * dayMs)),
    commonName(subject),
    subjectKey.export({ type: 'spki', format: 'der' }),
    explicit(
      3,
      sequence(
        extension('2.5.29.14', false, octets(keyIdentifier(subjectKey))),
        extension('2.5.29.35', false, sequence(implicit(0, keyIdentifier(issuerKey)))),
        ...extensions,
      ),
    ),
  );
  const certificate = sequence(signed, ecdsaWithSha256, bits(sign('sha256', signed, signingKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
};

/**
 * An authority and a server certificate for 127.0.0.1 and localhost, made anew at every start. The validity
 * follows the machine's clock, since OpenSSL checks it against that one, whatever the world's clock says.
 */
export const issueCertificates = (clusterName: string): Certificates => {
  const authorityName = `${clusterName} kubernetes`;
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const common = { issuer: authorityName, issuerKey: authority.publicKey, signingKey: authority.privateKey };
  return {
    authority: issue({
      ...common,
      serial: 1,
      subject: authorityName,
      subjectKey: authority.publicKey,
      extensions: [extension('2.5.29.19', true, sequence(boolean(true))), keyUsage(0b1000_0100, 2)],
    }),
    certificate: issue({
      ...common,
      serial: 2,
      subject: 'kube-apiserver',
      subjectKey: server.publicKey,
      extensions: [
        keyUsage(0b1000_0000, 7),
        extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))),
        extension(
          '2.5.29.17',
          false,
          sequence(implicit(7, Buffer.from([127, 0, 0, 1])), implicit(2, Buffer.from('localhost'))),
        ),
      ],
    }),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};
