/** What a load balancer answers by itself. */
const reasons: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  400: 'Bad Request',
  401: 'Authorization Required',
  405: 'Method Not Allowed',
  408: 'Request Time-out',
  414: 'Request-URI Too Large',
  463: '',
  464: '',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
  507: 'Insufficient Storage',
  561: 'Unauthorized',
  562: 'JWKS Request Failed',
};

export function reasonOf(status: number): string {
  return reasons[status] ?? '';
}

export function errorTitle(status: number): string {
  return `${status} ${reasonOf(status)}`.trim();
}

/** @param title As a log format may be part of it. */
export function errorPage(title: string): string {
  return `<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center></body></html>`;
}
