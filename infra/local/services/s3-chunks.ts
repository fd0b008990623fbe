import type { ServiceRequest } from '../protocol/service.ts';
import { ServiceError } from '../protocol/service.ts';

/**
 * The content of an upload. A client that signs or checksums as it sends uses `aws-chunked`: each part is
 * `length-in-hex[;extension]`, CRLF, content, CRLF; a part of length 0 and trailers end it.
 */
export const decodeChunks = ({ headers, body }: ServiceRequest): Buffer => {
  const chunked =
    headers['content-encoding']?.includes('aws-chunked') ||
    headers['x-amz-content-sha256']?.startsWith('STREAMING-');
  if (!chunked) return body;
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.subarray(at, lineEnd).toString('latin1'), 16);
    if (lineEnd === -1 || Number.isNaN(length))
      throw new ServiceError('IncompleteBody', 'The chunked request body could not be read.');
    if (length === 0) return Buffer.concat(parts);
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
};
