import type {
  PutEventsCommandInput,
  PutEventsRequestEntry,
  PutEventsResponse,
  PutEventsResultEntry,
  TestEventPatternCommandInput,
  TestEventPatternResponse,
} from '@aws-sdk/client-eventbridge';
import { uuid } from '../../../clock/index.ts';
import type { Call } from '../../service.ts';
import { busArn, defaultBus } from '../arn.ts';
import type { EventsContext } from '../context.ts';
import { unsupported, validationError } from '../errors.ts';
import { type Event, envelope, type UnloggedEvent } from '../event.ts';
import { matches, parsePattern } from '../pattern/index.ts';
import { Constraints } from './constraints.ts';
import { checkPattern } from './rule.ts';

const maxEntries = 10;
const maxBytes = 1024 * 1024;

/** Each entry is taken or refused on its own; those that are taken are in the event log when this answers. */
export async function putEvents(
  { eventLog, random }: EventsContext,
  { Entries = [], EndpointId }: PutEventsCommandInput,
  call: Call,
): Promise<PutEventsResponse> {
  new Constraints().list('entries', Entries, { min: 1, max: maxEntries }).throwIfViolated();
  if (EndpointId !== undefined) throw unsupported('An EndpointId is');
  const bytes = Entries.reduce((sum, entry) => sum + Buffer.byteLength(JSON.stringify(entry)), 0);
  if (bytes > maxBytes)
    throw validationError(`Total size of the entries in the request is over the limit of ${maxBytes} bytes.`);
  const events: UnloggedEvent[] = [];
  const results = Entries.map((entry): PutEventsResultEntry => {
    const problem = problemOf(entry, call);
    if (problem !== undefined) return problem;
    const event = envelope(
      {
        source: entry.Source ?? '',
        detailType: entry.DetailType ?? '',
        resources: entry.Resources ?? [],
        time: entry.Time?.getTime() ?? call.now,
        detail: detailOf(entry) ?? {},
      },
      call,
      uuid(random),
    );
    events.push(event);
    return { EventId: event.id };
  });
  eventLog.append(events);
  return { FailedEntryCount: results.length - events.length, Entries: results };
}

/** Why an entry is refused. */
function problemOf(entry: PutEventsRequestEntry, call: Call): PutEventsResultEntry | undefined {
  const refused = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (!entry[name])
      return refused(
        'InvalidArgument',
        `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      );
  }
  if (entry.Source?.startsWith('aws.') === true)
    return refused('NotAuthorizedForSourceException', 'Not authorized for the source.');
  if (
    entry.EventBusName !== undefined &&
    ![defaultBus, busArn(call, defaultBus)].includes(entry.EventBusName)
  )
    return refused('ResourceNotFoundException', `Event bus ${entry.EventBusName} does not exist.`);
  if (detailOf(entry) === undefined) return refused('MalformedDetail', 'Detail is malformed.');
  return undefined;
}

function detailOf({ Detail = '' }: PutEventsRequestEntry): Event['detail'] | undefined {
  try {
    const detail: unknown = JSON.parse(Detail);
    const isObject = typeof detail === 'object' && detail !== null && !Array.isArray(detail);
    return isObject ? { ...detail } : undefined;
  } catch {
    return undefined;
  }
}

const requiredFields = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];

export async function testEventPattern({
  EventPattern = '',
  Event: text = '',
}: TestEventPatternCommandInput): Promise<TestEventPatternResponse> {
  checkPattern(EventPattern);
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    throw validationError('Parameter Event is not valid.');
  }
  const missing = requiredFields.filter((name) => !Object.hasOwn(Object(event), name));
  if (missing.length > 0)
    throw validationError(`Parameter Event is not valid. Reason: it has no ${missing.join(', ')}.`);
  return { Result: matches(parsePattern(EventPattern), event) };
}
