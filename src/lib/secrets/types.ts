/** Secrets Manager, as far as values are read. */
export interface SecretsPort {
  /** GetSecretValue of the current version. Undefined when there is none. */
  value(id: string): Promise<string | Uint8Array | undefined>;
}

/** Parameter Store, as far as values are read. */
export interface ParametersPort {
  /** GetParameter with decryption. Undefined when there is none. */
  parameter(name: string): Promise<{ readonly value: string; readonly secure: boolean } | undefined>;
}

/** Opened on first use: most runs need one of the two, or none. */
export interface SecretsPorts {
  /** For messages. */
  readonly region: string;
  secrets(): Promise<SecretsPort>;
  parameters(): Promise<ParametersPort>;
}
