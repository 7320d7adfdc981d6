/** Parameters that cannot be deployed, all problems at once; each line names its parameter. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
  readonly code = 'PARAMETERS_INVALID';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
