import type { Destination } from '../access/destination.ts';
import { type LambdaFunction, lambdaFunction } from '../lambda/handler.ts';
import { logOf, type Settings } from './settings.ts';

/** The validated destinations, put here by the bundler: functions carry data, not a schema library. */
declare const COMPILED_DESTINATIONS: readonly Destination[] | undefined;

/**
 * The function that Lambda calls. In Lambda it is composed at once, in the init phase, where the processor is free and
 * connections can be opened early; elsewhere importing the module does nothing, and the first call composes it.
 * A function that cannot be composed answers every packet with 503 and says why in its log, where a crash at init would
 * have ALB answer a bare 502.
 */
export const lambdaEntry = (compose: (settings: Settings) => LambdaFunction): LambdaFunction => {
  const start = (): LambdaFunction => {
    const destinations = typeof COMPILED_DESTINATIONS === 'undefined' ? [] : COMPILED_DESTINATIONS;
    const settings = { environment: process.env, destinations };
    try {
      return compose(settings);
    } catch (error) {
      const fail = () => Promise.reject(error);
      return lambdaFunction(fail, { log: logOf(settings), nowMs: Date.now });
    }
  };
  let started = process.env['AWS_LAMBDA_FUNCTION_NAME'] === undefined ? undefined : start();
  return (event, context) => {
    started ??= start();
    return started(event, context);
  };
};
