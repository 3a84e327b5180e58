import { errorPage, errorTitle } from '../../../../balancing/index.ts';

/** The end of a `return` or `http-error` line that answers so. */
export function errorAnswer(status: number): string {
  return `content-type text/html string '${errorPage(errorTitle(status))}' hdr Server awselb/2.0`;
}
