import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { getParameter } from '../../../../shared/aws/ssm.ts';
import { mockClient } from '../../../fixtures/mock-client.ts';

const ssm = mockClient(SSMClient);
const client = new SSMClient({ region: 'eu-central-1' });

beforeEach(() => {
  ssm.reset();
});

describe('a parameter', () => {
  it('has a value', async () => {
    ssm.on(GetParameterCommand, { Name: '/a' }).resolves({ Parameter: { Value: '1.35.1-20261101' } });
    expect(await getParameter(client, '/a')).toBe('1.35.1-20261101');
  });

  it.each([
    ['ParameterNotFound', undefined],
    ['AccessDeniedException', 'AccessDeniedException'],
  ])('after %s: %s', async (name, thrown) => {
    ssm.on(GetParameterCommand).rejects(Object.assign(new Error(name), { name }));
    if (thrown === undefined) expect(await getParameter(client, '/a')).toBeUndefined();
    else await expect(getParameter(client, '/a')).rejects.toThrow(thrown);
  });
});
