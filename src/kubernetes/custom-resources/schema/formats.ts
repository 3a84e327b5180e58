import { isIP, isIPv4, isIPv6 } from 'node:net';

/** Whether a text is of a format; of formats that are not here, every text is. */
const formats: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: (text) => /^[0-9a-f]{24}$/i.test(text),
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  cidr: isCidr,
  creditcard: (text) => /^\d{13,19}$/.test(text.replaceAll(/[ -]/g, '')),
  date: isDate,
  'date-time': isDateTime,
  datetime: isDateTime,
  duration: (text) => /^(-?(\d+(\.\d*)?|\.\d+)\s*([a-zµ]+)\s*)+$|^0$/i.test(text),
  email: (text) => /^[^\s@<>()[\]\\,;:"]+@[^\s@.]+(\.[^\s@.]+)*$/.test(text) && text.length <= 320,
  hexcolor: (text) => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  hostname: (text) =>
    text.length <= 255 &&
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  mac: (text) => /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(text),
  password: () => true,
  rgbcolor: isRgbColor,
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  uri: (text) => URL.canParse(text) || /^\/[^\s]*$/.test(text),
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  uuid3: (text) => isUuid(text, '3'),
  uuid4: (text) => isUuid(text, '4'),
  uuid5: (text) => isUuid(text, '5'),
};

export const isOfFormat = (format: string, text: string): boolean => formats[format]?.(text) ?? true;

const integerBounds: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: 2 ** 63 };

/** Whether a number fits into a format of integers. */
export function fitsInto(format: string, value: number): boolean {
  const bound = integerBounds[format];
  return bound === undefined || (value >= -bound && value < bound);
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  const version = isIP(address);
  return (
    version !== 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
  );
}

/** RFC 3339, `full-date`: a day that there is. */
function isDate(text: string): boolean {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return year !== '' && at.getUTCMonth() === Number(month) - 1 && at.getUTCDate() === Number(day);
}

function isDateTime(text: string): boolean {
  const [, date = '', hours = '', minutes = '', seconds = ''] =
    /^(\d{4}-\d\d-\d\d)[tT ](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[zZ]|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  return isDate(date) && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) <= 60;
}

function isRgbColor(text: string): boolean {
  const [, ...parts] = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text) ?? [];
  return parts.length === 3 && parts.every((part) => Number(part) <= 255);
}

const isUuid = (text: string, version: string): boolean =>
  /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text) &&
  text.replaceAll('-', '')[12] === version;

function isIsbn10(text: string): boolean {
  const digits = text.replaceAll(/[ -]/g, '');
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = [...digits].reduce((all, it, at) => all + (10 - at) * (it === 'X' ? 10 : Number(it)), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replaceAll(/[ -]/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  return [...digits].reduce((all, it, at) => all + Number(it) * (at % 2 === 0 ? 1 : 3), 0) % 10 === 0;
}
