const { readFile } = require('node:fs/promises');

/**
 * What esbuild leaves out of the SDK because it is told what it cannot know. Nothing of a package is changed on
 * disk, and what is left behaves as before; tests/bundle holds the sizes, and that the bundles really upload.
 */

/**
 * Where credentials come from: a function finds them in its environment and hands them to its clients
 * (lib/composition/clients.ts), so the chain that looks for profiles, SSO, web identities and instance metadata is never asked.
 */
const withoutCredentialChain = {
  name: 'without-credential-chain',
  setup(build) {
    const namespace = 'no-credential-chain';
    build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ path }) => ({ path, namespace }));
    build.onLoad({ filter: /.*/, namespace }, () => ({
      contents: `export const defaultProvider = () => async () => {
        throw new Error('the environment of the function has no credentials');
      };`,
    }));
  },
};

const declaration = /^((?:export )?(?:var|const) [\w$]+ = )(\[[\s\S]*?\n?\]);$/gm;

/**
 * Schemas of operations that nobody calls: a client declares hundreds of them in one file, as array literals whose keys are
 * constants of that file (`{ [_h]: … }`). To esbuild a computed key may run code, so it keeps every one.
 */
const withoutUnusedSchemas = {
  name: 'without-unused-schemas',
  setup(build) {
    const filter = /[\\/]@aws-sdk[\\/]client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/;
    build.onLoad({ filter }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(declaration, '$1/* @__PURE__ */ (() => $2)();'),
    }));
  },
};

/** The codec of event streams, which of all operations only S3 Select's would use. */
const withoutEventStreams = {
  name: 'without-event-streams',
  setup(build) {
    const namespace = 'no-event-streams';
    build.onResolve({ filter: /^@smithy\/core\/event-streams$/ }, ({ path }) => ({ path, namespace }));
    build.onLoad({ filter: /.*/, namespace }, () => ({
      contents: `export const resolveEventStreamSerdeConfig = (config) => config;
      export const eventStreamSerdeProvider = () => undefined;
      export class EventStreamSerde {
        constructor() {
          throw new Error('no operation that is called here streams events');
        }
      }`,
    }));
  },
};

/** All of a package's description but its version, which goes into the user agent. */
const withoutDescriptions = {
  name: 'without-descriptions',
  setup(build) {
    build.onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[\w-]+[\\/]package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

module.exports = [withoutEventStreams, withoutDescriptions, withoutCredentialChain, withoutUnusedSchemas];
