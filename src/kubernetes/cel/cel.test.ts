import { describe, expect, it } from 'vitest';
import { type Budget, CostLimitError } from './budget.ts';
import { CelEnvironment } from './environment.ts';

const budget = (left = 10_000_000): Budget => ({ perCall: 1_000_000, left });
class Berth {}
const environment = CelEnvironment.open((it) =>
  it
    .registerVariable('texts', 'list<string>')
    .registerVariable('long', 'string')
    .registerVariable('numbers', 'list<int>')
    .registerType('Berth', {
      ctor: Berth,
      fields: { name: 'string', ships: 'map<string, int>', next: 'list<Berth>', any: 'dyn' },
    })
    .registerVariable('berth', 'Berth'),
);
const variables = {
  berth: Object.assign(new Berth(), { name: 'a', ships: new Map([['x', 1n]]), next: [new Berth()] }),
  texts: Array.from({ length: 1_000 }, (_, at) => `text ${at}`),
  long: 'a'.repeat(100_000),
  numbers: [1n, 2n, 3n],
};
const evaluate = (expression: string) => environment.compile(expression, []).evaluate(variables, budget());

describe('Kubernetes’ functions', () => {
  it.each([
    'numbers.isSorted() && numbers.sum() == 6 && numbers.min() == 1 && numbers.max() == 3',
    'numbers.indexOf(2) == 1 && numbers.lastIndexOf(9) == -1',
    'sets.contains(numbers, [1, 2]) && sets.intersects(numbers, [3, 4]) && !sets.equivalent(numbers, [1])',
    "'abc123'.find('[0-9]+') == '123' && 'a1b2'.findAll('[0-9]') == ['1', '2']",
    "'abc'.matches('^a.c$') && !'abc'.matches('b$')",
    "'a-b-c'.replace('-', '+') == 'a+b+c' && 'a-b-c'.replace('-', '', 1) == 'ab-c' && 'abc'.charAt(1) == 'b'",
    "'%s has %d of %.2f'.format(['a', 3, 1.5]) == 'a has 3 of 1.50'",
    "url('https://u.example.com:8080/a/b?x=1&x=2').getHost() == 'u.example.com:8080'",
    "url('https://[::1]:80/').getHostname() == '::1' && url('/a/b').getEscapedPath() == '/a/b'",
    "url('https://a/?x=1&x=2').getQuery()['x'] == ['1', '2'] && !isURL('a b')",
    "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('500m').add(quantity('0.5')).asInteger() == 1",
    "quantity('1k') == quantity('1000') && quantity('1.5').compareTo(quantity('2')) == -1 && !isQuantity('1x')",
    "ip('192.168.0.1').family() == 4 && ip('::1').isLoopback() && !isIP('1.2.3') && !isIP('::ffff:1.2.3.4')",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsCIDR('11.0.0.0/16')",
    "string(cidr('10.1.2.3/16').masked()) == '10.1.0.0/16' && cidr('fd00::/64').prefixLength() == 64",
    "ip('2001:db8:0:0:0:0:0:1') == ip('2001:db8::1') && string(ip('2001:db8:0::1')) == '2001:db8::1'",
    "ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1')",
    "[duration('1s'), duration('2s')].sum() == duration('3s') && strings.quote('a\"b') == '\"a\\\\\"b\"'",
    'numbers.all(i, n, n == i + 1) && numbers.exists(i, n, i == 1 && n == 2) && numbers.existsOne(n, n == 2)',
    "[1, 'a', 2].exists(i, n, n == 2) && {'a': 1}.all(k, v, k == 'a' && v == 1)",
    'numbers.transformList(i, n, n > 1, n * 2) == [4, 6] && numbers.transformList(i, n, i) == [0, 1, 2]',
    "{'a': 1, 'b': 2}.transformMap(k, v, v > 1, k + k) == {'b': 'bb'}",
    "{'a': 'x'}.transformMapEntry(k, v, {v: k}) == {'x': 'a'}",
    '[[1, 2], [3]].all(i, list, list.all(j, n, n > i))',
    'optional.of(2).optMap(x, x * 2).value() == 4 && !optional.none().optFlatMap(x, optional.of(x)).hasValue()',
    "!optional.ofNonZeroValue('').hasValue() && optional.ofNonZeroValue(1).hasValue()",
    "!format.dns1123Label().validate('a-b').hasValue() && !format.dns1123LabelPrefix().validate('a-').hasValue()",
    "format.named('uuid').value().validate('x').value() == ['does not match the UUID format']",
    "!format.named('none').hasValue() && format.qualifiedName().validate('a/b/c').hasValue()",
    "semver('1.2.3').major() == 1 && semver('1.2.3-rc.1').isLessThan(semver('1.2.3')) && !isSemver('v1.2')",
    "semver('v01.2', true) == semver('1.2.0') && semver('1.0.0-a.10').compareTo(semver('1.0.0-a.9')) == 1",
    "isSemver('1.0', true) && !isSemver('1-rc', true) && !isSemver('1.2.3.4')",
    "bool('T') && bool('1') && !bool('F') && bool(dyn('true')) && bool(true)",
    "int('+5') == 5 && int('-0') == 0 && uint('7') == 7u && int(3.9) == 3 && int(dyn(2.5)) == 2",
    "double('.5e1') == 5.0 && double('0x1.8p1') == 3.0 && double('-inf') < 0.0",
    "string(1000000.0) == '1e+06' && string(0.00001) == '1e-05' && string(1.5) == '1.5' && string(2.0) == '2'",
    "'ÀB'.lowerAscii() == 'Àb' && 'àb'.upperAscii() == 'àB'",
    'has(berth.name) && !has(berth.any) && !has(berth.next[0].name)',
    "has(berth.ships.x) && !has(berth.ships.y) && berth.ships[?'x'].hasValue() && !has(berth.?any.name)",
    "timestamp('2026-01-01T00:00:00Z') - timestamp('2025-12-31T00:00:00Z') == duration('24h')",
  ])('%s', (expression) => {
    expect(evaluate(expression)).toBe(true);
  });
});

