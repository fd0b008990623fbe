import type { IncomingMessage } from 'node:http';

export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

/**
 * Who asks, and which service: the credential scope of Signature Version 4, from the Authorization header or a
 * presigned URL. The signature itself is not recomputed; that is for the Kubernetes API's token, where it decides.
 */
export const credentialScope = (
  request: IncomingMessage,
  query: URLSearchParams,
): CredentialScope | undefined => {
  const header = request.headers.authorization ?? '';
  const credential = /Credential=([^,\s]+)/.exec(header)?.[1] ?? query.get('X-Amz-Credential');
  const [accessKeyId, date, region, service, terminator] = (credential ?? '').split('/');
  if (accessKeyId === undefined || date === undefined || region === undefined || service === undefined)
    return undefined;
  return terminator === 'aws4_request' ? { accessKeyId, region, service } : undefined;
};
