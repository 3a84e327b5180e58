import { describeConnections } from '../../conformance/connections.ts';
import { describeFaultyTargets } from '../../conformance/faulty-targets.ts';
import { describeGuards } from '../../conformance/guards.ts';
import { describeRequests } from '../../conformance/requests.ts';
import { describeRouting } from '../../conformance/routing.ts';
import { openNodejs } from '../../testing/nodejs-proxy.ts';

describeConnections('Node', openNodejs, undefined, {
  http2Targets: '(refused by name: HAProxy carries HTTP/2 and gRPC to targets)',
});
describeRequests('Node', openNodejs, undefined);
describeRouting('Node', openNodejs, undefined);
describeFaultyTargets('Node', openNodejs, undefined);
describeGuards('Node', openNodejs, undefined);
