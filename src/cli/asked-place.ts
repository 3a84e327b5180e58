/** A place in something that grows. Without `after`: the newest. With `waitMs` an answer waits for more, at most so long. */
export interface AskedPlace {
  readonly after?: number;
  readonly limit: number;
  readonly waitMs?: number;
}

export function placeQuery(place: AskedPlace): Record<string, string> {
  return Object.fromEntries(Object.entries(place).map(([name, value]) => [name, String(value)]));
}
