// The operator: tells each Voyage its port, and judges where one may go.
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const read = (name) => readFileSync(`${account}/${name}`, 'utf8');
const voyages = `/apis/pilot.example.com/v1/namespaces/${read('namespace')}/voyages`;

/** Hands each line of the answer to `line`. */
function call(method, path, body, line = () => {}) {
  const headers = {
    authorization: `Bearer ${read('token')}`,
    'content-type': 'application/merge-patch+json',
  };
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: 'kubernetes.default.svc', path, method, headers, ca: read('ca.crt') },
      (answer) => {
        let rest = '';
        answer.setEncoding('utf8');
        answer.on('data', (text) => {
          const lines = (rest + text).split('\n');
          rest = lines.pop();
          lines.forEach(line);
        });
        answer.on('end', () => {
          if (rest !== '') line(rest);
          resolve(answer.statusCode);
        });
      },
    );
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}

createServer({ cert: readFileSync('/tls/tls.crt'), key: readFileSync('/tls/tls.key') }, (asked, answer) => {
  let text = '';
  asked.on('data', (piece) => {
    text += piece;
  });
  asked.on('end', () => {
    if (asked.url?.startsWith('/judge') !== true) return answer.end('ready');
    const { uid, object } = JSON.parse(text).request;
    const allowed = object.spec.to !== 'nowhere';
    const response = { uid, allowed, status: { message: 'nobody sails to nowhere' } };
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
  });
}).listen(8443);

process.on('SIGTERM', () => process.exit(0));
for (;;)
  await call('GET', `${voyages}?watch=true`, undefined, (line) => {
    const { type, object } = JSON.parse(line);
    const port = `port of ${object.spec?.to}`;
    if ((type === 'ADDED' || type === 'MODIFIED') && object.status?.port !== port)
      call('PATCH', `${voyages}/${object.metadata.name}/status`, { status: { port } });
  });
