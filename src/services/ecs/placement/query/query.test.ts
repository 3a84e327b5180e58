import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, type InstanceFacts } from './compile.ts';
import { type Expression, printExpression, type Subject } from './expression.ts';
import { compileQuery } from './index.ts';
import { parseExpression, QueryError } from './parse.ts';

const instance = (changes: Partial<InstanceFacts> = {}): InstanceFacts => ({
  agentConnected: true,
  agentVersion: '1.80.0',
  ec2InstanceId: 'i-0abc',
  registeredAt: Date.UTC(2018, 5, 18, 22, 28, 28, 500),
  runningTasksCount: 3,
  attributes: new Map([
    ['ecs.instance-type', 't3.small'],
    ['ecs.availability-zone', 'us-east-1a'],
    ['ecs.capability.task-eni', undefined],
    ['stack', 'pro d'],
    ['rack', '9'],
  ]),
  groups: [{ group: 'service:web' }, { group: 'family:job' }],
  ...changes,
});

describe('which instances an expression holds', () => {
  const cases: readonly [expression: string, isHeld: boolean][] = [
    ['attribute:ecs.instance-type == t3.small', true],
    ['attribute:ecs.instance-type equals t3.large', false],
    ['attribute:ecs.instance-type==t3.small', true],
    ['attribute:ecs.instance-type != t3.large', true],
    ['attribute:ecs.instance-type not_equals t3.small', false],
    ["attribute:stack == 'pro d'", true],
    ['attribute:color == red', false],
    ['attribute:color != red', true],
    ['attribute:ecs.availability-zone in [us-east-1a, us-east-1b]', true],
    ["attribute:ecs.availability-zone in ['us-east-1c','us-east-1b']", false],
    ['attribute:ecs.availability-zone !in [us-east-1c]', true],
    ['attribute:ecs.availability-zone not_in [us-east-1a]', false],
    ['attribute:color not_in [red]', true],
    ['attribute:ecs.capability.task-eni exists', true],
    ['attribute:ecs.capability.task-eni !exists', false],
    ['attribute:color not_exists', true],
    ['attribute:ecs.capability.task-eni == x', false],
    ['attribute:ecs.instance-type =~ t3.*', true],
    ['attribute:ecs.instance-type =~ t3', false],
    ["attribute:ecs.instance-type matches 't[23][.](small|large)'", true],
    ['attribute:ecs.instance-type =~ t[23][.]small', true],
    ['attribute:ecs.instance-type !~ g2.*', true],
    ['attribute:ecs.instance-type not_matches t3.*', false],
    ['attribute:rack < 10', true],
    ['attribute:rack >= 9.5', false],
    ['attribute:ecs.instance-type > t2.large', true],
    ['attribute:color > a', false],
    ['agentConnected == true', true],
    ['agentConnected in [false]', false],
    ['agentConnected =~ t.*', true],
    ['agentVersion >= 1.80', true],
    ['agentVersion == 1.80.0', true],
    ['agentVersion greater_than 1.9.0', true],
    ['agentVersion less_than 1.100.0', true],
    ['agentVersion > 1.80.0', false],
    ['ec2InstanceId == i-0abc', true],
    ['ec2InstanceId in [i-1, i-2]', false],
    ['registeredAt == 2018-06-18T22:28:28+00:00', true],
    ['registeredAt == 2018-06-18T22:28:28Z', true],
    ['registeredAt == 2018-06-18T22:28:28', true],
    ['registeredAt == 2018-06-19T00:28:28+02:00', true],
    ['registeredAt > 2018-06-18', true],
    ['registeredAt less_than_equal 2018-06-18', false],
    ['runningTasksCount == 3', true],
    ['runningTasksCount greater_than_equal 4', false],
    ['task:group == service:web', true],
    ['task:group in [service:api, family:job]', true],
    ['task:group != service:web', false],
    ['task:group =~ service:.*', true],
    ['task:group == service:api or runningTasksCount < 1 and agentConnected == false', false],
    ['task:group == service:web || runningTasksCount < 1 && agentConnected == false', true],
    ['(task:group == service:web || runningTasksCount < 1) && agentConnected == false', false],
    ['not (task:group == service:api)', true],
    ['not(agentConnected == true)', false],
    ['!(agentConnected == true) or !agentConnected == false', true],
    ['not not agentConnected == true', true],
  ];
  it.each(cases)('%s: %s', (expression, isHeld) => {
    expect(compileQuery(expression)(instance())).toBe(isHeld);
  });

  it('nothing that an instance does not say of itself is equal, more or less', () => {
    const { agentVersion: _version, ec2InstanceId: _id, ...rest } = instance({ groups: [] });
    for (const expression of [
      'agentVersion == 1.0',
      'agentVersion > 0',
      'agentVersion < 9',
      'ec2InstanceId == i',
    ])
      expect(compileQuery(expression)(rest)).toBe(false);
    expect(compileQuery('agentVersion != 1.0')(rest)).toBe(true);
    expect(compileQuery('task:group == service:web')(rest)).toBe(false);
  });
});

