import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches, parsePattern } from './index.ts';

const event = {
  version: '0',
  source: 'aws.ecs',
  'detail-type': 'ECS Task State Change',
  resources: ['arn:aws:ecs:us-east-1:1:task/blue/1', 'arn:other'],
  detail: {
    lastStatus: 'RUNNING',
    cpu: '256',
    version: 3,
    count: 0,
    address: '10.0.0.17',
    six: '2001:db8::1',
    name: 'Web-Server.log',
    empty: '',
    nothing: null,
    isReady: true,
    path: 'a*b\\c',
    list: [],
    containers: [
      { name: 'app', exitCode: 0 },
      { name: 'side', exitCode: 1, tags: ['x', 'y'] },
    ],
  },
};

/** Each line: what of the event's detail is asked, and whether it is so. */
const cases: readonly (readonly [pattern: object, isMatch: boolean])[] = [
  [{ lastStatus: ['RUNNING'] }, true],
  [{ lastStatus: ['STOPPED', 'RUNNING'] }, true],
  [{ lastStatus: ['running'] }, false],
  [{ lastStatus: ['RUNNING'], version: [4] }, false],
  [{ version: [3] }, true],
  [{ version: ['3'] }, false],
  [{ cpu: [256] }, false],
  [{ isReady: [true] }, true],
  [{ nothing: [null] }, true],
  [{ absent: [null] }, false],
  [{ empty: [''] }, true],
  [{ lastStatus: [{ prefix: 'RUN' }] }, true],
  [{ lastStatus: [{ prefix: 'run' }] }, false],
  [{ lastStatus: [{ prefix: { 'equals-ignore-case': 'run' } }] }, true],
  [{ name: [{ suffix: '.log' }] }, true],
  [{ name: [{ suffix: { 'equals-ignore-case': '.LOG' } }] }, true],
  [{ name: [{ suffix: '.LOG' }] }, false],
  [{ name: [{ 'equals-ignore-case': 'web-server.LOG' }] }, true],
  [{ lastStatus: [{ 'anything-but': 'STOPPED' }] }, true],
  [{ lastStatus: [{ 'anything-but': ['STOPPED', 'RUNNING'] }] }, false],
  [{ version: [{ 'anything-but': 3 }] }, false],
  [{ version: [{ 'anything-but': [1, 2] }] }, true],
  [{ absent: [{ 'anything-but': 'x' }] }, false],
  [{ name: [{ 'anything-but': { prefix: 'Web' } }] }, false],
  [{ name: [{ 'anything-but': { prefix: ['Db', 'Api'] } }] }, true],
  [{ name: [{ 'anything-but': { suffix: '.txt' } }] }, true],
  [{ name: [{ 'anything-but': { 'equals-ignore-case': ['WEB-SERVER.LOG'] } }] }, false],
  [{ name: [{ 'anything-but': { wildcard: '*Server*' } }] }, false],
  [{ version: [{ numeric: ['>', 2] }] }, true],
  [{ version: [{ numeric: ['>', 2, '<=', 3] }] }, true],
  [{ version: [{ numeric: ['>', 3, '<', 9] }] }, false],
  [{ version: [{ numeric: ['=', 3.0] }] }, true],
  [{ count: [{ numeric: ['<=', 0] }] }, true],
  [{ cpu: [{ numeric: ['>', 1] }] }, false],
  [{ lastStatus: [{ exists: true }] }, true],
  [{ lastStatus: [{ exists: false }] }, false],
  [{ absent: [{ exists: false }] }, true],
  [{ absent: { deeper: [{ exists: false }] } }, true],
  [{ nothing: [{ exists: true }] }, true],
  [{ containers: [{ exists: true }] }, false],
  [{ list: [{ exists: true }] }, false],
  [{ name: [{ wildcard: 'Web*' }] }, true],
  [{ name: [{ wildcard: '*-*.log' }] }, true],
  [{ name: [{ wildcard: '*Server' }] }, false],
  [{ name: [{ wildcard: 'Web*b-Server.log' }] }, false],
  [{ path: [{ wildcard: 'a\\*b\\\\*' }] }, true],
  [{ empty: [{ wildcard: '*' }] }, true],
  [{ address: [{ cidr: '10.0.0.0/24' }] }, true],
  [{ address: [{ cidr: '10.0.1.0/24' }] }, false],
  [{ six: [{ cidr: '2001:db8::/32' }] }, true],
  [{ name: [{ cidr: '10.0.0.0/24' }] }, false],
  [{ containers: { name: ['side'] } }, true],
  [{ containers: { name: ['side'], exitCode: [1] } }, true],
  [{ containers: { name: ['app'], exitCode: [1] } }, false],
  [{ containers: { tags: ['y'] } }, true],
  [{ $or: [{ version: [9] }, { lastStatus: ['RUNNING'] }] }, true],
  [{ $or: [{ version: [9] }, { lastStatus: ['STOPPED'] }] }, false],
  [{ version: [9], $or: [{ lastStatus: ['RUNNING'] }, { cpu: ['1'] }] }, false],
  [{ $or: [{ $or: [{ version: [3] }, { version: [4] }] }, { cpu: ['1'] }] }, true],
  [{ lastStatus: ['STOPPED', { prefix: 'RUN' }] }, true],
];

