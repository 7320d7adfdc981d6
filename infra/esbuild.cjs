const tsx = require('tsx/cjs/api');
const { readDestinations } = require('./variables.cjs');

/** Where serverless.yml says how functions are bundled. Destinations are validated here and become data in the bundle. */
exports.options = async (variables) => {
  const { compileDestinations, compiledDestinationsName } = tsx.require('./config/compile.ts', __filename);
  return {
    bundle: true,
    minify: true,
    legalComments: 'none',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outputFileExtension: '.mjs',
    // The SDK's ESM halves can be shaken, its CommonJS ones cannot.
    mainFields: ['module', 'main'],
    // Some CommonJS packages still call require for Node's own modules. The name is one that no minifier gives.
    banner: {
      js: "import{createRequire as bannerRequire}from'node:module';const require=bannerRequire(import.meta.url);",
    },
    // A path, because this is data to serverless.yml.
    plugins: 'infra/sdk-trimming.cjs',
    define: { [compiledDestinationsName]: compileDestinations(await readDestinations(variables)) },
    // The SDK is bundled: a function runs with the version it was tested with.
    exclude: [],
  };
};