describe('a conversion fails', () => {
  it.each([
    ["bool('yes')", "type conversion error from 'string' to 'bool'"],
    ["bool('tRUE')", "type conversion error from 'string' to 'bool'"],
    ["int('')", "type conversion error from 'string' to 'int'"],
    ["int('0b1')", "type conversion error from 'string' to 'int'"],
    ["int('9223372036854775808')", "type conversion error from 'string' to 'int'"],
    ["uint('-1')", "type conversion error from 'string' to 'uint'"],
    ["double('0x10')", "type conversion error from 'string' to 'double'"],
    ["double('1e999')", "type conversion error from 'string' to 'double'"],
    ['int(1e30)', 'integer overflow'],
    ['uint(-1)', 'unsigned integer overflow'],
    ["string(b'\\xff')", 'invalid UTF-8 in bytes, cannot convert to string'],
  ])('%s', (expression, message) => {
    expect(() => evaluate(expression)).toThrow(message);
  });
});

describe('an expression is refused', () => {
  it.each([
    [
      'numbers.all(n, n >',
      "compilation failed: ERROR: <input>:1:19: Syntax error: mismatched input '<EOF>' expecting {",
    ],
    [
      'unknown > 1',
      "compilation failed: ERROR: <input>:1:1: undeclared reference to 'unknown' (in container '')",
    ],
    ['numbers.all(i, n, i)', 'compilation failed: ERROR: <input>:1:19: predicate must return bool'],
    ['long.all(i, n, true)', "'string' cannot be range of a comprehension (must be list, map, or dynamic)"],
    ['numbers.all(a.b, n, true)', 'argument must be a simple name'],
    [
      "numbers == 'a'",
      "compilation failed: ERROR: <input>:1:9: found no matching overload for '_==_' applied to '(list(int), string)'\n | numbers == 'a'\n | ........^",
    ],
    ['absent(numbers)', "<input>:1:7: undeclared reference to 'absent' (in container '')"],
    ['numbers.absent()', "<input>:1:15: undeclared reference to 'absent' (in container '')"],
    [
      'true &&\nlong.contains(1)',
      "<input>:2:14: found no matching overload for 'contains' applied to 'string.(int)'\n | long.contains(1)\n | .............^",
    ],
    ['-long == 1', "<input>:1:1: found no matching overload for '-_' applied to '(string)'"],
    ['size(numbers)', 'must evaluate to bool'],
    [
      'has(berth.absent)',
      "compilation failed: ERROR: <input>:1:4: undefined field 'absent'\n | has(berth.absent)\n | ...^",
    ],
    ['berth.next.all(a, has(a.absent))', "<input>:1:22: undefined field 'absent'"],
    ['berth.next.exists(a, a.next.exists(b, has(b.absent)))', "<input>:1:42: undefined field 'absent'"],
    ['berth.next.map(a, has(a.absent)) == []', "<input>:1:22: undefined field 'absent'"],
    ['berth.next.filter(a, has(a.absent)) == []', "<input>:1:25: undefined field 'absent'"],
    ['has(berth.absent.name)', "<input>:1:10: undefined field 'absent'"],
    ['has(berth.name.x)', "<input>:1:4: type 'string' does not support field selection"],
    ['has(berth)', '<input>:1:5: invalid argument to has() macro'],
    ['berth.next.name == 1', "<input>:1:11: type 'list(Berth)' does not support field selection"],
    [
      'berth.ships[1] == 1',
      "<input>:1:12: found no matching overload for '_[_]' applied to '(map(string, int), int)'",
    ],
    [
      'numbers.all(n, berth.ships[n] == 1)',
      "<input>:1:27: found no matching overload for '_[_]' applied to '(map(string, int), int)'",
    ],
    [
      'berth.ships[?1].hasValue()',
      "<input>:1:12: found no matching overload for '_[?_]' applied to '(map(string, int), int)'",
    ],
    ['bool(1)', "<input>:1:5: found no matching overload for 'bool' applied to '(int)'"],
    [
      `${'('.repeat(200)}true${')'.repeat(200)}`,
      'compilation failed: ERROR: <input>:1:101: Syntax error: Exceeded maxDepth (100)',
    ],
    [`${'true && '.repeat(5_000)}true`, 'expression is longer than 20000 characters'],
  ])('%s', (expression, message) => {
    expect(() => environment.compile(expression, ['bool'])).toThrow(message);
  });
});

