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

/** The parameters of this deployment, checked, and where it goes. */
const readParameters = async ({ options, resolveVariable, resolveConfigurationProperty }) => {
  const { parameterNames, readParameters } = load('./deployment/parameters.ts');
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
  return { parameters: readParameters(values, { stage, region }), place: { stage, region } };
};

/** `${file(./infra/variables.cjs):access}`: what knowing callers takes. */
exports.access = (variables) =>
  withoutStack(async () => {
    const { planAccess } = load('./deployment/plan-access.ts');
    const { parameters, place } = await readParameters(variables);
    return planAccess(parameters, await exports.readDestinations(place), place);
  });

/** `${file(./infra/variables.cjs):deployment}`: what the parameters decide. */
exports.deployment = (variables) =>
  withoutStack(async () => {
    const { planDeployment } = load('./deployment/plan.ts');
    const { certificatePort } = await exports.access(variables);
    const { parameters, place } = await readParameters(variables);
    return planDeployment(parameters, await exports.readDestinations(place), certificatePort);
  });

/** `${file(./infra/variables.cjs):environment}`: the variables of functions, by what these do. */
exports.environment = async (variables) => {
  const { environment } = await exports.access(variables);
  const stores = {
    SESSION_TABLE: { Ref: 'SessionTable' },
    STAGING_BUCKET: { Ref: 'StagingBucket' },
    UPLOAD_BUCKET: { Ref: 'UploadBucket' },
  };
  const { UPLOAD_BUCKET: _, ...forReplies } = stores;
  return {
    callers: environment,
    sessions: { ...stores, ...environment },
    replies: { ...forReplies, ...environment },
  };
};

/** The destinations file, validated against what the stack brings, and where it is, if that is known. */
exports.readDestinations = ({ region } = {}) =>
  withoutStack(async () => {
    const { loadDestinations } = load('./config/load.ts');
    const { DEFAULT_LIMITS } = load('./local/alb/limits.ts');
    const { readService } = load('./local/service.ts');

    const service = readService(await readFile(resolve(__dirname, '../serverless.yml'), 'utf8'));
    const fragment = service.functions.find(({ name }) => name === 'fragment');
    return loadDestinations(process.env.DESTINATIONS ?? resolve(__dirname, 'destinations.yml'), {
      memoryBytes: fragment.memoryMegabytes * 2 ** 20,
      maxRequestBodyBytes: DEFAULT_LIMITS.maxBodyBytes,
      region,
    });
  });

/** `${file(./infra/variables.cjs):destinations}`: what functions may write to, and whom they may call. */
exports.destinations = (variables) =>
  withoutStack(async () => {
    const { destinationBuckets } = load('./deployment/destination-buckets.ts');
    const { replyAccess } = load('./deployment/reply-access.ts');
    const { parameters, place } = await readParameters(variables);
    const destinations = await exports.readDestinations(place);
    return { ...destinationBuckets(destinations), replyAccess: replyAccess(destinations, parameters) };
  });
