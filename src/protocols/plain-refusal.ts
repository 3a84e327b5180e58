import type { Refusal } from './refusal.ts';
import type { WireAnswer } from './wire.ts';
import { element, escapeXml } from './xml-writer.ts';

/**
 * A refusal where no service is known whose protocol it could be written in: XML for what looks like a query
 * request, JSON with AWS's member names for everything else.
 */
export function plainRefusal(refusal: Refusal, contentType: string | undefined): WireAnswer {
  const status = refusal.status ?? 400;
  if (contentType?.startsWith('application/x-www-form-urlencoded') === true) {
    const error = element(
      'Error',
      element('Type', status >= 500 ? 'Receiver' : 'Sender') +
        element('Code', escapeXml(refusal.code)) +
        element('Message', escapeXml(refusal.message)),
    );
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n${element('ErrorResponse', error)}`;
    return { status, headers: { 'content-type': 'text/xml;charset=UTF-8' }, body };
  }
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': refusal.code },
    body: `${JSON.stringify({ __type: refusal.code, message: refusal.message })}\n`,
  };
}
