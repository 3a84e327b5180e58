/** Says whether a log event's message matches. */
export type Matcher = (message: string) => boolean;
