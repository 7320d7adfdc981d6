const { readFile } = require('node:fs/promises');
const { resolve } = require('node:path');
const tsx = require('tsx/cjs/api');

const load = (file) => tsx.require(file, __filename);

/** What the deployment tool does not do by itself: the same template for the same input, and no deployment by accident. */
module.exports = class {
  constructor(serverless, _options, { log }) {
    this.serverless = serverless;
    this.log = log;
    this.hooks = {
      initialize: () => this.initialize(),
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.rightsFirst(),
      'after:aws:info:displayStackOutputs': () => this.nameOutputs(),
    };
  }

  async initialize() {
    const { service, classes, processedInput } = this.serverless;
    const command = processedInput.commands.join(' ');
    if (command === 'package') this.nameArtifactFolder();
    if (command === 'package' || command === 'deploy') this.warn(service.custom.access.warnings);
    if (command !== 'deploy') return;
    const { deployment, access } = service.custom;
    const undecided = deployment.undecided ?? access.undecided;
    const refusal = await this.refusal(processedInput.options.package, { undecided });
    if (refusal !== undefined) throw new classes.Error(`Nothing is deployed: ${refusal}`, 'NOT_DEPLOYABLE');
  }

  /** What stands in the template only when it is whole. */
  rightsFirst() {
    const { rightsFirst } = load('./deployment/rights-first.ts');
    const template = this.serverless.service.provider.compiledCloudFormationTemplate;
    for (const [id, ids] of rightsFirst(template)) template.Resources[id].DependsOn = ids;
  }

  /** The tool tells a stack's outputs only between every event of its making (`--verbose`); a deployer asks for them alone. */
  nameOutputs() {
    const { outputLines } = load('./deployment/outputs.ts');
    const { pluginManager, processedInput } = this.serverless;
    if (processedInput.options.verbose) return;
    const lines = pluginManager.plugins.flatMap(({ gatheredData }) => outputLines(gatheredData));
    if (lines.length > 0) this.serverless.addServiceOutputSection('outputs', lines);
  }

  /** What is allowed, and should not happen unnoticed. */
  warn(warnings) {
    for (const warning of warnings) this.log.warning(warning);
  }

  /** A deployment names it by the time of day, and sorts by that when it rolls back. */
  nameArtifactFolder() {
    const { artifactFolder } = load('./deployment/artifact-folder.ts');
    const provider = this.serverless.getProvider('aws');
    const { service, classes } = this.serverless;
    const prefix = `${provider.getDeploymentPrefix()}/${service.service}/${provider.getStage()}`;
    try {
      service.package.artifactDirectoryName = artifactFolder(prefix, process.env.SOURCE_DATE_EPOCH);
    } catch (error) {
      throw new classes.Error(error.message, error.code);
    }
  }

  async refusal(packagePath, { undecided }) {
    if (packagePath === undefined) return undecided ?? undefined;
    const { refusePackage } = load('./deployment/refusal.ts');
    const provider = this.serverless.getProvider('aws');
    const file = resolve(
      this.serverless.serviceDir,
      packagePath,
      provider.naming.getCompiledTemplateFileName(),
    );
    return refusePackage(await readFile(file, 'utf8'));
  }
};
