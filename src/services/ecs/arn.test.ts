import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clusterArn,
  clusterName,
  clusterOfArn,
  containerInstanceArn,
  containerInstanceId,
  isForeign,
  resourceId,
  serviceArn,
  serviceDeploymentArn,
  serviceHistoryId,
  serviceName,
  serviceRevisionArn,
  taskArn,
  taskDefinitionArn,
  taskDefinitionId,
  taskId,
} from './arn.ts';

const scope = { accountId: '123456789012', region: 'eu-west-1' };
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,30}$/);
const revision = fc.integer({ min: 1, max: 1_000_000 });

describe('ARNs', () => {
  test('every ARN that is made reads back as what it was made of', () => {
    fc.assert(
      fc.property(name, name, revision, (cluster, id, number) => {
        expect(clusterName(clusterArn(scope, cluster))).toBe(cluster);
        expect(taskId(taskArn(scope, cluster, id))).toBe(id);
        expect(serviceName(serviceArn(scope, cluster, id))).toBe(id);
        expect(containerInstanceId(containerInstanceArn(scope, cluster, id))).toBe(id);
        const history = { cluster, service: id, id: String(number) };
        expect(serviceHistoryId(serviceDeploymentArn(scope, history), 'service-deployment')).toEqual(history);
        expect(serviceHistoryId(serviceRevisionArn(scope, history), 'service-revision')).toEqual(history);
        expect(clusterOfArn(taskArn(scope, cluster, id))).toBe(cluster);
        expect(taskDefinitionId(taskDefinitionArn(scope, id, number))).toEqual({
          family: id,
          revision: number,
        });
        expect(resourceId(clusterArn(scope, cluster))).toEqual({ type: 'cluster', cluster });
        expect(resourceId(serviceArn(scope, cluster, id))).toEqual({ type: 'service', cluster, service: id });
        expect(resourceId(taskArn(scope, cluster, id))).toEqual({ type: 'task', cluster, taskId: id });
        expect(resourceId(containerInstanceArn(scope, cluster, id))).toEqual({
          type: 'container-instance',
          cluster,
          containerInstanceId: id,
        });
        expect(resourceId(taskDefinitionArn(scope, id, number))).toEqual({
          type: 'task-definition',
          family: id,
          revision: number,
        });
      }),
    );
  });

  test('short names are taken as they are, and the omitted cluster is default', () => {
    expect(clusterName(undefined)).toBe('default');
    expect(clusterName('')).toBe('default');
    expect(clusterName('blue')).toBe('blue');
    expect(taskId('0123')).toBe('0123');
    expect(taskId('blue/0123')).toBe('0123');
    expect(taskId('arn:aws:ecs:eu-west-1:123456789012:task/0123')).toBe('0123');
    expect(taskDefinitionId('web')).toEqual({ family: 'web', revision: undefined });
    expect(taskDefinitionId('web:7')).toEqual({ family: 'web', revision: 7 });
  });

  test.each([
    ['another resource type', () => clusterName('arn:aws:ecs:eu-west-1:123456789012:task/blue')],
    ['another service', () => clusterName('arn:aws:eks:eu-west-1:123456789012:cluster/blue')],
    ['too many parts', () => clusterName('arn:aws:ecs:eu-west-1:123456789012:cluster/blue/green')],
    ['no name', () => clusterName('arn:aws:ecs:eu-west-1:123456789012:cluster/')],
    ['nothing after the prefix', () => clusterName('arn:')],
    ['a path where a name is wanted', () => clusterName('blue/green')],
    ['an empty part', () => taskId('blue//0123')],
    ['an empty id', () => taskId('')],
    ['too deep a path', () => taskId('a/b/c')],
  ])('an identifier with %s is an InvalidParameterException', (_what, read) => {
    expect(read).toThrow(
      expect.objectContaining({
        code: 'InvalidParameterException',
        message: expect.stringMatching(/^Invalid identifier: /),
      }),
    );
  });

  test.each(['web:0', 'web:x', 'web:', 'web:-1', 'web:1.5', 'web:12345678901'])(
    'the revision of %s is refused',
    (identifier) => {
      expect(() => taskDefinitionId(identifier)).toThrow(/^Invalid revision number\. Number: /);
    },
  );

  test.each([
    'web',
    'arn:aws:ecs:eu-west-1:123456789012:service/web',
    'arn:aws:ecs:eu-west-1:123456789012:task-definition/web',
    'arn:aws:ecs:eu-west-1:123456789012:task-definition/web:0',
    'arn:aws:s3:::bucket',
    'arn:aws:ecs:eu-west-1:123456789012:cluster/',
    '',
  ])('%s names no taggable resource', (arn) => {
    expect(resourceId(arn)).toBeUndefined();
  });

  test('an ARN of another account or region is foreign, a short name never', () => {
    expect(isForeign('blue', scope)).toBe(false);
    expect(isForeign(clusterArn(scope, 'blue'), scope)).toBe(false);
    expect(isForeign(clusterArn({ ...scope, region: 'us-east-1' }, 'blue'), scope)).toBe(true);
    expect(isForeign(clusterArn({ ...scope, accountId: '999999999999' }, 'blue'), scope)).toBe(true);
  });
});
