import type { Duration } from './hold.ts';

/** What EC2 holds. Tests read and write it directly; `addInstance` fills in what they leave out. */

export type InstanceStateName =
  | 'pending'
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'shutting-down'
  | 'terminated';

/** How an instance behaves; milliseconds on the fake's clock. */
export interface InstanceScript {
  /** From pending to running. Default 15 s. */
  startMs?: Duration;
  /** From running until both status checks pass. Default 60 s. */
  checksMs?: number;
  /** From stopping to stopped. Default 20 s. */
  stopMs?: Duration;
  /** StartInstances is refused for it, in AWS's words: InsufficientInstanceCapacity, VcpuLimitExceeded. */
  refuseStart?: { readonly code: string; readonly message: string; readonly status?: number };
  /** It starts, and falls back to stopped after `startMs` with this StateReason. */
  fallBack?: { readonly code: string; readonly message: string };
  /** Checks never pass: the status that they have instead. */
  checks?: { readonly system: string; readonly instance: string };
}

export interface FakeInstance {
  readonly id: string;
  state: InstanceStateName;
  type: string;
  zone: string;
  launchedAt: number;
  /** When the state last changed. */
  since: number;
  stateReason: { readonly code: string; readonly message: string } | undefined;
  privateIp: string;
  publicIp: string | undefined;
  /** The public address is an elastic IP: it stays. */
  elasticIp: boolean;
  /** A public address of Amazon's pool comes with each start. */
  autoPublicIp: boolean;
  readonly tags: Map<string, string>;
  rootDeviceType: 'ebs' | 'instance-store';
  hibernation: boolean;
  stopProtection: boolean;
  terminationProtection: boolean;
  /** Size in GiB of each volume, and what becomes of it. */
  volumes: { readonly id: string; readonly device: string; readonly deleteOnTermination: boolean }[];
  platform: 'Linux/UNIX' | 'Windows';
  lifecycle: 'spot' | undefined;
  readonly script: InstanceScript;
  /** What it wrote to its console. */
  console: string;
  /** How often it was rebooted. */
  reboots: number;
  /** InstanceMetadataOptions, as EC2 says them; undefined: not said. */
  metadata?: Readonly<Record<string, string | number>> | undefined;
  hibernated: boolean;
}

export class Ec2State {
  readonly instances = new Map<string, FakeInstance>();
  /** Items of a page; MaxResults makes it smaller. */
  pageSize = 1000;
  /** Instance type → zones that offer it; the rest is offered everywhere. */
  readonly offerings = new Map<string, readonly string[]>();
  /** Types that bring disks which do not outlive a stop. */
  readonly withInstanceStore = new Set<string>();
  /** How the instances that stacks make behave. */
  launched: InstanceScript = {};
  /** How many public addresses of Amazon's pool were given out. */
  addresses = 0;
  #serial = 0;

  /** Puts an instance there: running t3.small, with checks long passed, unless said otherwise. */
  /** Launch templates by their id: the newest version of each. */
  readonly launchTemplates = new Map<string, number>();

  addInstance(
    facts: Partial<Omit<FakeInstance, 'tags'>> & { tags?: Record<string, string> } = {},
  ): FakeInstance {
    const serial = ++this.#serial;
    const { tags, ...rest } = facts;
    const instance: FakeInstance = {
      id: `i-${serial.toString(16).padStart(17, '0')}`,
      state: 'running',
      type: 't3.small',
      zone: 'eu-west-3a',
      launchedAt: 0,
      since: 0,
      stateReason: undefined,
      privateIp: `10.0.${serial >> 8}.${serial & 255}`,
      publicIp: undefined,
      elasticIp: false,
      autoPublicIp: false,
      tags: new Map(Object.entries(tags ?? {})),
      rootDeviceType: 'ebs',
      hibernation: false,
      stopProtection: false,
      terminationProtection: false,
      volumes: [
        {
          id: `vol-${serial.toString(16).padStart(17, '0')}`,
          device: '/dev/sda1',
          deleteOnTermination: true,
        },
      ],
      platform: 'Linux/UNIX',
      lifecycle: undefined,
      script: {},
      console: '',
      reboots: 0,
      hibernated: false,
      ...rest,
    };
    this.instances.set(instance.id, instance);
    return instance;
  }
}
