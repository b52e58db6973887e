import type { Clock } from '../base/clock.ts';
import { Exit, InfractlError } from '../base/errors.ts';
import { age } from '../base/text.ts';
import type { Invocation, ManagedInstance } from './ssm-port.ts';

const POLICY = 'AmazonSSMManagedInstanceCore';

/** Why Systems Manager does not reach an instance, from what it knows of it. */
export function notManaged(
  name: string,
  instance: string,
  known: ManagedInstance | undefined,
  clock: Clock,
): InfractlError {
  if (!known) {
    return new InfractlError({
      code: 'HostNotManaged',
      message: `Systems Manager does not know the instance ${instance} of the host ${name}.`,
      why: 'Its agent has never reported to this account and region.',
      suggestions: [
        `Give the instance a role with the policy ${POLICY}; the agent takes it up within 5 minutes, or when it is restarted.`,
        'Check that the agent runs there: Amazon Linux and Ubuntu bring it (snap services amazon-ssm-agent), Debian does not.',
        'It must reach ssm, ssmmessages and ec2messages of the region: through a NAT gateway, or VPC endpoints for the three.',
      ],
    });
  }
  const heard = known.heard
    ? `, which was heard of last ${age(clock.now() - known.heard.getTime())} ago`
    : '';
  return new InfractlError({
    code: 'HostUnreachable',
    message: `The instance ${instance} of the host ${name} does not answer Systems Manager.`,
    why: `Its agent${known.agent ? ` (${known.agent})` : ''}${heard}, is ${known.ping}.`,
    suggestions: [
      'Does the instance run, and is it not out of memory? infractl manage status',
      'Its agent must run, its role must still be there, and it must reach ssm, ssmmessages and ec2messages of the region.',
      'A restart of the instance starts the agent too: infractl manage restart',
    ],
  });
}

/** A command that Systems Manager ended before it said how it went. */
export function brokenOff(name: string, instance: string, { status, detail }: Invocation): InfractlError {
  if (/Undeliverable|Delivery ?Timed ?Out|DeliveryTimedOut/i.test(detail)) {
    return new InfractlError({
      code: 'HostUnreachable',
      message: `The command did not reach the instance ${instance} of the host ${name}.`,
      why: `Systems Manager says: ${detail}. It was not begun.`,
      suggestions: [
        'Look whether its agent is well: infractl manage status',
        'Then run the same command again.',
      ],
    });
  }
  if (status === 'Cancelled') {
    return new InfractlError({
      code: 'HostCommandCancelled',
      message: `Somebody cancelled the command on the host ${name} (${instance}).`,
      why: 'It was cancelled in Systems Manager, and not by this process.',
    });
  }
  if (status === 'TimedOut') {
    return new InfractlError({
      code: 'HostTimeout',
      message: `Systems Manager stopped the command on the host ${name} (${instance}): it took too long.`,
      exit: Exit.timedOut,
    });
  }
  return lost(name, `Systems Manager says: ${detail || status}.`);
}

export function lost(name: string, why: string): InfractlError {
  return new InfractlError({
    code: 'HostConnectionLost',
    message: `The connection to the host ${name} was lost.`,
    why,
    suggestions: ['Look at the network and at the host, then run the same command again.'],
  });
}

export function noOpenssl(name: string): InfractlError {
  return new InfractlError({
    code: 'HostWithoutOpenssl',
    message: `The host ${name} has no openssl of version 1.1.1 or newer.`,
    why: 'What a command reads is sealed for the host: Systems Manager would keep it in its history otherwise.',
    suggestions: [`Install it: infractl host run --host ${name} -- apt-get install -y openssl`],
  });
}

/** The instance was ended or stopped since it was looked at. */
export function notTaken(name: string, instance: string): InfractlError {
  return new InfractlError({
    code: 'HostUnreachable',
    message: `Systems Manager takes no command for the instance ${instance} of the host ${name}.`,
    why: 'It was stopped or ended, or its agent has gone. The command was not begun.',
    suggestions: ['Look at it: infractl manage status'],
  });
}

/** Of a command to many hosts, where AWS stopped before this one. */
export function notBegun(name: string, instance: string): InfractlError {
  return new InfractlError({
    code: 'HostNotBegun',
    message: `The command was not begun on the host ${name} (${instance}).`,
    why: 'It had failed on more hosts than --max-errors allows.',
  });
}

export function keyLost(name: string): InfractlError {
  return new InfractlError({
    code: 'HostKeyLost',
    message: `The host ${name} has another key than the one that it had shown. It was given nothing.`,
    why: 'It was started again meanwhile, or somebody replaced the key. The command was not begun.',
    suggestions: ['Run the same command again.'],
  });
}

export function notFetched(name: string): InfractlError {
  return new InfractlError({
    code: 'HostWithoutS3',
    message: `The host ${name} could not fetch its input from S3. The command was not begun.`,
    suggestions: [
      'It must reach S3: through a NAT gateway, or a gateway endpoint of the VPC, whose policy allows the bucket.',
      'It takes curl, wget or python3 to fetch it.',
    ],
  });
}
