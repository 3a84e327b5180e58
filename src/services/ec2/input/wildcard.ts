/**
 * Whether a text matches a filter's value whole: `*` is any characters, `?` any one, `\` takes the meaning from the
 * character after it. The time is bounded by the product of the text's and the pattern's literal characters, of which a
 * pattern that matches has no more than the text.
 */
export function wildcard(pattern: string): (text: string) => boolean {
  const steps = stepsOf(pattern);
  if (steps.every((step) => typeof step === 'string')) {
    const literal = steps.join('');
    return (text) => text === literal;
  }
  const shortest = steps.filter((step) => step !== anyCharacters).length;
  return (text) => {
    const characters = [...text];
    return shortest <= characters.length && matches(steps, characters);
  };
}

const anyCharacters = Symbol('*');
const anyCharacter = Symbol('?');
type Step = string | typeof anyCharacters | typeof anyCharacter;

function stepsOf(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  let isEscaped = false;
  for (const character of pattern) {
    if (!isEscaped && character === '\\') {
      isEscaped = true;
      continue;
    }
    if (isEscaped) steps.push(character);
    else if (character === '?') steps.push(anyCharacter);
    else if (character !== '*') steps.push(character);
    else if (steps.at(-1) !== anyCharacters) steps.push(anyCharacters);
    isEscaped = false;
  }
  // At the end there is nothing to take the meaning from.
  if (isEscaped) steps.push('\\');
  return steps;
}

/** Takes each `*` as short as it goes; where it does not go on, the last `*` takes one more. */
function matches(steps: readonly Step[], characters: readonly string[]): boolean {
  let step = 0;
  let place = 0;
  let star: { readonly step: number; place: number } | undefined;
  while (place < characters.length) {
    const wanted = steps[step];
    if (wanted === anyCharacters) {
      star = { step, place };
      step++;
    } else if (wanted === anyCharacter || (wanted !== undefined && wanted === characters[place])) {
      step++;
      place++;
    } else if (star !== undefined) {
      star.place++;
      step = star.step + 1;
      place = star.place;
    } else return false;
  }
  return steps.slice(step).every((rest) => rest === anyCharacters);
}
