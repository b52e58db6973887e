import type { Session, Stage } from '../../scripts/docs/stage.ts';
import type { Fake } from '../../test/fake/server.ts';
import { fillRoot, INSTANCE, oldBackups } from '../../test/helpers/backed-up.ts';
import { createPostgres, postgresFolder } from '../../test/helpers/postgres.ts';

/** Backups of an instance and a database: made, kept, brought back, tried. A real PostgreSQL is the restored database. */
export const session: Session = {
  place: 'the fake AWS of the tests',
  missing: () => (postgresFolder() ? undefined : 'PostgreSQL is not installed'),
  makes: [
    'backup-create',
    'backup-list',
    'backup-cleanup',
    'backup-restore',
    'backup-root',
    'backup-verify',
    'backup-costs',
    'backup-auto',
    'backup-schedule',
  ],
  async play(stage) {
    const fake = await stage.fake();
    const { ebs, ec2, rds } = fake.state;
    Object.assign(ebs, { snapshotMs: 1500, volumeMs: 200, attachMs: 200, rootTaskMs: 1500 });
    Object.assign(rds, { snapshotMs: 1500, restoreMs: 2000 });
    ec2.addInstance({ id: INSTANCE, tags: { Name: 'mbot' } });
    rds.addDatabase('shop');
    fake.state.products.push(price('EBS:SnapshotUsage', 0.053), price('EBS:SnapshotArchiveStorage', 0.0131));
    fillRoot(fake, [0, 1, 2]);
    stage.put('infractl.yaml', PROJECT);
    // How long AWS takes for a snapshot is its own.
    await stage.shows('backup-create', { line: 'infractl backup create --wait', only: [/^\S/] });
    oldBackups(fake, 'mbot', 9);
    await stage.shows('backup-list', 'infractl backup list');
    await stage.shows('backup-cleanup', 'infractl backup cleanup');
    await stage.shows('backup-costs', `infractl backup costs`);
    await stage.shows('backup-auto', 'infractl backup auto');
    await scheduled(stage);
    await stage.shows('backup-restore', `infractl backup restore latest --of ${INSTANCE} --yes`);
    await drill(stage, fake);
    await stage.shows('backup-root', {
      line: `infractl backup restore latest --of ${INSTANCE} --replace-root --confirm mbot`,
    });
  },
};

const PROJECT = `project: mbot
region: eu-west-3
hosts:
  web: { tags: { Name: mbot } }
backups:
  nightly:
    targets: [{ host: web }, { database: shop }]
    keep: { daily: 7, weekly: 1 }
`;

/** A crontab that is a file of the stage: whoever builds the documentation keeps their own. */
const CRONTAB = `#!/bin/sh
file="$HOME/crontab"
case "$1" in
  -l) cat "$file" 2>/dev/null || { echo "no crontab for $(id -un)" >&2; exit 1; } ;;
  -) cat > "$file" ;;
  *) cp "$1" "$file" ;;
esac
`;

async function scheduled(stage: Stage): Promise<void> {
  stage.program('crontab', CRONTAB);
  // At night there are no variables of a shell.
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = stage.env;
  const keys = `aws_access_key_id = ${AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}\n`;
  stage.put('../.aws/config', `[default]\nendpoint_url = ${AWS_ENDPOINT_URL}\n${keys}`);
  await stage.shows('backup-schedule', 'infractl backup schedule install --at 02:00 --engine cron');
  await stage.shows('backup-schedule', {
    line: 'infractl backup schedule status',
    only: [/^(name|engine|result)/],
  });
}

/** What AWS's price list says of snapshots. */
function price(usage: string, usd: number): Fake['state']['products'][number] {
  const attributes = {
    regionCode: 'eu-west-3',
    productFamily: 'Storage Snapshot',
    usagetype: `EUW3-${usage}`,
  };
  return { service: 'AmazonEC2', attributes, usd };
}

async function drill(stage: Stage, fake: Fake): Promise<void> {
  const server = await createPostgres(postgresFolder() as string);
  stage.afterwards(() => server.remove());
  server.sql('create table orders as select generate_series(1, 1284)');
  Object.assign(fake.state.rds, { endpoint: { Address: '127.0.0.1', Port: server.port } });
  Object.assign(stage.env, { PGUSER: 'tester', PGDATABASE: 'postgres', PGPASSWORD: server.password });
  await stage.shows(
    'backup-verify',
    `infractl backup verify latest --of shop --check 'psql -At -c "select count(*) from orders"' --yes`,
  );
}
