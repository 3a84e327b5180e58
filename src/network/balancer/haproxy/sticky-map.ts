/** What brings a map of a running HAProxy to its wanted content. @param actual The answer to `show map`. */
export function mapCommands(path: string, actual: string, wanted: string): string[] {
  const before = new Map(
    actual
      .split('\n')
      .map((line) => line.split(' '))
      .flatMap(([, key, value]) => (key === undefined || value === undefined ? [] : [[key, value]])),
  );
  const after = new Map(
    wanted
      .split('\n')
      .map((line) => line.split(' '))
      .flatMap(([key = '', value]) => (value === undefined ? [] : [[key, value]])),
  );
  return [
    ...before
      .entries()
      .filter(([key, value]) => after.get(key) !== value)
      .map(([key]) => `del map ${path} ${key}`),
    ...after
      .entries()
      .filter(([key, value]) => before.get(key) !== value)
      .map(([key, value]) => `add map ${path} ${key} ${value}`),
  ];
}
