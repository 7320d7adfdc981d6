const { readFile } = require('node:fs/promises');
const { resolve } = require('node:path');
const tsx = require('tsx/cjs/api');

const load = (file) => tsx.require(file, __filename);

/** The tool prints an error's stack: for a deployer's own mistake the message alone is worth more. */
const withoutStack = async (work) => {
  try {
    return await work();
  } catch (error) {
    if (error.name === 'DeploymentError' || error.name === 'ConfigurationError') {
      error.stack = `\n${error.message}`;
    }
    throw error;
  }
};

/** `${file(./infra/variables.cjs):deployment}`: what the parameters decide. */
exports.deployment = ({ options, resolveVariable, resolveConfigurationProperty }) =>
  withoutStack(async () => {
    const { parameterNames, readParameters } = load('./deployment/parameters.ts');
    const { planDeployment } = load('./deployment/plan.ts');
    const stage = await resolveVariable('sls:stage');
    const region = await resolveConfigurationProperty(['provider', 'region']);
    const configured = (await resolveConfigurationProperty(['params'])) ?? {};
    // The names that were given, so that a misspelt one is found, and the values with the tool's own precedence.
    const given = [
      ...parameterNames,
      ...(options.param ?? []).map((assignment) => assignment.split('=')[0]),
      ...Object.keys({ ...configured.default, ...configured[stage] }),
    ];
    const values = {};
    for (const name of new Set(given)) {
      values[name] = await resolveVariable(`param:${name}, null`);
    }
    return planDeployment(readParameters(values, { stage, region }));
  });

/** The destinations file, validated against what the stack brings. */
exports.readDestinations = () =>
  withoutStack(async () => {
    const { loadDestinations } = load('./config/load.ts');
    const { DEFAULT_LIMITS } = load('./local/alb/limits.ts');
    const { readService } = load('./local/service.ts');

    const service = readService(await readFile(resolve(__dirname, '../serverless.yml'), 'utf8'));
    const fragment = service.functions.find(({ name }) => name === 'fragment');
    return loadDestinations(process.env.DESTINATIONS ?? resolve(__dirname, 'destinations.yml'), {
      memoryBytes: fragment.memoryMegabytes * 2 ** 20,
      maxRequestBodyBytes: DEFAULT_LIMITS.maxBodyBytes,
    });
  });

/** `${file(./infra/variables.cjs):destinations}`: what functions may write to, and whom they may call. */
exports.destinations = async () => {
  const { destinationBuckets } = load('./deployment/destination-buckets.ts');
  const { replyAccess } = load('./deployment/reply-access.ts');
  const destinations = await exports.readDestinations();
  return { ...destinationBuckets(destinations), replyAccess: replyAccess(destinations) };
};
