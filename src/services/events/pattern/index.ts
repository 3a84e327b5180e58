/**
 * EventBridge's matching language: `parsePattern` reads a pattern and says what is wrong with it, `matches` asks
 * whether an event is meant. Pure; knows no rule and no service.
 */
export { InvalidPattern, parsePattern } from './parse.ts';
export { matches, type Pattern } from './pattern.ts';
