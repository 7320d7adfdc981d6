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
      'after:aws:deploy:deploy:checkForChanges': () => this.deployWhatWasTakenBack(),
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.finishTemplate(),
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

  /** What can be done and said only about a whole template. */
  finishTemplate() {
    const { oversizedPolicies } = load('./deployment/policy-sizes.ts');
    const { rightsFirst } = load('./deployment/rights-first.ts');
    const { service, classes } = this.serverless;
    const template = service.provider.compiledCloudFormationTemplate;
    for (const [id, ids] of rightsFirst(template)) template.Resources[id].DependsOn = ids;
    const provider = this.serverless.getProvider('aws');
    const place = { stackName: provider.naming.getStackName(), region: provider.getRegion() };
    const problems = oversizedPolicies(template, place);
    if (problems.length > 0) throw new classes.Error(problems.join('\n'), 'POLICY_TOO_LARGE');
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
    const { service, classes } = this.serverless;
    try {
      service.package.artifactDirectoryName = artifactFolder(this.folder(), process.env.SOURCE_DATE_EPOCH);
    } catch (error) {
      throw new classes.Error(error.message, error.code);
    }
  }

  /** Of the stage's packages in the deployment bucket. */
  folder() {
    const provider = this.serverless.getProvider('aws');
    return `${provider.getDeploymentPrefix()}/${this.serverless.service.service}/${provider.getStage()}`;
  }

  async refusal(packagePath, { undecided }) {
    if (packagePath === undefined) return undecided ?? undefined;
    const { refusePackage } = load('./deployment/refusal.ts');
    const provider = this.serverless.getProvider('aws');
    const read = (name) => readFile(resolve(this.serverless.serviceDir, packagePath, name), 'utf8');
    const made = {
      template: await read(provider.naming.getCompiledTemplateFileName()),
      state: await read(provider.naming.getServiceStateFileName()),
    };
    return refusePackage(made, {
      stage: provider.getStage(),
      region: provider.getRegion(),
      folder: this.folder(),
    });
  }

  /** Nothing to deploy, says the tool: but does the stack run what it compared with? */
  async deployWhatWasTakenBack() {
    const { provider: settings } = this.serverless.service;
    if (!settings.shouldNotDeploy) return;
    const sdk = require('@aws-sdk/client-cloudformation');
    const { isInForce } = load('./deployment/in-force.ts');
    const provider = this.serverless.getProvider('aws');
    const client = new sdk.CloudFormationClient(await provider.getAwsSdkV3Config());
    const StackName = provider.naming.getStackName();
    const { Stacks } = await client.send(new sdk.DescribeStacksCommand({ StackName }));
    const { TemplateBody } = await client.send(new sdk.GetTemplateCommand({ StackName }));
    const deployer = this.serverless.pluginManager.plugins.find((plugin) => plugin.getMostRecentObjects);
    const [newest] = (await deployer?.getMostRecentObjects()) ?? [];
    const deployed = { status: Stacks[0].StackStatus, template: TemplateBody, newestKey: newest?.Key };
    if (isInForce(deployed)) return;
    this.log.notice(
      'Nothing has changed since the last deployment, but that was taken back: deploying again',
    );
    settings.shouldNotDeploy = false;
  }
};
