/** What Secrets Manager holds under a name. */
export type SecretValue = { readonly text: string } | { readonly binary: true };

/** What Parameter Store holds under a path; `secure` for a SecureString. */
export interface ParameterValue {
  readonly text: string;
  readonly secure: boolean;
}

/** What secrets need of AWS. Undefined says that the thing is not there. */
export interface SecretsPort {
  /** Secrets Manager GetSecretValue. */
  secretValue(name: string): Promise<SecretValue | undefined>;
  /** SSM GetParameter with decryption. */
  parameter(path: string): Promise<ParameterValue | undefined>;
}
