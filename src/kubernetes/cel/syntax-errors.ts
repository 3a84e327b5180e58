/** Something that is no expression, and where it is seen. */
export interface SyntaxFault {
  readonly text: string;
  /** In the expression, from 0. */
  readonly at: number;
}

interface Token {
  readonly text: string;
  readonly at: number;
}

const tokenForm =
  /(?<blank>\s+|\/\/[^\n]*)|(?<value>[rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|0x[\da-fA-F]+u?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?u?|[A-Za-z_]\w*)|(?<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()[\]{}])/y;
const operators = new Set(['&&', '||', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', 'in']);
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Each is told with the expression's own line: a long one with many is cut. */
const mostShown = 100_000;

/** As ANTLR names what begins an operand. */
const operands =
  "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/**
 * Why a text is no expression, as ANTLR's parser tells cel-go: what ends too early, what is too much behind a whole expression, and
 * characters that begin nothing. Undefined: it is another fault, or none.
 */
export function syntaxFaults(expression: string): readonly SyntaxFault[] | undefined {
  const { tokens, faults } = tokensIn(expression);
  const fault = faultIn(tokens, expression.length);
  if (fault === 'other') return undefined;
  const all = fault === undefined ? faults : [...faults, fault];
  if (all.length === 0) return undefined;
  return all
    .toSorted((one, other) => one.at - other.at)
    .slice(0, Math.ceil(mostShown / (expression.length + 1)));
}

function tokensIn(expression: string): { readonly tokens: readonly Token[]; readonly faults: SyntaxFault[] } {
  const tokens: Token[] = [];
  const faults: SyntaxFault[] = [];
  for (let at = 0; at < expression.length; ) {
    tokenForm.lastIndex = at;
    const found = tokenForm.exec(expression);
    if (found !== null) {
      if (found.groups?.blank === undefined) tokens.push({ text: found[0], at });
      at += found[0].length;
      continue;
    }
    const text = notRecognized(expression, at);
    faults.push({ text: `token recognition error at: '${text}'`, at });
    at += text.length;
  }
  return { tokens, faults };
}

/** A text that does not end goes up to the end of the line; half an operator takes the next character along. */
function notRecognized(expression: string, at: number): string {
  const [first = ''] = expression.slice(at);
  if (first === '"' || first === "'") return /^[^\n]*/.exec(expression.slice(at))?.[0] ?? first;
  return '=&|'.includes(first) ? expression.slice(at, at + 2) : first;
}

function faultIn(tokens: readonly Token[], end: number): SyntaxFault | 'other' | undefined {
  const open: string[] = [];
  let before = '';
  for (const [index, { text, at }] of tokens.entries()) {
    const isOpening = closing[text] !== undefined;
    if (endsOperand(before)) {
      const isLast = index === tokens.length - 1;
      const isClosed = open.at(-1) !== undefined && closing[open.at(-1) as string] === text;
      const isGoingOn = operators.has(text) || /^[?:.]$/.test(text) || (text === ',' && open.length > 0);
      if (isClosed) open.pop();
      else if (isOpening && (text !== '{' || /\w$/.test(before))) open.push(text);
      else if (!isGoingOn) {
        if (open.length > 0) return 'other';
        return { text: `${isLast ? 'extraneous' : 'mismatched'} input '${text}' expecting <EOF>`, at };
      }
    } else if (isOpening) open.push(text);
    else if (open.at(-1) !== undefined && closing[open.at(-1) as string] === text) open.pop();
    else if (operators.has(text) && text !== '-') {
      const next = tokens[index + 1]?.text;
      if (index > 0 || next === undefined || operators.has(next) || closing[next] !== undefined)
        return 'other';
      // With a second fault ANTLR tells both.
      if (faultIn(tokens.slice(1), end) !== undefined) return 'other';
      return { text: `extraneous input '${text}' ${operands}`, at };
    } else if (!/^[\w"'.!?-]/.test(text)) return 'other';
    before = text;
  }
  return atEnd(before, open.at(-1), end);
}

function atEnd(before: string, open: string | undefined, end: number): SyntaxFault | 'other' | undefined {
  const early = "mismatched input '<EOF>'";
  if (before === '.') return { text: "no viable alternative at input '.'", at: end };
  if (before === '' || (operators.has(before) && before !== '-'))
    return { text: `${early} ${operands}`, at: end };
  if (!endsOperand(before)) return 'other';
  if (open === '(') return { text: "missing ')' at '<EOF>'", at: end };
  if (open === '{') return { text: `${early} expecting {'}', ','}`, at: end };
  return open === undefined ? undefined : 'other';
}

const endsOperand = (text: string): boolean => /[\w"')\]}]$/.test(text) && !operators.has(text);
