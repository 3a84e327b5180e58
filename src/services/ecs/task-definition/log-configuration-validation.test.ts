import { describe, test } from 'vitest';
import {
  awslogs,
  expectRefusal,
  firelens,
  logs,
  one,
  type Refused,
  role,
  two,
  unknown,
} from '../testing/definition-input.ts';

describe('logging is refused', () => {
  test.each<Refused>([
    [
      'with an unknown log driver',
      one({ logConfiguration: { logDriver: unknown('loki') } }),
      /^loki is not a valid log driver\. Must be one of \[awsfirelens,awslogs/,
    ],
    [
      'with awslogs and no group',
      one(logs({ 'awslogs-region': 'r' })),
      'Log driver awslogs requires options: awslogs-group',
    ],
    [
      'with awslogs and nothing',
      one(logs({})),
      'Log driver awslogs requires options: awslogs-region, awslogs-group',
    ],
    [
      'with splunk and no token',
      one(logs({ 'splunk-url': 'u' }, 'splunk')),
      'Log driver splunk requires options: splunk-token',
    ],
    [
      'with two ways to join lines',
      one(
        logs({
          'awslogs-group': 'g',
          'awslogs-region': 'r',
          'awslogs-datetime-format': 'f',
          'awslogs-multiline-pattern': 'p',
        }),
      ),
      /awslogs-multiline-pattern/,
    ],
    [
      'with an unknown log mode',
      one(logs({ 'awslogs-group': 'g', 'awslogs-region': 'r', mode: 'fast' })),
      /mode/,
    ],
    [
      'with a bad log buffer',
      one(logs({ 'awslogs-group': 'g', 'awslogs-region': 'r', 'max-buffer-size': 'big' })),
      /max-buffer-size/,
    ],
    [
      'with log secrets and no execution role',
      one({
        logConfiguration: { ...awslogs.logConfiguration, secretOptions: [{ name: 'x', valueFrom: 'y' }] },
      }),
      /log secrets/,
    ],
    [
      'with awsfirelens and no router',
      one({ logConfiguration: { logDriver: 'awsfirelens' } }),
      'When awsfirelens log driver is specified in log configuration, a firelens configuration object must be specified.',
    ],
    ['with two routers', two(firelens, firelens), /Only one container/],
    [
      'with an unknown router',
      one({ firelensConfiguration: { type: unknown('vector') } }),
      /FirelensConfiguration\.type/,
    ],
    [
      'with a router option of no use',
      one({ firelensConfiguration: { type: 'fluentd', options: { x: 'y' } } }),
      /FirelensConfiguration\.options/,
    ],
    [
      'with a router file of no type',
      one({ firelensConfiguration: { type: 'fluentd', options: { 'config-file-value': '/x' } } }),
      /specified together/,
    ],
    [
      'with awslogs and no region',
      one(logs({ 'awslogs-group': 'g' })),
      'Log driver awslogs requires options: awslogs-region',
    ],
    [
      'with a group to be made or so',
      one(logs({ 'awslogs-group': 'g', 'awslogs-region': 'r', 'awslogs-create-group': 'maybe' })),
      "Invalid value 'maybe' for awslogs-create-group. Must be one of [true, false].",
    ],
    [
      'with a log secret from nowhere',
      one(
        {
          logConfiguration: {
            ...awslogs.logConfiguration,
            secretOptions: [{ name: 'x', valueFrom: '' }],
          },
        },
        { executionRoleArn: role },
      ),
      'Secret.valueFrom should not be null or empty.',
    ],
    [
      'with a router file of an unknown type',
      one({
        firelensConfiguration: {
          type: 'fluentd',
          options: { 'config-file-type': 'git', 'config-file-value': '/x' },
        },
      }),
      "Invalid value 'git' for config-file-type. Must be one of [s3, file].",
    ],
    [
      'with router metadata or so',
      one({ firelensConfiguration: { type: 'fluentd', options: { 'enable-ecs-log-metadata': 'yes' } } }),
      /for enable-ecs-log-metadata\./,
    ],
  ])('%s', expectRefusal);
});