describe('what is wrong with an expression', () => {
  const cases: readonly [expression: string, message: string | RegExp][] = [
    ['', /should be a subject .* at position 1, not the end/],
    ['color == red', /should be a subject \(agentConnected, .*attribute:NAME\) at position 1, not 'c'/],
    ['attribute: == red', "there should be the name of an attribute at position 12, not '='"],
    ['attribute:stack', /should be an operator .* at position 16, not the end/],
    ['attribute:stack like red', /should be an operator .* at position 17, not 'l'/],
    ['attribute:stack ==', 'there should be a value at position 19, not the end'],
    ['attribute:stack in red', "there should be a list in '[' and ']' at position 20, not 'r'"],
    ['attribute:stack in []', "there should be a value at position 21, not ']'"],
    ['attribute:stack in [a b]', "there should be ',' or ']' at position 23, not 'b'"],
    ["attribute:stack == 'red", 'the quote at position 20 is not closed'],
    ['attribute:stack == "red"', "there should be a value at position 20, not '\"'"],
    ['attribute:stack == red blue', "there should be 'and', 'or' or the end at position 24, not 'b'"],
    ['(attribute:stack == red', "there should be ')' at position 24, not the end"],
    ['attribute:stack == red)', "there should be 'and', 'or' or the end at position 23, not ')'"],
    ['attribute:stack =~ (a|b)', "there should be a regular expression at position 20, not '('"],
    ['attribute:stack =~ [', /what is at position 20 is not a regular expression: /],
    ['agentConnected == yes', 'the value of agentConnected at position 19 is not true or false'],
    ['agentConnected > true', /the operator > at position 16 is not for agentConnected: use ==, !=/],
    ['agentVersion exists', /the operator exists at position 14 is not for agentVersion/],
    ['agentVersion == new', /position 17 is not a version such as/],
    ['registeredAt < yesterday', /position 16 is not a date such as/],
    ['registeredAt < 2018-13-01', /position 16 is not a date such as/],
    ['runningTasksCount == -1', /position 22 is not a number of tasks/],
    ['constructor == a', /should be a subject/],
    [`attribute:a == ${'b'.repeat(2000)}`, 'it is longer than 2000 characters'],
    [`${'('.repeat(200)}a`, 'it is nested deeper than 100 at position 101'],
    [`${'!'.repeat(200)}a`, 'it is nested deeper than 100 at position 101'],
  ];
  it.each(cases)('%s', (expression, message) => {
    expect(() => parseExpression(expression)).toThrow(QueryError);
    expect(() => parseExpression(expression)).toThrow(message);
  });
});

