import { webcrypto } from 'node:crypto';

export interface Certificates {
  /** PEM of the authority that clients are to trust. */
  readonly authority: string;
  /** PEM of the server's certificate and of its key. */
  readonly certificate: string;
  readonly key: string;
}

const dayMs = 86_400_000;
const curve = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };

/** Loaded with the first cluster: its import takes longer than making the certificates. */
const loadX509 = async () => {
  await import('reflect-metadata');
  return import('@peculiar/x509');
};

const toPem = (label: string, der: ArrayBuffer): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
};

/**
 * An authority and a server certificate for 127.0.0.1 and localhost, made anew at every start. The validity
 * follows the machine's clock, since OpenSSL checks it against that one, whatever the world's clock says.
 */
export const issueCertificates = async (clusterName: string): Promise<Certificates> => {
  const x509 = await loadX509();
  const [authorityKeys, serverKeys] = await Promise.all([
    webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']),
    webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']),
  ]);
  const issuer = `CN=${clusterName} kubernetes`;
  const now = Date.now();
  const common = {
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + 10 * 365 * dayMs),
    signingAlgorithm,
  };
  const authorityKeyId = await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: '01',
    name: issuer,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      authorityKeyId,
    ],
  });
  const server = await x509.X509CertificateGenerator.create({
    ...common,
    serialNumber: '02',
    issuer,
    subject: 'CN=kube-apiserver',
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
      new x509.AuthorityKeyIdentifierExtension(authorityKeyId.keyId),
    ],
  });
  return {
    authority: `${authority.toString('pem')}\n`,
    certificate: `${server.toString('pem')}\n`,
    key: toPem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey)),
  };
};
