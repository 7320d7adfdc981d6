const { readFile } = require('node:fs/promises');
const { resolve } = require('node:path');
const tsx = require('tsx/cjs/api');

/** Where serverless.yml says how functions are bundled. Destinations are validated here and become data in the bundle. */
exports.options = async () => {
  const { loadDestinations } = tsx.require('./config/load.ts', __filename);
  const { compileDestinations, compiledDestinationsName } = tsx.require('./config/compile.ts', __filename);
  const { DEFAULT_LIMITS } = tsx.require('./local/alb/limits.ts', __filename);
  const { readService } = tsx.require('./local/service.ts', __filename);

  const service = readService(await readFile(resolve(__dirname, '../serverless.yml'), 'utf8'));
  const fragment = service.functions.find(({ name }) => name === 'fragment');
  const destinations = await loadDestinations(
    process.env.DESTINATIONS ?? resolve(__dirname, 'destinations.yml'),
    { memoryBytes: fragment.memoryMegabytes * 2 ** 20, maxRequestBodyBytes: DEFAULT_LIMITS.maxBodyBytes },
  );
  return {
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outputFileExtension: '.mjs',
    // The SDK's ESM halves can be shaken, its CommonJS ones cannot.
    mainFields: ['module', 'main'],
    // Some CommonJS packages still call require for Node's own modules.
    banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
    define: { [compiledDestinationsName]: compileDestinations(destinations) },
    // The SDK is bundled: a function runs with the version it was tested with.
    exclude: [],
  };
};
