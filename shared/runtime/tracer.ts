/** All of X-Ray, for a file of its own beside the bundle (`tracing.mjs`). Imported by nothing but `tracing.ts`. */
export { Tracer } from '@aws-lambda-powertools/tracer';
export { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware';
