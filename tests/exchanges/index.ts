/** The worked exchanges as data: every harness replays the same files. */
export { bindRequest, type RequestBinding } from './bind-request.ts';
export { type CompareOptions, compareAck, HOSTING_CONTENT_TYPE } from './compare-ack.ts';
export type {
  Exchange,
  ExchangeRequest,
  ExchangeResponse,
  Outcome,
  StageDirection,
  Step,
} from './exchange.ts';
export { ExchangeSyntaxError } from './exchange.ts';
export { EXCHANGE_NAMES, EXCHANGE_PREFIX, type ExchangeName, loadExchange } from './load.ts';
export { parseExchange } from './parse.ts';
export { SessionIds } from './session-ids.ts';
