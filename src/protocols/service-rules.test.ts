import { describe, expect, it } from 'vitest';
import { readServiceModel } from './service-model.ts';
import { rulesOf, signingNameByMarks } from './service-rules.ts';

const services = [
  ['ecs', () => import('@aws-sdk/client-ecs')],
  ['eks', () => import('@aws-sdk/client-eks')],
  ['iam', () => import('@aws-sdk/client-iam')],
  ['sts', () => import('@aws-sdk/client-sts')],
  ['ec2', () => import('@aws-sdk/client-ec2')],
  ['elasticloadbalancing', () => import('@aws-sdk/client-elastic-load-balancing-v2')],
  ['logs', () => import('@aws-sdk/client-cloudwatch-logs')],
  ['monitoring', () => import('@aws-sdk/client-cloudwatch')],
  ['events', () => import('@aws-sdk/client-eventbridge')],
  ['application-autoscaling', () => import('@aws-sdk/client-application-auto-scaling')],
  ['acm', () => import('@aws-sdk/client-acm')],
  ['kms', () => import('@aws-sdk/client-kms')],
  ['servicediscovery', () => import('@aws-sdk/client-servicediscovery')],
] as const;

describe.each(services)('the rules of %s', (signingName, load) => {
  it('recognise the service by what its SDK client sends', async () => {
    const model = readServiceModel(await load());
    const { marks } = rulesOf(signingName);
    switch (model.protocol) {
      case 'awsJson1_0':
      case 'awsJson1_1':
        expect(marks).toEqual({
          targetPrefix: model.targetPrefix,
          ...(model.isQueryCompatible ? { version: model.version } : {}),
        });
        expect(signingNameByMarks({ targetPrefix: model.targetPrefix })).toBe(signingName);
        break;
      case 'awsQuery':
      case 'ec2Query':
        expect(marks).toEqual({ version: model.version });
        expect(signingNameByMarks({ version: model.version })).toBe(signingName);
        break;
      case 'restJson1': {
        const paths = [...model.operations.values()].map(
          (operation) => operation.http?.path.split('/')[1] ?? '',
        );
        expect(marks).toEqual({ pathRoots: [...new Set(paths)].sort() });
        expect(signingNameByMarks({ pathRoot: paths[0] })).toBe(signingName);
        break;
      }
    }
  });

  it('name errors that the service has, or give their status', async () => {
    const model = readServiceModel(await load());
    const rules = rulesOf(signingName);
    for (const { code, status } of [rules.accessDenied, rules.internalFailure, rules.notSupported]) {
      expect(model.errors.has(code) || status >= 400, code).toBe(true);
    }
  });
});
