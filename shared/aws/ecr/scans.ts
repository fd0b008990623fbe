import type { ECRClient } from '@aws-sdk/client-ecr';
import { GetRegistryScanningConfigurationCommand, StartImageScanCommand } from '@aws-sdk/client-ecr';
import type { ImageScans, StartResult } from '../../core/image-scans.ts';
import { isAwsError } from '../clients.ts';
import { readScanResult } from './findings.ts';

/** "The scan quota per image has been exceeded. Wait and try again." Every other limit is the account's. */
const PER_IMAGE = /per image/i;

/** StartImageScan's named errors as answers; undefined for what says nothing about the image. */
const startAnswer = (error: unknown): StartResult | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  switch (error.name) {
    case 'LimitExceededException':
      return PER_IMAGE.test(message) ? { kind: 'too-soon' } : { kind: 'quota', message };
    case 'UnsupportedImageTypeException':
      return { kind: 'unsupported', message };
    case 'ImageArchivedException':
      return { kind: 'archived' };
    case 'ImageNotFoundException':
    case 'RepositoryNotFoundException':
      return { kind: 'not-found', message };
    case 'ValidationException':
      // An ENHANCED registry answers "This feature is disabled".
      return /disabled/i.test(message) ? { kind: 'disabled', message } : undefined;
    default:
      return undefined;
  }
};

/** True where ECR asks to slow down: the next tick tries again. */
export const isThrottled = (error: unknown): boolean =>
  isAwsError(error, 'ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded');

export const isDenied = (error: unknown): boolean =>
  isAwsError(error, 'AccessDeniedException', 'AccessDenied', 'UnrecognizedClientException');

/**
 * Scans of the own registry.
 *
 * @param clients `starts` has to be a client with one attempt: the SDK takes LimitExceededException for
 *   throttling and would ask three times for an image that was scanned already
 */
export const createImageScans = (clients: { reads: ECRClient; starts: ECRClient }): ImageScans => ({
  registry: async () => {
    const answer = await clients.reads.send(new GetRegistryScanningConfigurationCommand({}));
    if (answer.registryId === undefined) {
      throw new Error('ECR did not say which registry this is; try again with the next tick');
    }
    return {
      registry: answer.registryId,
      region: await clients.reads.config.region(),
      scanning: answer.scanningConfiguration?.scanType === 'ENHANCED' ? 'ENHANCED' : 'BASIC',
    };
  },

  start: async (image) => {
    try {
      await clients.starts.send(
        new StartImageScanCommand({
          registryId: image.registry,
          repositoryName: image.repository,
          imageId: { imageDigest: image.digest },
        }),
      );
      return { kind: 'started' };
    } catch (error) {
      const answer = startAnswer(error);
      if (answer !== undefined) return answer;
      throw error;
    }
  },

  result: (image) => readScanResult(clients.reads, image),
});
