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
  const environment = process.env;
  return { parameters: readParameters(values, { stage, region, environment }), place: { stage, region } };
};

/** The destinations file, validated against what the stack brings and where it is. */
const loadDestinations = async ({ destinations }, { region }) => {
  const { loadDestinations } = load('./config/load.ts');
  const { DEFAULT_LIMITS } = load('./local/alb/limits.ts');
  const { readService } = load('./local/service.ts');

  const service = readService(await readFile(resolve(__dirname, '../serverless.yml'), 'utf8'));
  const fragment = service.functions.find(({ name }) => name === 'fragment');
  return loadDestinations(resolve(__dirname, '..', destinations), {
    memoryBytes: fragment.memoryMegabytes * 2 ** 20,
    maxRequestBodyBytes: DEFAULT_LIMITS.maxBodyBytes,
    region,
  });
};

/** Everything that a deployment is told, checked. */
const readAll = (variables) =>
  withoutStack(async () => {
    const { parameters, place } = await readParameters(variables);
    return { parameters, place, destinations: await loadDestinations(parameters, place) };
  });

/** `${file(./infra/variables.cjs):access}`: what knowing callers takes. */
exports.access = async (variables) => {
  const { planAccess } = load('./deployment/plan-access.ts');
  const { parameters, place, destinations } = await readAll(variables);
  return withoutStack(() => planAccess(parameters, destinations, place));
};

/** `${file(./infra/variables.cjs):deployment}`: what the parameters decide. */
exports.deployment = async (variables) => {
  const { planDeployment } = load('./deployment/plan.ts');
  const { certificatePort } = await exports.access(variables);
  const { parameters, destinations } = await readAll(variables);
  return withoutStack(() => planDeployment(parameters, destinations, certificatePort));
};

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

/** For the bundles, which have the destinations as data; without a deployment those of the project. */
exports.readDestinations = async (variables) => {
  if (variables !== undefined) return (await readAll(variables)).destinations;
  const { readParameters } = load('./deployment/parameters.ts');
  return loadDestinations(readParameters({}, { stage: 'dev', region: 'us-east-1' }), {});
};

/** `${file(./infra/variables.cjs):destinations}`: what functions may write to, and whom they may call. */
exports.destinations = async (variables) => {
  const { destinationBuckets } = load('./deployment/destination-buckets.ts');
  const { replyAccess } = load('./deployment/reply-access.ts');
  const { parameters, destinations } = await readAll(variables);
  return { ...destinationBuckets(destinations), replyAccess: replyAccess(destinations, parameters) };
};
