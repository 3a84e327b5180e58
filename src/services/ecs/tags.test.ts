import { describe, expect, test } from 'vitest';
import { mergeTags, validateTagKey, validateTags } from './tags.ts';

describe('validateTags', () => {
  test.each([
    ['no tags', undefined],
    ['50 tags', Array.from({ length: 50 }, (_, index) => ({ key: `k${index}`, value: '' }))],
    ['the longest key and value', [{ key: 'k'.repeat(128), value: 'v'.repeat(256) }]],
    ['every allowed character', [{ key: 'Ä z9_.:/=+-@', value: '日本 _.:/=+-@' }]],
    ['characters counted, not bytes', [{ key: '𠮷'.repeat(128), value: '' }]],
    ['a key with aws: inside', [{ key: 'my-aws:x', value: '' }]],
  ])('accepts %s', (_what, tags) => {
    expect(validateTags(tags)).toEqual(tags ?? []);
  });

  test.each([
    ['51 tags', Array.from({ length: 51 }, (_, index) => ({ key: `k${index}`, value: '' })), /more than 50/],
    ['an empty key', [{ key: '', value: '' }], /cannot be null or empty/],
    ['a missing key', [{ value: 'x' }], /cannot be null or empty/],
    ['a key of 129', [{ key: 'k'.repeat(129), value: '' }], /longer than 128/],
    ['a value of 257', [{ key: 'k', value: 'v'.repeat(257) }], /longer than 256/],
    ['the reserved prefix', [{ key: 'AwS:cloudformation', value: '' }], /reserved/],
    ['a character of neither kind', [{ key: 'a#b', value: '' }], /invalid characters/],
    ['a bad value', [{ key: 'a', value: 'x*' }], /invalid characters/],
    [
      'a key twice',
      [
        { key: 'a', value: '1' },
        { key: 'a', value: '2' },
      ],
      /Duplicate/,
    ],
  ])('refuses %s', (_what, tags, message) => {
    expect(() => validateTags(tags)).toThrow(
      expect.objectContaining({ code: 'InvalidParameterException', message: expect.stringMatching(message) }),
    );
  });

  test('a value left out is empty', () => {
    expect(validateTags([{ key: 'a' }])).toEqual([{ key: 'a', value: '' }]);
  });
});

test('validateTagKey refuses the keys that the system owns', () => {
  expect(() => validateTagKey('aws:ecs:clusterName')).toThrow(/reserved/);
});

test('merged tags take the new value and keep the rest', () => {
  const before = [
    { key: 'a', value: '1' },
    { key: 'b', value: '2' },
  ];
  expect(
    mergeTags(before, [
      { key: 'b', value: '3' },
      { key: 'c', value: '4' },
    ]),
  ).toEqual([
    { key: 'a', value: '1' },
    { key: 'b', value: '3' },
    { key: 'c', value: '4' },
  ]);
});
