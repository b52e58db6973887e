import RedeployDeploy from './redeploy/deploy.ts';

export default class Redeploy extends RedeployDeploy {
  static override summary = 'Release the newest code to the hosts of an application: "redeploy deploy".';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'See what runs first', command: '<%= config.bin %> <%= command.id %> status' },
  ];
}
