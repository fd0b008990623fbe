import { describe, expect, it } from '@jest/globals';
import type { ServiceRequest } from '../../../../../infra/local/protocol/service.ts';
import { wireRequest, wireResponse } from '../../../../../infra/local/protocol/wire.ts';

const request = (headers: Record<string, string>): ServiceRequest => ({
  method: 'GET',
  path: '/clusters/a%2Fb',
  query: new URLSearchParams(),
  headers,
  body: Buffer.from('{}'),
  accessKeyId: 'AKIALOCAL',
  region: 'eu-central-1',
  requestId: 'r-1',
});

describe('an exchange as bytes', () => {
  it('keeps path, query and headers as they were sent', () => {
    expect(wireRequest(request({ 'x-amz-target': 'A.B', accept: '*/*' }), 'a=%20&list-type=2')).toEqual({
      method: 'GET',
      path: '/clusters/a%2Fb',
      query: 'a=%20&list-type=2',
      headers: { 'x-amz-target': 'A.B', accept: '*/*' },
      body: Buffer.from('{}'),
    });
  });

  it.each(['authorization', 'x-amz-security-token', 'cookie'])('leaves out the header %s', (name) => {
    expect(wireRequest(request({ [name]: 'secret' }), '').headers).toEqual({});
  });

  it('leaves out what a presigned URL carries of a signature', () => {
    const query =
      'Action=GetCallerIdentity&X-Amz-Credential=AKIA&X-Amz-Signature=f0&X-Amz-Security-Token=t&X-Amz-Expires=60';
    expect(wireRequest(request({}), query).query).toBe('Action=GetCallerIdentity&X-Amz-Expires=60');
  });

  it('names the headers of an answer in lower case', () => {
    expect(wireResponse({ status: 200, headers: { ETag: '"1"' }, body: 'x' })).toEqual({
      status: 200,
      headers: { etag: '"1"' },
      body: Buffer.from('x'),
    });
  });
});
