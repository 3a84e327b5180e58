import { describeConnections } from '../conformance/connections.ts';
import { describeFaultyTargets } from '../conformance/faulty-targets.ts';
import { describeGuards } from '../conformance/guards.ts';
import { describeRequests } from '../conformance/requests.ts';
import { describeRouting } from '../conformance/routing.ts';
import { whyNoHaproxy } from '../open.ts';
import type { OpenProxy } from '../testing/proxy.ts';

const why = await whyNoHaproxy();
const open: OpenProxy = async (...args) => (await import('../testing/haproxy-proxy.ts')).openHaproxy(...args);

describeConnections('HAProxy', open, why);
describeRequests('HAProxy', open, why);
describeRouting('HAProxy', open, why);
describeFaultyTargets('HAProxy', open, why);
describeGuards('HAProxy', open, why);
