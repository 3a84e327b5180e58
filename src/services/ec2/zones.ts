/** Every region has these three: AWS's have three at least, named by letters. */
const zoneLetters = ['a', 'b', 'c'] as const;

/** The names of a region's availability zones, e.g. `us-east-1a`. */
export function zoneNames(region: string): readonly string[] {
  return zoneLetters.map((letter) => `${region}${letter}`);
}

/** E.g. `use1-az1` of `us-east-1a`; which letter is which zone is each account's own on AWS. */
export function zoneId(zoneName: string): string {
  return `${regionCode(zoneName.slice(0, -1))}-az${zoneName.charCodeAt(zoneName.length - 1) - 'a'.charCodeAt(0) + 1}`;
}

/** `us-east-1` is `use1`, `ap-northeast-2` is `apne2`: the first part, then the initials of the directions. */
function regionCode(region: string): string {
  const [first = '', ...rest] = region.split('-');
  const directions = rest.map((part) =>
    part.replace(/(north|south)(east|west)/, (_, one, two) => one[0] + two[0]),
  );
  return first + directions.map((part) => (/^([nsew]{2}|\d+)$/.test(part) ? part : part.charAt(0))).join('');
}