describe('whatever is written', () => {
  const value = fc.oneof(
    fc.constantFrom('a', 'b', '9', '10', 'in', 'not', "it's", 'x y', '', '&&', 'ü'),
    fc.string({ maxLength: 6 }),
  );
  const textSubject = fc.constantFrom<Subject>(
    'ec2InstanceId',
    'task:group',
    'attribute:stack',
    'attribute:a-b/c',
  );
  const comparison = fc.constantFrom('==', '!=', '>', '>=', '<', '<=');
  const simple: fc.Arbitrary<Expression> = fc.oneof(
    fc.record({
      type: fc.constant('compare'),
      subject: textSubject,
      operator: fc.constantFrom('==', '!='),
      value,
    }),
    fc.record({
      type: fc.constant('compare'),
      subject: fc.constant<Subject>('attribute:stack'),
      operator: comparison,
      value,
    }),
    fc.record({
      type: fc.constant('compare'),
      subject: fc.constant<Subject>('runningTasksCount'),
      operator: comparison,
      value: fc.integer({ min: 0, max: 4 }).map(String),
    }),
    fc.record({
      type: fc.constant('in'),
      subject: textSubject,
      isNegated: fc.boolean(),
      values: fc.array(value, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      type: fc.constant('matches'),
      subject: textSubject,
      isNegated: fc.boolean(),
      pattern: fc.constantFrom('.*', 'a|b', 'x y', '[ab]+', '(a)(b)?'),
    }),
    fc.record({
      type: fc.constant('exists'),
      subject: fc.constant<Subject>('attribute:stack'),
      isNegated: fc.boolean(),
    }),
  );
  const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4 },
      simple,
      fc.record({ type: fc.constant('not'), term: tie('expression') }),
      fc.record({
        type: fc.constantFrom('and', 'or'),
        terms: fc.array(tie('expression'), { minLength: 2, maxLength: 3 }),
      }),
    ),
  }));
  const facts: fc.Arbitrary<InstanceFacts> = fc.record({
    agentConnected: fc.boolean(),
    ec2InstanceId: value,
    registeredAt: fc.constant(0),
    runningTasksCount: fc.integer({ min: 0, max: 4 }),
    attributes: fc
      .option(value, { nil: undefined })
      .chain((stack) => fc.constantFrom(new Map(), new Map([['stack', stack]]))),
    groups: fc.array(
      value.map((group) => ({ group })),
      { maxLength: 3 },
    ),
  });

  it('a printed tree parses to the same tree', () => {
    fc.assert(
      fc.property(expression, (tree) => {
        const text = printExpression(tree);
        if (text.length <= 2000) expect(parseExpression(text)).toEqual(tree);
      }),
    );
  });

  it('a compiled tree says what a plain reading of it says', () => {
    fc.assert(
      fc.property(expression, facts, (tree, asked) => {
        expect(compileExpression(tree)(asked)).toBe(holds(tree, asked));
      }),
      { numRuns: 500 },
    );
  });

  it('a text is an expression, or is refused with a position', () => {
    const pieces = fc.constantFrom(
      'attribute:a',
      '==',
      'in',
      '[',
      ']',
      '(',
      ')',
      'and',
      '||',
      'not',
      '!',
      "'",
      ' ',
      ',',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 }))).map((all) => all.join(' ')),
        ),
        (text) => {
          try {
            parseExpression(text);
          } catch (error) {
            expect(error).toBeInstanceOf(QueryError);
            expect(String(error)).toMatch(/at position \d+|longer than/);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

/** The language read as its guide says it, without any preparation. */
function holds(tree: Expression, asked: InstanceFacts): boolean {
  switch (tree.type) {
    case 'and':
      return tree.terms.filter((term) => !holds(term, asked)).length === 0;
    case 'or':
      return tree.terms.filter((term) => holds(term, asked)).length > 0;
    case 'not':
      return !holds(tree.term, asked);
    case 'exists':
      return asked.attributes.has(tree.subject.slice('attribute:'.length)) !== tree.isNegated;
    case 'in':
      return texts(tree.subject, asked).some((text) => tree.values.includes(text)) !== tree.isNegated;
    case 'matches':
      return (
        texts(tree.subject, asked).some((text) => new RegExp(`^(?:${tree.pattern})$`).test(text)) !==
        tree.isNegated
      );
    case 'compare': {
      const equal = texts(tree.subject, asked).includes(tree.value);
      if (tree.operator === '==') return equal;
      if (tree.operator === '!=') return !equal;
      if (equal) return tree.operator.endsWith('=');
      const [text] = texts(tree.subject, asked);
      if (text === undefined) return false;
      const isNumeric = [text, tree.value].every((each) => /^-?\d+(\.\d+)?$/.test(each));
      const isMore =
        isNumeric && Number(text) !== Number(tree.value)
          ? Number(text) > Number(tree.value)
          : text > tree.value;
      return tree.operator.startsWith('>') === isMore;
    }
  }
}

function texts(subject: Subject, asked: InstanceFacts): readonly string[] {
  switch (subject) {
    case 'ec2InstanceId':
      return asked.ec2InstanceId === undefined ? [] : [asked.ec2InstanceId];
    case 'task:group':
      return asked.groups.map(({ group }) => group);
    case 'runningTasksCount':
      return [String(asked.runningTasksCount)];
    default: {
      const text = asked.attributes.get(subject.slice('attribute:'.length));
      return text === undefined ? [] : [text];
    }
  }
}
