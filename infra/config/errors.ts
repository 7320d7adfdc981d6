/**
 * A destinations file that cannot be used. `CONFIGURATION_UNREADABLE`: no such file, or not text (see `cause`).
 * `CONFIGURATION_INVALID`: not YAML, an unknown key, a wrong value, an impossible pair.
 */
export class ConfigurationError extends Error {
  readonly code: 'CONFIGURATION_UNREADABLE' | 'CONFIGURATION_INVALID';
  /** Every problem of the file, one line each: `infra/destinations.yml: destinations[0].key: …`. */
  readonly problems: readonly string[];

  constructor(code: ConfigurationError['code'], problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.name = 'ConfigurationError';
    this.code = code;
    this.problems = problems;
  }
}
