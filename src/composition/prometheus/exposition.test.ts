import { expect, it } from 'vitest';
import { exposition } from './exposition.ts';

it('a family is its help, its type and a line for each sample', () => {
  const labels = { cluster: 'a' };
  expect(
    exposition([
      { name: 'up_seconds', help: 'How long.', type: 'gauge', samples: [{ value: 1.5 }] },
      {
        ...{ name: 'took_seconds', help: 'Time.', type: 'histogram' },
        samples: [
          { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: 2 },
          { suffix: '_sum', labels, value: 0.25 },
          { suffix: '_count', labels, value: 2 },
        ],
      },
      { name: 'none_total', help: 'Nothing yet.', type: 'counter', samples: [] },
    ]),
  ).toBe(
    [
      '# HELP up_seconds How long.',
      '# TYPE up_seconds gauge',
      'up_seconds 1.5',
      '# HELP took_seconds Time.',
      '# TYPE took_seconds histogram',
      'took_seconds_bucket{cluster="a",le="+Inf"} 2',
      'took_seconds_sum{cluster="a"} 0.25',
      'took_seconds_count{cluster="a"} 2',
      '# HELP none_total Nothing yet.',
      '# TYPE none_total counter',
      '',
    ].join('\n'),
  );
});

it('a label’s value has no line end, quote or backslash of its own, and help no line end', () => {
  const [help, , sample] = exposition([
    {
      ...{ name: 'a', help: 'C:\\n "b"\nc', type: 'gauge' },
      samples: [{ labels: { path: 'C:\\n "b"\nc' }, value: 0 }],
    },
  ]).split('\n');
  expect(help).toBe('# HELP a C:\\\\n "b"\\nc');
  expect(sample).toBe('a{path="C:\\\\n \\"b\\"\\nc"} 0');
});

it.each([
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
  [1e21, '1e+21'],
])('%d is written %s', (value, written) => {
  expect(exposition([{ name: 'a', help: '', type: 'gauge', samples: [{ value }] }])).toContain(
    `\na ${written}\n`,
  );
});

it.each([
  ['counter', 'requests'],
  ['gauge', 'requests_total'],
  ['gauge', 'a-b'],
] as const)('a %s is not called %s', (type, name) => {
  expect(() => exposition([{ name, help: '', type, samples: [] }])).toThrow(name);
});
