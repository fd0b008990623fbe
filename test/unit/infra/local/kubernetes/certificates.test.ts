import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { issueCertificates } from '../../../../../infra/local/kubernetes/certificates.ts';

describe('the certificates of a cluster', () => {
  const dayMs = 86_400_000;
  let key: string;
  let server: X509Certificate;
  let issuer: X509Certificate;

  beforeAll(async () => {
    const issued = await issueCertificates('staging');
    key = issued.key;
    server = new X509Certificate(issued.certificate);
    issuer = new X509Certificate(issued.authority);
  });

  it('are one authority and a server that it signed', () => {
    expect(server.verify(issuer.publicKey)).toBe(true);
    expect([issuer.ca, server.ca, server.checkIssued(issuer)]).toEqual([true, false, true]);
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it('are good for the loopback address and localhost alone', () => {
    expect(server.subjectAltName).toBe('IP Address:127.0.0.1, DNS:localhost');
    expect([server.checkIP('127.0.0.1'), server.checkHost('example.com')]).toEqual(['127.0.0.1', undefined]);
  });

  it("hold from a day ago to ten years from now, by the machine's clock", () => {
    for (const one of [server, issuer]) {
      expect((Date.now() - Date.parse(one.validFrom)) / dayMs).toBeCloseTo(1, 2);
      expect((Date.parse(one.validTo) - Date.now()) / dayMs).toBeCloseTo(3650, 0);
    }
  });
});
