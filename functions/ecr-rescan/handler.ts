import { ECRClient } from '@aws-sdk/client-ecr';
import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings } from '../../shared/aws/clients.ts';
import { createImageRepositories } from '../../shared/aws/ecr/repositories.ts';
import { createImageScans } from '../../shared/aws/ecr/scans.ts';
import { createBlobStore } from '../../shared/aws/s3.ts';
import { createHandler } from '../../shared/runtime/chain.ts';
import { createContext } from '../../shared/runtime/context.ts';
import { environment } from '../../shared/runtime/environment.ts';
import { parseTick } from '../../shared/runtime/tick.ts';
import { ecrRescanSchema } from './config.ts';
import { runEcrRescan } from './run.ts';
import { runEcrRescanFindings } from './run-findings.ts';
import { parseScanEvent } from './scan-event.ts';

const context = createContext({
  automation: 'ecr-rescan',
  sectionName: 'ecrRescan',
  schema: ecrRescanSchema,
});
const reads = new ECRClient(clientSettings());
const deps = {
  ...context,
  blobs: createBlobStore(new S3Client(clientSettings()), environment.bucket()),
  // One attempt: the SDK takes the answer "scanned within 24 hours" for throttling and would ask again.
  scans: createImageScans({ reads, starts: new ECRClient(clientSettings({ maxAttempts: 1 })) }),
  repositories: createImageRepositories(reads),
  region: () => reads.config.region(),
};

export const handler = createHandler(context, {
  parse: parseTick,
  run: (tick, call) => runEcrRescan(deps, tick, call),
});

export const findings = createHandler(context, {
  parse: parseScanEvent,
  run: (event, call) => runEcrRescanFindings(deps, event, call),
});
