/** Words of CEL that no type is called. */
const words = new Set(['false', 'in', 'null', 'true']);

/** A text, a comment, a path of names, or one character of anything else. */
const token =
  /[bBrR]{0,2}("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\/[^\n]*|[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*|\s+|[\s\S]/g;

/**
 * An expression with its objects of types (`Object.spec{replicas: 1}`) as maps (`{"replicas": 1}`), which the library knows: of
 * what mutations make, the types say nothing that the kind's own does not.
 */
export function structsAsMaps(expression: string): string {
  const tokens = expression.match(token) ?? [];
  const open: ('other' | 'struct')[] = [];
  let isAtKey = false;
  let text = '';
  for (const [index, part] of tokens.entries()) {
    const isSpace = /^(\s+|\/\/)/.test(part);
    const isName = /^[A-Za-z_]/.test(part) && !/["']$/.test(part);
    if (isName && !words.has(part) && nextOf(tokens, index) === '{') continue;
    if (part === '{') {
      open.push(isTyped(tokens, index) ? 'struct' : 'other');
      isAtKey = open.at(-1) === 'struct';
      text += part;
    } else if (isName && isAtKey && nextOf(tokens, index) === ':') {
      text += JSON.stringify(part);
      isAtKey = false;
    } else {
      if (part === '(' || part === '[') open.push('other');
      if (part === ')' || part === ']' || part === '}') open.pop();
      // An optional field has its mark before its name.
      if (!isSpace && !(isAtKey && part === '?')) isAtKey = part === ',' && open.at(-1) === 'struct';
      text += part;
    }
  }
  return text;
}

const isBlank = (part: string): boolean => /^(\s+|\/\/)/.test(part);

function nextOf(tokens: readonly string[], index: number): string | undefined {
  let at = index + 1;
  while (isBlank(tokens[at] ?? '')) at++;
  return tokens[at];
}

/** Whether what stands before a brace is the name of a type. */
function isTyped(tokens: readonly string[], index: number): boolean {
  let at = index - 1;
  while (isBlank(tokens[at] ?? '')) at--;
  const before = tokens[at] ?? '';
  return /^[A-Za-z_]/.test(before) && !/["']$/.test(before) && !words.has(before);
}
