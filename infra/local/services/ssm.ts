import { awsJson } from '../protocol/aws-json.ts';
import { flag, optionalInteger, optionalText, text, texts } from '../protocol/input.ts';
import { page } from '../protocol/paging.ts';
import type { Input, Service } from '../protocol/service.ts';
import { notImplemented, ServiceError } from '../protocol/service.ts';
import type { PublicParameter } from '../world/parameters.ts';
import type { World } from '../world/world.ts';

/** SSM Parameter Store (JSON 1.1): the public parameters of EKS's node images. */
export const ssmService = (world: World): Service => {
  const shape = (parameter: PublicParameter) => ({
    Name: parameter.name,
    Type: 'String',
    Value: parameter.value,
    Version: parameter.version,
    LastModifiedDate: new Date(world.spec.startAt - 11 * 86_400_000),
    // Public parameters belong to no account.
    ARN: `arn:aws:ssm:${world.region}::parameter${parameter.name}`,
    DataType: 'text',
  });
  return awsJson(
    'ssm',
    'AmazonSSM',
    {
      GetParameter: (input: Input) => {
        const name = text(input, 'Name');
        const parameter = world.parameters.get(name);
        if (parameter === undefined)
          throw new ServiceError('ParameterNotFound', `Parameter ${name} not found.`);
        return { Parameter: shape(parameter) };
      },
      GetParameters: (input: Input) => {
        const names = [...new Set(texts(input, 'Names'))];
        if (names.length === 0 || names.length > 10)
          throw new ServiceError(
            'ValidationException',
            `1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length between 1 and 10`,
          );
        const found = names.flatMap((name) => world.parameters.get(name) ?? []);
        return {
          Parameters: found.map(shape),
          InvalidParameters: names.filter((name) => !world.parameters.has(name)),
        };
      },
      GetParametersByPath: (input: Input) => {
        if (input.ParameterFilters !== undefined)
          throw notImplemented('ssm', 'GetParametersByPath with ParameterFilters');
        const path = text(input, 'Path').replace(/\/?$/, '/');
        const recursive = flag(input, 'Recursive');
        const below = [...world.parameters.values()].filter(
          ({ name }) => name.startsWith(path) && (recursive || !name.slice(path.length).includes('/')),
        );
        const { items, nextToken } = page(below, {
          token: optionalText(input, 'NextToken'),
          limit: optionalInteger(input, 'MaxResults'),
          most: 10,
        });
        return { Parameters: items.map(shape), ...(nextToken === undefined ? {} : { NextToken: nextToken }) };
      },
    },
    { invalidCode: 'ValidationException' },
  );
};
