import { InvalidArgumentError } from 'commander';

/* What options may be: each reads one, or says what is expected. */

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

/** A password in it would be seen among the processes. */
export function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === undefined || !isWeb || `${url.username}${url.password}${url.search}${url.hash}` !== '')
    throw new InvalidArgumentError('An address is expected, such as http://127.0.0.1:3001.');
  return url;
}

/** It becomes a part of host names and ARNs, and the first start keeps it: the SDKs take no other. */
export function parseRegion(text: string): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text))
    throw new InvalidArgumentError('A region is small letters, digits and -, such as us-east-1.');
  return text;
}

/** An empty one, as of a variable that is not set, would be the current directory, which `down --purge` removes. */
export function parseStateDirectory(text: string): string {
  if (text === '') throw new InvalidArgumentError('A directory is expected.');
  return text;
}

export function parseWhole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A whole number is expected.');
  return Number(text);
}

export function parseHours(text: string): number {
  const hours = Number(text);
  if (!(hours > 0)) throw new InvalidArgumentError('A number of hours is expected, such as 0.5.');
  return hours;
}

export function parseEventCount(text: string): number {
  const value = parsePositive(text);
  if (value > 500) throw new InvalidArgumentError('At most 500 can be asked for.');
  return value;
}

export function parsePositive(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value === 0)
    throw new InvalidArgumentError('A positive whole number is expected.');
  return value;
}
