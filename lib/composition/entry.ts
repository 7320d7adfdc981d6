import type { Destination } from '../access/destination.ts';
import { type LambdaContext, type LambdaFunction, lambdaFunction } from '../lambda/handler.ts';
import { logOf, type Settings } from './settings.ts';

/** The validated destinations, put here by the bundler: functions carry data, not a schema library. */
declare const COMPILED_DESTINATIONS: readonly Destination[] | undefined;

const settingsOfProcess = (): Settings => ({
  environment: process.env,
  destinations: typeof COMPILED_DESTINATIONS === 'undefined' ? [] : COMPILED_DESTINATIONS,
});

type Invocable<R> = (event: unknown, context: LambdaContext) => Promise<R>;

/**
 * In Lambda a function is composed at once, in the init phase, where the processor is free and connections can be opened
 * early; elsewhere importing its module does nothing, and the first call composes it.
 */
const composedOnce = <R>(compose: () => Invocable<R>): Invocable<R> => {
  let composed = process.env['AWS_LAMBDA_FUNCTION_NAME'] === undefined ? undefined : compose();
  return (event, context) => {
    composed ??= compose();
    return composed(event, context);
  };
};

/**
 * The function that Lambda calls for a packet. One that cannot be composed answers every packet with 503 and says why in
 * its log, where a crash at init would have ALB answer a bare 502.
 */
export const lambdaEntry = (compose: (settings: Settings) => LambdaFunction): LambdaFunction =>
  composedOnce(() => {
    const settings = settingsOfProcess();
    try {
      return compose(settings);
    } catch (error) {
      const fail = () => Promise.reject(error);
      return lambdaFunction(fail, { log: logOf(settings), nowMs: Date.now });
    }
  });

/** The function that Lambda calls for work that no client waits for: what fails is thrown, and Lambda tries it again. */
export const jobEntry = <R>(compose: (settings: Settings) => Invocable<R>): Invocable<R> =>
  composedOnce(() => compose(settingsOfProcess()));
