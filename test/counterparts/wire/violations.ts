import type { WireRequest, WireResponse } from './message.ts';

interface Exchanged {
  readonly request: WireRequest;
  readonly response: WireResponse;
}

/** A way to break an exchange that was recorded whole, and what has to be said of it. */
export interface Violation {
  readonly what: string;
  readonly service: string;
  readonly operation: string;
  /** Status of the recorded answer. Default 200. */
  readonly status?: number;
  readonly side: 'request' | 'response';
  breakIt(exchange: Exchanged): Exchanged;
  readonly found: RegExp;
}

type Side = Violation['side'];
type Json = Record<string, unknown>;

const onBody =
  (side: Side, change: (text: string) => string): Violation['breakIt'] =>
  (exchange) => {
    const before = exchange[side].body.toString('utf8');
    const after = change(before);
    if (after === before) throw new Error(`nothing to break in ${before.slice(0, 200)}`);
    return { ...exchange, [side]: { ...exchange[side], body: Buffer.from(after) } };
  };

const replaced = (side: Side, from: string | RegExp, to: string) =>
  onBody(side, (text) => text.replace(from, to));

const inJson = (side: Side, change: (json: Json) => Json) =>
  onBody(side, (text) => JSON.stringify(change(JSON.parse(text) as Json)));

/** Changes the object that a member of the body is. */
const within = (side: Side, name: string, change: (inner: Json) => Json) =>
  inJson(side, (json) => ({ ...json, [name]: change(json[name] as Json) }));

const withoutParameter = (name: string) =>
  onBody('request', (text) => {
    const form = new URLSearchParams(text);
    form.delete(name);
    return form.toString();
  });

const withParameter = (name: string, value: string) =>
  onBody('request', (text) => {
    const form = new URLSearchParams(text);
    form.set(name, value);
    return form.toString();
  });

const withHeader =
  (side: Side, name: string, value: string): Violation['breakIt'] =>
  (exchange) => ({
    ...exchange,
    [side]: { ...exchange[side], headers: { ...exchange[side].headers, [name]: value } },
  });

const refusedWith =
  (json: Json, status: number, headers: Record<string, string>): Violation['breakIt'] =>
  (exchange) => ({
    ...exchange,
    response: {
      status,
      headers: { ...exchange.response.headers, ...headers },
      body: Buffer.from(JSON.stringify(json)),
    },
  });

