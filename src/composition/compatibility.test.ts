import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compatibilityMarkdown } from '../services/compatibility.ts';
import { operationTables } from './compatibility.ts';

const path = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));
const rewrite = 'CATAMARAN_WRITE=1 ./catamaran test --only unit composition/compatibility';

test('docs/compatibility.md says what the operation tables say', async () => {
  const wanted = compatibilityMarkdown(await operationTables());
  if (process.env.CATAMARAN_WRITE === '1') writeFileSync(path, wanted);
  const message = `docs/compatibility.md is not what the tables say any more. This rewrites it:\n${rewrite}`;
  expect(readFileSync(path, 'utf8'), message).toBe(wanted);
});

test('every operation that is supported is authorised as an action of its service, on something', async () => {
  const prefixes: Readonly<Record<string, string>> = {
    'Amazon ECS': 'ecs',
    'Amazon EC2': 'ec2',
    'Amazon CloudWatch Logs': 'logs',
    'Amazon CloudWatch': 'cloudwatch',
    'Amazon EventBridge': 'events',
    'AWS Cloud Map': 'servicediscovery',
    'Application Auto Scaling': 'application-autoscaling',
    'AWS Certificate Manager': 'acm',
    'AWS Key Management Service (KMS)': 'kms',
    'Elastic Load Balancing v2': 'elasticloadbalancing',
    'AWS Identity and Access Management (IAM)': 'iam',
    'Amazon EKS': 'eks',
    'AWS STS': 'sts',
  };
  for (const [service, table] of Object.entries(await operationTables())) {
    for (const [name, entry] of Object.entries(table)) {
      if ('refused' in entry) continue;
      expect(entry.action, service).toBe(`${prefixes[service]}:${name}`);
      expect(entry.resources, `${service} ${name}`).toBeTypeOf('function');
    }
  }
});
