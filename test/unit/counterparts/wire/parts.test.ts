import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { commonError, commonErrors } from '../../../counterparts/wire/common-errors.ts';
import { patternOf } from '../../../counterparts/wire/constraints.ts';
import { modelPaths, valuePaths } from '../../../counterparts/wire/member-paths.ts';
import { loadModel } from '../../../counterparts/wire/model.ts';
import { jsonModel } from './models.ts';

describe('a pattern of a model', () => {
  it.each([
    ['holds for the whole value', '[a-z]+', 'abc1', false],
    ['may be anchored already', '^[a-z]+$', 'abc', true],
    ['may have alternatives', 'a|bc', 'bc', true],
    ['covers all of its alternatives', 'a|bc', 'ac', false],
    ['may name surrogates', '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF]*', 'a😀', true],
    ['may escape what needs none', '[\\w\\_\\:]+', 'a:b', true],
  ])('%s', (_what, source, value, matches) => {
    expect(patternOf(source)?.test(value)).toBe(matches);
  });

  it('that JavaScript cannot read is none', () => {
    expect(patternOf('(?<')).toBeUndefined();
  });
});

describe('members by their path', () => {
  it('are those of the model, a shape within itself once', () => {
    expect(modelPaths(jsonModel, { shape: 'FeedOutput' })).toEqual(
      ['name', 'breed', 'weight', 'fed', 'bornAt', 'photo', 'tags', 'friends'].reduce<string[]>(
        (paths, name) => [...paths.slice(0, -1), `dog.${name}`, 'left'],
        ['dog', 'left'],
      ),
    );
  });

  it('are those that a value has', () => {
    const value = { dog: { name: 'rex', tags: { aa: 'x' }, friends: [{ name: 'bello', fed: true }] } };
    expect([...valuePaths(jsonModel, { shape: 'FeedOutput' }, value)]).toEqual([
      'dog',
      'dog.name',
      'dog.tags',
      'dog.friends',
      'dog.friends.name',
      'dog.friends.fed',
    ]);
  });
});

describe('a common error', () => {
  it.each([
    ['eks', 'ThrottlingException', 429],
    ['eks', 'AccessDeniedException', 403],
    ['lambda', 'AccessDeniedException', 403],
    ['ecr', 'AccessDeniedException', 400],
    ['autoscaling', 'AccessDenied', 403],
    ['ec2', 'AccessDeniedException', undefined],
    ['s3', 'AccessDeniedException', undefined],
    ['s3', 'InternalFailure', undefined],
    ['ec2', 'NoSuchBucket', undefined],
  ])('at %s, %s has the status %s', (service, code, status) => {
    expect(commonError(service, code)?.status).toBe(status);
  });

  it('has one status at a service, and a source', () => {
    const keys = commonErrors.flatMap(({ code, services }) =>
      services.map((service) => `${service} ${code}`),
    );
    expect(keys).toHaveLength(new Set(keys).size);
    for (const { source, status } of commonErrors) {
      expect(source).not.toBe('');
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('a service’s model', () => {
  it('is the newest that there is', () => {
    const data = mkdtempSync(join(tmpdir(), 'caretaker-models-'));
    try {
      for (const version of ['2029-05-01', '2030-01-01']) {
        mkdirSync(join(data, 'kennel', version), { recursive: true });
        const model = { ...jsonModel, metadata: { ...jsonModel.metadata, apiVersion: version } };
        writeFileSync(join(data, 'kennel', version, 'service-2.json.gz'), gzipSync(JSON.stringify(model)));
      }
      expect(loadModel(data, 'kennel').metadata.apiVersion).toBe('2030-01-01');
      expect(() => loadModel(data, 'zoo')).toThrow(/zoo/);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });
});
