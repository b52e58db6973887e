import { Config } from '@oclif/core/config';

/** oclif's Config with everything that it knows. A file of its own, so that it is loaded when it is needed. */
export function loadConfig(root: string): Promise<Config> {
  return Config.load({ root });
}
