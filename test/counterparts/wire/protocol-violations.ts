import type { Violation } from './breaking.ts';
import { refusedWith, replaced, sentAs, withHeader } from './breaking.ts';

const denied = { 'x-amzn-errortype': 'AccessDeniedException' };

/** Kinds of violation that are the protocol's: addresses, headers, and errors that no model declares. */
export const protocolViolations: readonly Violation[] = [
  {
    what: 'a document under another content type',
    service: 'eks',
    operation: 'UpdateNodegroupConfig',
    side: 'request',
    breakIt: withHeader('request', 'content-type', 'text/plain'),
    found: /^header content-type is "text\/plain", not application\/json$/,
  },
  {
    what: 'a query by GET',
    service: 'autoscaling',
    operation: 'DescribeAutoScalingGroups',
    side: 'request',
    breakIt: sentAs({ method: 'GET' }),
    found: /^method is GET, not POST$/,
  },
  {
    what: 'a query to another address',
    service: 'ec2',
    operation: 'DescribeInstances',
    side: 'request',
    breakIt: sentAs({ path: '/zzz' }),
    found: /^path is "\/zzz", not \/$/,
  },
  {
    what: 'JSON to another address',
    service: 'ecr',
    operation: 'DescribeImages',
    side: 'request',
    breakIt: sentAs({ path: '/anything' }),
    found: /^path is "\/anything", not \/$/,
  },
  {
    what: 'JSON with a query string',
    service: 'dynamodb',
    operation: 'PutItem',
    side: 'request',
    breakIt: sentAs({ query: 'a=b' }),
    found: /^query is "a=b", where none belongs$/,
  },
  ...(['sqs SendMessage', 'sns Publish', 'ec2 DescribeInstances'] as const).flatMap((name) =>
    (['request', 'response'] as const).map((side) => {
      const [service = '', operation = ''] = name.split(' ');
      return {
        what: 'a header that there is not',
        service,
        operation,
        side,
        breakIt: withHeader(side, 'x-amz-colour', 'red'),
        found: /^header x-amz-colour is no member of the model$/,
      };
    }),
  ),
  {
    what: 'a common error that says something else',
    service: 'eks',
    operation: 'DescribeNodegroup',
    side: 'response',
    breakIt: refusedWith({ message: 'no', colour: 'red' }, 403, denied),
    found: /^AccessDeniedException\.colour is no member of the model$/,
  },
  {
    what: 'a common error that says nothing',
    service: 'eks',
    operation: 'DescribeNodegroup',
    side: 'response',
    breakIt: refusedWith({}, 403, denied),
    found: /^AccessDeniedException\.message is required and missing$/,
  },
  {
    what: 'a declared error that says nothing',
    service: 'eks',
    operation: 'DescribeNodegroup',
    side: 'response',
    breakIt: refusedWith({}, 404, { 'x-amzn-errortype': 'ResourceNotFoundException' }),
    found: /^ResourceNotFoundException\.message is required and missing$/,
  },
  {
    what: 'a common error with the status of another service',
    service: 'eks',
    operation: 'DescribeNodegroup',
    side: 'response',
    breakIt: refusedWith({ message: 'no' }, 400, denied),
    found: /^status of AccessDeniedException is 400, not 403$/,
  },
  {
    what: 'a common error with the status of another service',
    service: 'ecr',
    operation: 'DescribeImages',
    side: 'response',
    breakIt: refusedWith({ __type: 'AccessDeniedException', message: 'no' }, 403, {}),
    found: /^status of AccessDeniedException is 403, not 400$/,
  },
  {
    what: 'an error with an element that it does not have',
    service: 'ec2',
    operation: 'DescribeInstances',
    status: 500,
    side: 'response',
    breakIt: replaced('response', '<Message>', '<Colour>red</Colour><Message>'),
    found: /^InternalFailure\.Colour is no member of the model$/,
  },
];
