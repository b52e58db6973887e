import { Exit } from '../../base/errors.ts';
import { age, bytes, plural } from '../../base/text.ts';
import type { HostServices } from '../../desks/index.ts';
import { isWell, type ServiceState, serviceStateWords } from '../../monitoring/index.ts';
import type { Ui } from '../terminal.ts';
import { harmless } from './harmless.ts';
import { table } from './table.ts';
import type { View } from './view.ts';

export function servicesView(hosts: readonly HostServices[]): View {
  return {
    json: hosts.map(({ host, services, error }) => ({
      host,
      services: services.map((one) => ({ ...one, well: isWell(one) })),
      error: error ? { code: error.code, message: error.message } : null,
    })),
    ...(hosts.some(({ error }) => error) ? { exit: Exit.partial } : {}),
    text: (ui) => hosts.map((one) => hostText(ui, one)).join('\n\n'),
  };
}

function hostText(ui: Ui, { host, services, error }: HostServices): string {
  const title = ui.paint('bold', `host ${host}`);
  if (error) return `${title}\n${ui.paint('red', '✗')} ${harmless(error.message)}`;
  if (services.length === 0)
    return `${title}\nNo services: name them under hosts.${host}.services in infractl.yaml, or with --unit.`;
  const rows = services.map((one) => [
    one.unit,
    ui.paint(isWell(one) ? 'green' : 'red', stateWords(one)),
    one.sinceSeconds === null ? '–' : age(one.sinceSeconds * 1000),
    String(one.restarts),
    one.memory === null ? '–' : bytes(one.memory),
    one.ports.join(' ') || '–',
  ]);
  const columns = ['service', 'state', 'for', 'restarts', 'memory', { title: 'listens on', wrap: true }];
  const troubles = services
    .filter(({ lines }) => lines.length > 0)
    .map(
      ({ unit, lines, state }) =>
        `${ui.paint(state === 'failed' ? 'red' : 'yellow', `${unit}: ${plural(lines.length, 'line')} of ${state === 'failed' ? 'the end' : 'errors since the machine started'}`)}\n${lines.map((line) => `  ${harmless(line)}`).join('\n')}`,
    );
  return [`${title}\n${table(ui, columns, rows)}`, ...troubles].join('\n\n');
}

function stateWords(service: ServiceState): string {
  return `${serviceStateWords(service)}${service.enabled === 'disabled' ? ', not at boot' : ''}`;
}
