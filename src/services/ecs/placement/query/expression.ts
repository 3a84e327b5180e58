/**
 * The cluster query language as a tree (Amazon ECS developer guide, "Create expressions to define container
 * instances for Amazon ECS tasks"). What a value may be for its subject has been checked by `parse.ts`.
 */
export type Expression =
  /** Two terms or more. */
  | { readonly type: 'and' | 'or'; readonly terms: readonly Expression[] }
  | { readonly type: 'not'; readonly term: Expression }
  | {
      readonly type: 'compare';
      readonly subject: Subject;
      readonly operator: Comparison;
      readonly value: string;
    }
  | {
      readonly type: 'in';
      readonly subject: Subject;
      readonly isNegated: boolean;
      /** One or more. */
      readonly values: readonly string[];
    }
  | {
      readonly type: 'matches';
      readonly subject: Subject;
      readonly isNegated: boolean;
      readonly pattern: string;
    }
  | { readonly type: 'exists'; readonly subject: Subject; readonly isNegated: boolean };

/** As it is written in an expression. */
export type Subject =
  | 'agentConnected'
  | 'agentVersion'
  | 'ec2InstanceId'
  | 'registeredAt'
  | 'runningTasksCount'
  | 'task:group'
  | `attribute:${string}`;

export type Comparison = '==' | '!=' | '>' | '>=' | '<' | '<=';

/** The expression as text that parses to the same tree. */
export function printExpression(expression: Expression): string {
  switch (expression.type) {
    case 'and':
    case 'or':
      return expression.terms.map(printTerm).join(` ${expression.type} `);
    case 'not':
      return `not ${printTerm(expression.term)}`;
    case 'compare':
      return `${expression.subject} ${expression.operator} ${printValue(expression.value)}`;
    case 'in': {
      const list = expression.values.map(printValue).join(', ');
      return `${expression.subject} ${expression.isNegated ? '!in' : 'in'} [${list}]`;
    }
    case 'matches':
      return `${expression.subject} ${expression.isNegated ? '!~' : '=~'} ${printValue(expression.pattern)}`;
    case 'exists':
      return `${expression.subject} ${expression.isNegated ? '!exists' : 'exists'}`;
  }
}

function printTerm(term: Expression): string {
  const text = printExpression(term);
  return term.type === 'and' || term.type === 'or' ? `(${text})` : text;
}

const plainValue = /^[A-Za-z0-9_.:@/*+-]+$/;

function printValue(value: string): string {
  return plainValue.test(value) ? value : `'${value.replaceAll("'", "''")}'`;
}
