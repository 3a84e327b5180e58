import { X509Certificate } from 'node:crypto';
import { type FieldError, invalidValue, required } from '../apiserver/status.ts';
import { type JsonObject, memberOf, textOf } from '../objects/object.ts';

/** What is wrong with a `WebhookClientConfig`, of an admission webhook or of a conversion. */
export function clientConfigErrors(config: JsonObject, at: string): readonly FieldError[] {
  const { url, service } = config;
  if ((url === undefined) === (service === undefined))
    return [required(at, 'exactly one of url or service is required')];
  const errors: FieldError[] = [];
  if (url !== undefined) errors.push(...urlErrors(textOf(config, 'url'), `${at}.url`));
  else errors.push(...serviceErrors(memberOf(config, 'service'), `${at}.service`));
  const bundle = textOf(config, 'caBundle');
  if (bundle !== '' && !isBundle(bundle)) {
    errors.push(
      invalidValue(
        `${at}.caBundle`,
        bundle,
        'unable to load root certificates: unable to parse bytes as PEM block',
      ),
    );
  }
  return errors;
}

const urlForm = 'desired format: https://host[:port]/path';

function urlErrors(text: string, field: string): readonly FieldError[] {
  if (!URL.canParse(text)) return [invalidValue(field, text, `url must be a valid URL: ${text}; ${urlForm}`)];
  const url = new URL(text);
  const told = (detail: string): FieldError => invalidValue(field, text, detail);
  const errors: FieldError[] = [];
  if (url.protocol !== 'https:') errors.push(told(`'https' is the only allowed URL scheme; ${urlForm}`));
  if (url.hostname === '') errors.push(told(`host must be specified; ${urlForm}`));
  if (url.username !== '' || url.password !== '')
    errors.push(told('user information is not permitted in the URL'));
  if (url.hash !== '') errors.push(told('fragments are not permitted in the URL'));
  if (url.search !== '') errors.push(told('query parameters are not permitted in the URL'));
  return errors;
}

function serviceErrors(service: JsonObject, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (textOf(service, 'name') === '') errors.push(required(`${at}.name`, 'service name is required'));
  if (textOf(service, 'namespace') === '')
    errors.push(required(`${at}.namespace`, 'service namespace is required'));
  const { port } = service;
  if (typeof port !== 'number' || port < 1 || port > 65_535)
    errors.push(
      invalidValue(`${at}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'),
    );
  const path = textOf(service, 'path');
  if (path !== '' && (!path.startsWith('/') || /[?#\s]|\/\//.test(path)))
    errors.push(
      invalidValue(
        `${at}.path`,
        path,
        "must start with a '/' and hold no empty segments, queries or fragments",
      ),
    );
  return errors;
}

function isBundle(base64: string): boolean {
  const blocks = Buffer.from(base64, 'base64')
    .toString()
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  try {
    return blocks?.every((block) => new X509Certificate(block).raw.length > 0) ?? false;
  } catch {
    return false;
  }
}
