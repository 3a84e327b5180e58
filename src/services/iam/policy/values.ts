/** How condition operators read the values they compare; undefined where the text is none of its kind. */

export function readNumber(text: string): number | undefined {
  return /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

const isoDate =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$/;

/**
 * ISO 8601 as W3C profiles it (a year alone up to fractions of a second; UTC where no zone is named), or seconds
 * since 1970.
 * @returns Epoch milliseconds.
 */
export function readDate(text: string): number | undefined {
  const match = isoDate.exec(text);
  if (match === null) return /^-?\d{1,15}$/.test(text) ? Number(text) * 1_000 : undefined;
  const [
    ,
    year,
    month = '01',
    day = '01',
    hour = '00',
    minute = '00',
    second = '00',
    fraction = '',
    zone = 'Z',
  ] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // A day that the month does not have becomes another one instead of an error.
  if (Number.isNaN(time) || new Date(time).getUTCDate() !== Number(day)) return undefined;
  return time + Number(`0.${fraction}0`) * 1_000 - zoneOffsetMs(zone);
}

export function readBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/** Bytes as text that is equal where they are: base64 in its one canonical form. */
export function readBinary(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const stripped = text.replace(/=+$/, '');
  const canonical = Buffer.from(stripped, 'base64').toString('base64').replace(/=+$/, '');
  return canonical === stripped ? canonical : undefined;
}

function zoneOffsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
