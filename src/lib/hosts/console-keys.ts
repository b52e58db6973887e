/**
 * The fingerprints of the host keys that a machine wrote to its console when it started for the first time, as
 * cloud-init does: `ec2: 256 SHA256:… root@ip-10-0-1-5 (ED25519)` between two lines that say what they are. Pure.
 */
export function consoleFingerprints(text: string): string[] {
  const [, block] = /BEGIN SSH HOST KEY FINGERPRINTS([\s\S]*?)END SSH HOST KEY FINGERPRINTS/.exec(text) ?? [];
  return [...(block ?? '').matchAll(/\bSHA256:[A-Za-z0-9+/]{43}/g)].map(([fingerprint]) => fingerprint);
}