/** Each kind of violation, each protocol, both sides. */
export const violations: readonly Violation[] = [
  {
    what: 'a member that the model does not know',
    service: 'eks',
    operation: 'UpdateNodegroupConfig',
    side: 'request',
    breakIt: inJson('request', (json) => ({ ...json, colour: 'red' })),
    found: /^colour is no member of the model$/,
  },
  {
    what: 'a number as text',
    service: 'eks',
    operation: 'UpdateNodegroupConfig',
    side: 'request',
    breakIt: within('request', 'scalingConfig', (inner) => ({ ...inner, minSize: '0' })),
    found: /^scalingConfig\.minSize "0" is not a integer$/,
  },
  {
    what: 'a number below its least',
    service: 'eks',
    operation: 'UpdateNodegroupConfig',
    side: 'request',
    breakIt: within('request', 'scalingConfig', (inner) => ({ ...inner, minSize: -1 })),
    found: /^scalingConfig\.minSize -1 is below the least, 0$/,
  },
  {
    what: 'an enum’s value that there is not',
    service: 'eks',
    operation: 'UpdateAddon',
    side: 'request',
    breakIt: inJson('request', (json) => ({ ...json, resolveConflicts: 'MAYBE' })),
    found: /^resolveConflicts "MAYBE" is not one of OVERWRITE, NONE, PRESERVE$/,
  },
  {
    what: 'a required member left out',
    service: 'eks',
    operation: 'UpdateClusterVersion',
    side: 'request',
    breakIt: (exchange) => ({
      ...exchange,
      request: { ...exchange.request, path: '/clusters//updates' },
    }),
    found: /is no operation of the model$/,
  },
  {
    what: 'a query parameter that there is not',
    service: 'eks',
    operation: 'ListNodegroups',
    side: 'request',
    breakIt: (exchange) => ({ ...exchange, request: { ...exchange.request, query: 'maxresults=5' } }),
    found: /^query maxresults is no member of the model$/,
  },
  {
    what: 'an enum’s value that there is not',
    service: 'eks',
    operation: 'DescribeNodegroup',
    side: 'response',
    breakIt: within('response', 'nodegroup', (inner) => ({ ...inner, status: 'ASLEEP' })),
    found: /^nodegroup\.status "ASLEEP" is not one of CREATING, ACTIVE,/,
  },
  {
    what: 'a member that the model does not know',
    service: 'eks',
    operation: 'DescribeNodegroup',
    side: 'response',
    breakIt: within('response', 'nodegroup', (inner) => ({ ...inner, asleep: true })),
    found: /^nodegroup\.asleep is no member of the model$/,
  },
  {
    what: 'a timestamp as text',
    service: 'eks',
    operation: 'DescribeNodegroup',
    side: 'response',
    breakIt: within('response', 'nodegroup', (inner) => ({ ...inner, createdAt: '2030-01-01T00:00:00Z' })),
    found: /^nodegroup\.createdAt "2030-01-01T00:00:00Z" is not a timestamp$/,
  },
  {
    what: 'an error that the operation does not declare',
    service: 'eks',
    operation: 'DescribeNodegroup',
    side: 'response',
    breakIt: refusedWith({ message: 'no' }, 409, { 'x-amzn-errortype': 'ResourceInUseException' }),
    found: /^error "ResourceInUseException" is not declared by DescribeNodegroup$/,
  },
  {
    what: 'a declared error with another status',
    service: 'eks',
    operation: 'DescribeNodegroup',
    side: 'response',
    breakIt: refusedWith({ message: 'no' }, 400, { 'x-amzn-errortype': 'ResourceNotFoundException' }),
    found: /^status of ResourceNotFoundException is 400, not 404$/,
  },
  {
    what: 'a declared error with a member that it does not have',
    service: 'eks',
    operation: 'UpdateNodegroupConfig',
    side: 'response',
    breakIt: refusedWith({ message: 'no', nodeGroup: 'web' }, 409, {
      'x-amzn-errortype': 'ResourceInUseException',
    }),
    found: /^ResourceInUseException\.nodeGroup is no member of the model$/,
  },
  {
    what: 'a name that breaks the pattern',
    service: 'ecr',
    operation: 'StartImageScan',
    side: 'request',
    breakIt: inJson('request', (json) => ({ ...json, repositoryName: 'Shop Cart' })),
    found: /^repositoryName "Shop Cart" does not match /,
  },
  {
    what: 'a required member left out',
    service: 'ecr',
    operation: 'StartImageScan',
    side: 'request',
    breakIt: inJson('request', ({ imageId: _left, ...json }) => json),
    found: /^imageId is required and missing$/,
  },
  {
    what: 'an operation that there is not',
    service: 'ecr',
    operation: 'StartImageScan',
    side: 'request',
    breakIt: withHeader('request', 'x-amz-target', 'AmazonEC2ContainerRegistry_V20150921.ScanImage'),
    found: /^ "ScanImage" is no operation of the model$/,
  },
  {
    what: 'another content type',
    service: 'ecr',
    operation: 'StartImageScan',
    side: 'response',
    breakIt: withHeader('response', 'content-type', 'application/json'),
    found: /^header content-type is "application\/json", not application\/x-amz-json-1\.1$/,
  },
  {
    what: 'an enum’s value that there is not',
    service: 'ecr',
    operation: 'DescribeImageScanFindings',
    side: 'response',
    breakIt: within('response', 'imageScanStatus', () => ({ status: 'DONE' })),
    found: /^imageScanStatus\.status "DONE" is not one of IN_PROGRESS, COMPLETE,/,
  },
  {
    what: 'an error that the operation does not declare',
    service: 'ecr',
    operation: 'DescribeRepositories',
    side: 'response',
    breakIt: refusedWith({ __type: 'ScanNotFoundException', message: 'no' }, 400, {}),
    found: /^error "ScanNotFoundException" is not declared by DescribeRepositories$/,
  },
  {
    what: 'a required parameter left out',
    service: 'autoscaling',
    operation: 'CompleteLifecycleAction',
    side: 'request',
    breakIt: withoutParameter('LifecycleHookName'),
    found: /^LifecycleHookName is required and missing$/,
  },
  {
    what: 'a parameter that is too long',
    service: 'autoscaling',
    operation: 'CompleteLifecycleAction',
    side: 'request',
    breakIt: withParameter('LifecycleActionToken', 'f'.repeat(37)),
    found: /^LifecycleActionToken ".+" has 37 characters and is above the most, 36$/,
  },
  {
    what: 'a list without its numbers',
    service: 'autoscaling',
    operation: 'DescribeAutoScalingGroups',
    side: 'request',
    breakIt: withParameter('AutoScalingGroupNames.member.name', 'web'),
    found: /^AutoScalingGroupNames\.name is not number \d+ of the list$/,
  },
  {
    what: 'another version of the API',
    service: 'autoscaling',
    operation: 'DescribeAutoScalingGroups',
    side: 'request',
    breakIt: withParameter('Version', '2010-08-01'),
    found: /^Version is "2010-08-01", not 2011-01-01$/,
  },
  {
    what: 'an element that the model does not know',
    service: 'autoscaling',
    operation: 'DescribeAutoScalingGroups',
    side: 'response',
    breakIt: replaced('response', '<MinSize>', '<Colour>red</Colour><MinSize>'),
    found: /^AutoScalingGroups\[0\]\.Colour is no member of the model$/,
  },
  {
    what: 'a size that is no number',
    service: 'autoscaling',
    operation: 'DescribeAutoScalingGroups',
    side: 'response',
    breakIt: replaced('response', /<MinSize>\d+/, '<MinSize>few'),
    found: /^AutoScalingGroups\[0\]\.MinSize "few" is not a integer$/,
  },
  {
    what: 'a required member left out',
    service: 'autoscaling',
    operation: 'DescribeAutoScalingGroups',
    side: 'response',
    breakIt: replaced('response', /<MaxSize>\d+<\/MaxSize>/, ''),
    found: /^AutoScalingGroups\[0\]\.MaxSize is required and missing$/,
  },
  {
    what: 'an item under another name',
    service: 'autoscaling',
    operation: 'DescribeAutoScalingGroups',
    side: 'response',
    breakIt: onBody('response', (text) => text.replaceAll('member>', 'item>')),
    found: /^AutoScalingGroups\.item is no item: the model calls them member$/,
  },
  {
    what: 'a list under its member’s name instead of the wire’s',
    service: 'ec2',
    operation: 'DescribeInstances',
    side: 'request',
    breakIt: onBody('request', (text) => text.replaceAll('Filter.', 'Filters.')),
    found: /^Filters is no member of the model$/,
  },
  {
    what: 'an enum’s value that there is not',
    service: 'ec2',
    operation: 'DescribeInstances',
    side: 'response',
    breakIt: replaced('response', '<name>running</name>', '<name>asleep</name>'),
    found: /^Reservations\[0\]\.Instances\[0\]\.State\.Name "asleep" is not one of pending, running,/,
  },
  {
    what: 'an element under its member’s name instead of the wire’s',
    service: 'ec2',
    operation: 'DescribeInstances',
    side: 'response',
    breakIt: replaced('response', /reservationSet>/g, 'reservations>'),
    found: /^reservations is no member of the model$/,
  },
  {
    what: 'an error that EC2’s documentation does not have',
    service: 'ec2',
    operation: 'DescribeInstances',
    status: 500,
    side: 'response',
    breakIt: replaced('response', 'InternalFailure', 'InstanceGone'),
    found: /^error "InstanceGone" is not declared by DescribeInstances$/,
  },
  {
    what: 'a storage class that there is not',
    service: 's3',
    operation: 'PutObject',
    side: 'request',
    breakIt: withHeader('request', 'x-amz-storage-class', 'FROZEN'),
    found: /^StorageClass "FROZEN" is not one of STANDARD,/,
  },
  {
    what: 'a header that there is not',
    service: 's3',
    operation: 'PutObject',
    side: 'request',
    breakIt: withHeader('request', 'x-amz-colour', 'red'),
    found: /^header x-amz-colour is no member of the model$/,
  },
  {
    what: 'a date in another form',
    service: 's3',
    operation: 'GetObject',
    side: 'response',
    breakIt: withHeader('response', 'last-modified', '2030-01-01T00:00:00Z'),
    found: /^LastModified "2030-01-01T00:00:00Z" is not a timestamp$/,
  },
  {
    what: 'a header’s enum value that there is not',
    service: 'lambda',
    operation: 'Invoke',
    status: 202,
    side: 'request',
    breakIt: withHeader('request', 'x-amz-invocation-type', 'Sometime'),
    found: /^InvocationType "Sometime" is not one of Event, RequestResponse, DryRun$/,
  },
  {
    what: 'an operation’s status that there is not',
    service: 'lambda',
    operation: 'CheckpointDurableExecution',
    side: 'response',
    breakIt: replaced('response', /"Status":"[A-Z]+"/, '"Status":"DOZING"'),
    found: /^NewExecutionState\.Operations\[0\]\.Status "DOZING" is not one of STARTED, PENDING,/,
  },
  {
    what: 'an enum’s value that there is not',
    service: 'dynamodb',
    operation: 'PutItem',
    side: 'request',
    breakIt: inJson('request', (json) => ({ ...json, ReturnValuesOnConditionCheckFailure: 'SOME' })),
    found: /^ReturnValuesOnConditionCheckFailure "SOME" is not one of ALL_OLD, NONE$/,
  },
  {
    what: 'more entries than an event bus takes',
    service: 'events',
    operation: 'PutEvents',
    side: 'request',
    breakIt: inJson('request', (json) => ({
      ...json,
      Entries: Array(11).fill((json.Entries as unknown[])[0]),
    })),
    found: /^Entries .+ has 11 items and is above the most, 10$/,
  },
  {
    what: 'a parameter’s type that there is not',
    service: 'ssm',
    operation: 'GetParameter',
    side: 'response',
    breakIt: within('response', 'Parameter', (inner) => ({ ...inner, Type: 'Text' })),
    found: /^Parameter\.Type "Text" is not one of String, StringList, SecureString$/,
  },
  {
    what: 'an answer without its result',
    service: 'sns',
    operation: 'Publish',
    side: 'response',
    breakIt: replaced('response', /<PublishResult>.*<\/PublishResult>/, ''),
    found: /^PublishResult is missing$/,
  },
  {
    what: 'a delay as text',
    service: 'sqs',
    operation: 'SendMessage',
    side: 'request',
    breakIt: inJson('request', (json) => ({ ...json, DelaySeconds: '5' })),
    found: /^DelaySeconds "5" is not a integer$/,
  },
];