describe('a pattern', () => {
  it.each(cases.map(([pattern, isMatch]) => ({ pattern: JSON.stringify({ detail: pattern }), isMatch })))(
    '$pattern: $isMatch',
    ({ pattern, isMatch }) => {
      expect(matches(parsePattern(pattern), event)).toBe(isMatch);
    },
  );

  it('matches the members of the envelope too', () => {
    const pattern = {
      source: ['aws.ecs'],
      'detail-type': ['ECS Task State Change'],
      resources: [{ prefix: 'arn:aws:ecs:us-east-1:1:task/blue/' }],
    };
    expect(matches(parsePattern(JSON.stringify(pattern)), event)).toBe(true);
  });

  it.each([
    ['{', 'it is not valid JSON'],
    ['[]', 'it must be an object'],
    ['{}', 'it is empty'],
    ['{"source":"aws.ecs"}', '"source" must be an object or an array'],
    ['{"source":[]}', 'Empty arrays are not allowed: source'],
    ['{"detail":{}}', 'Empty objects are not allowed: detail'],
    ['{"detail":{"a":[{"regex":"x"}]}}', 'Unrecognized match type regex at detail.a'],
    ['{"a":[{"prefix":"x","suffix":"y"}]}', 'exactly one operator'],
    ['{"a":[{"prefix":1}]}', 'prefix of a must be a string'],
    ['{"a":[{"exists":"yes"}]}', 'exists of a must be true or false'],
    ['{"a":[{"numeric":[">"]}]}', 'must be one comparison or a range'],
    ['{"a":[{"numeric":["~",1]}]}', 'must be pairs of'],
    ['{"a":[{"numeric":["<",1,">",5]}]}', 'lower bound first'],
    ['{"a":[{"anything-but":[]}]}', 'anything-but of a'],
    ['{"a":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}', 'takes one of prefix'],
    ['{"a":[{"wildcard":"a**"}]}', 'Consecutive wildcard characters'],
    ['{"a":[{"wildcard":"\\\\x"}]}', 'Invalid escape character'],
    ['{"a":[{"cidr":"10.0.0.0/33"}]}', 'Malformed CIDR'],
    ['{"a":[[1]]}', 'exactly one operator'],
  ])('is refused as %s: %s', (text, problem) => {
    expect(() => parsePattern(text)).toThrow(problem);
  });

  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));

  it('of an event’s own values matches that event, and only with all of them', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), scalar, { minKeys: 1, maxKeys: 5 }),
        scalar,
        (fields, other) => {
          fc.pre(!('$or' in fields));
          const pattern = parsePattern(
            JSON.stringify({
              detail: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, [value]])),
            }),
          );
          expect(matches(pattern, { detail: fields })).toBe(true);
          const [name = '', value] = Object.entries(fields)[0] ?? [];
          if (value !== other) expect(matches(pattern, { detail: { ...fields, [name]: other } })).toBe(false);
          const { [name]: _, ...rest } = fields;
          expect(matches(pattern, { detail: rest })).toBe(false);
        },
      ),
    );
  });

  it('of anything-but matches exactly what the value itself does not', () => {
    fc.assert(
      fc.property(scalar, scalar, (wanted, actual) => {
        const value = parsePattern(JSON.stringify({ a: [wanted] }));
        const but = parsePattern(JSON.stringify({ a: [{ 'anything-but': wanted }] }));
        expect(matches(but, { a: actual })).toBe(!matches(value, { a: actual }));
      }),
    );
  });

  it('of a wildcard agrees with the regular expression of the same meaning', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }), (pattern, text) => {
        fc.pre(!pattern.includes('**'));
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text);
        expect(matches(parsePattern(JSON.stringify({ a: [{ wildcard: pattern }] })), { a: text })).toBe(
          expected,
        );
      }),
    );
  });

  it('is read or refused, whatever it is, and matches or does not, whatever the event', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (text, anything) => {
        let pattern: ReturnType<typeof parsePattern>;
        try {
          pattern = parsePattern(text);
        } catch (error) {
          expect(error).toMatchObject({ name: 'InvalidPattern' });
          return;
        }
        expect(typeof matches(pattern, anything)).toBe('boolean');
      }),
    );
  });
});
