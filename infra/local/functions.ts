import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Destination } from '../../lib/access/destination.ts';
import { StartError } from './errors.ts';
import type { Handler, LocalFunction } from './invoker.ts';
import type { FunctionDefinition, ServiceDefinition } from './service.ts';

/** What every function is composed from: its environment variables and the destinations. */
export interface FunctionSettings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly destinations: readonly Destination[];
}

/** A function's module, as far as it is used here: `compose` makes one execution environment. */
interface FunctionModule {
  readonly compose: (settings: FunctionSettings) => Handler;
}

/** The folder of the project: handlers in `serverless.yml` are named from here. */
export const PROJECT_DIR = fileURLToPath(new URL('../../', import.meta.url));

/** Called by the clock and by expired items, not by a listener rule. */
export const SWEEP_FUNCTION = 'sweep';

/** Called by the pipe from the table's stream. */
export const EVENTS_FUNCTION = 'events';

/**
 * Loads the module of every function that a listener rule names, of the sweep and of the events; others have no caller
 * here. Each gets the variables that Lambda itself would add.
 *
 * Throws `StartError` (`BAD_SERVICE`) for a handler that cannot be loaded or exports no `compose`.
 */
export async function loadFunctions(
  service: ServiceDefinition,
  settings: FunctionSettings,
): Promise<LocalFunction[]> {
  const called = new Set([
    ...service.rules.map((rule) => rule.functionName),
    SWEEP_FUNCTION,
    EVENTS_FUNCTION,
  ]);
  const definitions = service.functions.filter(({ name }) => called.has(name));
  return Promise.all(
    definitions.map(async (definition) => {
      const { compose } = await loadModule(definition);
      const own = {
        destinations: settings.destinations,
        environment: {
          ...settings.environment,
          AWS_LAMBDA_FUNCTION_NAME: definition.name,
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMegabytes),
        },
      };
      const { name, timeoutMs, memoryMegabytes } = definition;
      return { name, timeoutMs, memoryMegabytes, compose: () => compose(own) };
    }),
  );
}

async function loadModule({ name, handler }: FunctionDefinition): Promise<FunctionModule> {
  const file = `${handler.slice(0, handler.lastIndexOf('.'))}.ts`;
  let loaded: unknown;
  try {
    loaded = await import(new URL(file, pathToFileURL(PROJECT_DIR)).href);
  } catch (cause) {
    throw new StartError('BAD_SERVICE', `function ${name}: ${file} cannot be loaded: ${String(cause)}`, {
      cause,
    });
  }
  if (!isFunctionModule(loaded))
    throw new StartError('BAD_SERVICE', `function ${name}: ${file} exports no compose`);
  return loaded;
}

function isFunctionModule(value: unknown): value is FunctionModule {
  return (
    typeof value === 'object' && value !== null && 'compose' in value && typeof value.compose === 'function'
  );
}
