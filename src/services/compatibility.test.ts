import { expect, test } from 'vitest';
import { compatibilityMarkdown } from './compatibility.ts';

test('the page lists every operation, supported or with the words that refuse it', () => {
  const page = compatibilityMarkdown({
    'Amazon ECS': {
      RunTask: { action: 'ecs:RunTask', resources: () => ['*'], run: () => ({}) },
      CreateTaskSet: { refused: 'Not yet: it comes\nwith a|b.' },
    },
    'AWS STS': {},
  });
  expect(page.split('\n')).toEqual([
    '# Compatibility',
    '',
    expect.any(String),
    expect.any(String),
    '',
    '| service | supported | operations |',
    '| --- | ---: | ---: |',
    '| [Amazon ECS](#amazon-ecs) | 1 | 2 |',
    '| [AWS STS](#aws-sts) | 0 | 0 |',
    '',
    '## Amazon ECS',
    '',
    '| operation | state |',
    '| --- | --- |',
    '| CreateTaskSet | refused: Not yet: it comes with a\\|b. |',
    '| RunTask | supported |',
    '',
    '## AWS STS',
    '',
    '| operation | state |',
    '| --- | --- |',
    '',
  ]);
});