describe('an expression that costs too much is ended', () => {
  it.each([
    ['by loops within loops', 'texts.all(a, texts.all(b, texts.all(c, a + b + c != "")))'],
    [
      'though a logical operator takes errors',
      'texts.all(a, texts.all(b, texts.all(c, a != "" || true))) || true',
    ],
    [
      'by lists that double',
      '[[1]].map(a, a + a + a + a + a + a + a + a).map(b, b + b + b + b + b + b + b + b)'
        .repeat(1)
        .replace('[[1]]', '[numbers]') + '.map(c, c + c + c + c + c + c + c + c)'.repeat(8),
    ],
    ['by texts that double', `[long]${'.map(a, a + a + a + a + a + a + a + a)'.repeat(8)}.size() > 0`],
    ['by loops of two variables', 'texts.all(i, a, texts.all(j, b, texts.all(k, c, a + b + c != "")))'],
    ['by looking through long texts again and again', 'texts.all(a, long.contains(a) || true)'],
    ['by patterns', "texts.all(a, long.matches('(a*)*b') || true)"],
    ['by short patterns that are long programs', "(long + long).matches('(a{0,30}){0,30}$')"],
    ['by looking for such patterns', "(long + long).find('(a{0,30}){0,30}$') == ''"],
    ['by looking to the end of a text again and again', "long.findAll('a.*y|a').size() > 0"],
    ['by comparing large lists', 'texts.all(a, texts.map(t, t) == texts.map(t, t))'],
  ])('%s', (_how, expression) => {
    const program = environment.compile(expression, []);
    // Of the processor, which others may keep busy meanwhile.
    const before = process.threadCpuUsage();
    expect(() => program.evaluate(variables, budget())).toThrow(CostLimitError);
    expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(3_000);
  });

  it('not where a pattern goes back and forth: it is matched in a time like that of the text, every time', () => {
    const program = environment.compile("long.matches('^(a+)+$')", ['bool']);
    // Of the processor, which others may keep busy meanwhile.
    const before = process.threadCpuUsage();
    for (let times = 0; times < 3; times++)
      expect(program.evaluate({ ...variables, long: `${'a'.repeat(26)}!` }, budget())).toBe(false);
    expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(1_000);
  });

  it('by many that are cheap, once nothing is left', () => {
    const left = budget(10_000);
    const program = environment.compile('texts.all(a, a != "")', ['bool']);
    expect(program.evaluate(variables, left)).toBe(true);
    expect(() => {
      for (;;) program.evaluate(variables, left);
    }).toThrow('running out of cost budget');
  });
});
