import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TAG } from '../../src/lib/backups/types.ts';
import { realClock } from '../fake/clock.ts';
import { BLOCK, type FakeVolume } from '../fake/ebs-state.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { Home } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { type Running, until } from '../helpers/until.ts';

/**
 * The drill of a backup on a real machine: the bytes that the fake AWS gives back are a disk there (a loop
 * device), and its file system is checked, mounted and read by the machine's own tools.
 */

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const ROOT = 'vol-0a1b2c3d4e5f60718';
const CONFIGURATION = `project: mbot
region: eu-west-3
hosts:
  web: { instance: ${INSTANCE} }
backups:
  nightly: { targets: [{ host: web }] }
`;
const FILES = { 'etc/motd': 'welcome\n', 'srv/data 1.bin': 'x'.repeat(70_000), 'srv/empty': '' };

/** The container may make and mount loop devices: 7 is their major number. */
const LOOPS = [
  '--security-opt=apparmor=unconfined',
  '--device=/dev/loop-control',
  '--device-cgroup-rule=b 7:* rmw',
];

// A machine without loop devices has no disk to give to the host.
const drill = existsSync('/dev/loop-control') ? describe.skipIf(noHost) : undefined;

drill?.('backup verify on a host', () => {
  const used = useHost(LOOPS);
  let home: Home;
  let fake: Fake;
  let disk: Map<number, Buffer>;

  beforeAll(() => {
    disk = blocksOf(makeDisk());
  });
  beforeEach(async () => {
    await fake?.close();
    home?.remove();
    home = new Home();
    writeFileSync(path.join(home.work, 'infractl.yaml'), CONFIGURATION);
    fake = await startFake({ clock: realClock() });
    Object.assign(fake.state.ebs, { snapshotMs: 50, volumeMs: 20, attachMs: 20 });
    const { address } = used.host;
    const volumes = [{ id: ROOT, device: '/dev/sda1', deleteOnTermination: true }];
    fake.state.ec2.addInstance({ id: INSTANCE, tags: { Name: 'web' }, publicIp: address, volumes });
    const attached = {
      instance: INSTANCE,
      device: '/dev/sda1',
      state: 'attached',
      deleteOnTermination: true,
    };
    fake.state.ebs.addVolume({ id: ROOT, state: 'in-use', attached, blocks: disk });
  });
  afterAll(async () => {
    await fake?.close();
    home?.remove();
  });

  /** An ext4 disk with files whose bytes are known. */
  function makeDisk(): Buffer {
    const { host } = used;
    for (const [name, text] of Object.entries(FILES)) host.write(`/tmp/files/${name}`, text);
    host.sh('truncate -s 16M /tmp/disk && mkfs.ext4 -q -d /tmp/files /tmp/disk');
    return Buffer.from(host.exec('base64', '-w0', '/tmp/disk'), 'base64');
  }

  function blocksOf(bytes: Buffer): Map<number, Buffer> {
    const blocks = new Map<number, Buffer>();
    for (let at = 0; at * BLOCK < bytes.length; at++) {
      const block = bytes.subarray(at * BLOCK, (at + 1) * BLOCK);
      if (block.some((byte) => byte !== 0)) blocks.set(at, Buffer.from(block));
    }
    return blocks;
  }

  /** What the script is to find: files with something in them, in the order of their names. */
  function expectedDigest(): string {
    const sums = Object.entries(FILES)
      .filter(([, text]) => text !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ./${name}\n`);
    return createHash('sha256').update(sums.join('')).digest('hex');
  }

  const start = (line: string) =>
    home.start(line.split(' '), { env: { ...fake.env, PATH: used.host.path }, timeout: 180_000 });
  const drills = () =>
    [...fake.state.ebs.volumes.values()].filter(
      ({ tags, state }) => tags.get(TAG.purpose) === 'drill' && state !== 'deleted',
    );

  const attachedDrill = (by: Running) =>
    until(() => drills().find(({ attached }) => attached?.state === 'attached'), by);

  /** What AWS does when it attaches: the volume's bytes become a device of the machine. */
  function plugIn(volume: FakeVolume): string {
    const { host } = used;
    const size = 1 + Math.max(...volume.blocks.keys());
    const bytes = Buffer.alloc(Math.max(size * BLOCK, 16 * 1024 * 1024));
    for (const [at, block] of volume.blocks) block.copy(bytes, at * BLOCK);
    host.write('/tmp/plugged.b64', bytes.toString('base64'));
    const device = `/dev/xvd${volume.attached?.device.slice(-1)}`;
    host.sh(`base64 -d /tmp/plugged.b64 > /tmp/plugged
      loop=$(losetup -f)
      [ -b "$loop" ] || mknod "$loop" b 7 "\${loop#/dev/loop}"
      losetup "$loop" /tmp/plugged
      ln -sf "$loop" ${device}`);
    return device;
  }

  function unplug(device: string): void {
    used.host.sh(`losetup -d "$(readlink -f ${device})" && rm ${device}`);
  }

  /** Nothing of a drill is left on the machine; a script whose infractl was killed may still be ending. */
  async function expectCleanHost(): Promise<void> {
    const left = () => used.host.sh('grep ^/dev/loop /proc/mounts; ls -d /tmp/tmp.* 2>/dev/null; true');
    await expect.poll(left).toBe('');
  }

  it('checks the real file system, reads the files back, leaves nothing on the host or in AWS', async () => {
    expect((await start('backup create --wait').ended).code).toBe(0);
    const running = start('backup verify --how host --json');
    const device = plugIn(await attachedDrill(running));
    const result = await running.ended;
    unplug(device);
    expect(result.stderr).not.toContain('✗');
    expect(JSON.parse(result.stdout)).toMatchObject({
      ok: true,
      subject: INSTANCE,
      snapshots: [
        { ok: true, how: 'host', detail: 'ext4 clean, 2 of 2 files hashed', digest: expectedDigest() },
      ],
    });
    expect(drills()).toEqual([]);
    await expectCleanHost();
    const [snapshot] = fake.state.ebs.snapshots.values();
    expect(snapshot?.tags.get(TAG.verifiedHow)).toBe('host');
    expect(fake.state.ebs.volumes.get(ROOT)?.attached?.device).toBe('/dev/sda1');
  }, 180_000);

  it('finds a file system that is damaged, tags nothing, leaves nothing', async () => {
    expect((await start('backup create --wait').ended).code).toBe(0);
    const running = start('backup verify --how host');
    const volume = await attachedDrill(running);
    // The bitmaps and inodes that follow the superblock are overwritten; it can still be mounted.
    const first = Buffer.from(volume.blocks.get(0) ?? '');
    const bitmap = Number(
      used.host.sh(
        "dumpe2fs /tmp/disk 2>/dev/null | sed -n 's/.*Inode bitmap at \\([0-9]*\\).*/\\1/p' | head -1",
      ),
    );
    const blockSize = 1024 << first.readUInt32LE(1024 + 24);
    expect(bitmap * blockSize).toBeGreaterThan(0);
    const block = Math.floor((bitmap * blockSize) / BLOCK);
    const spoilt = Buffer.from(volume.blocks.get(block) ?? Buffer.alloc(BLOCK));
    spoilt.fill(0x5a, (bitmap * blockSize) % BLOCK, ((bitmap * blockSize) % BLOCK) + blockSize);
    volume.blocks = new Map(volume.blocks).set(block, spoilt);
    const device = plugIn(volume);
    const result = await running.ended;
    unplug(device);
    expect(result.code).toBe(1);
    expect(result.stdout).toContain('e2fsck finds errors on /dev/loop');
    expect(drills()).toEqual([]);
    await expectCleanHost();
    const [snapshot] = fake.state.ebs.snapshots.values();
    expect(snapshot?.tags.has(TAG.verified)).toBe(false);
  }, 180_000);

  it('killed with kill -9 in the middle: the next drill takes away what it left, and is good', async () => {
    expect((await start('backup create --wait').ended).code).toBe(0);
    const dying = start('backup verify --how host');
    const left = await attachedDrill(dying);
    dying.child.kill('SIGKILL');
    expect((await dying.ended).signal).toBe('SIGKILL');
    expect(drills().map(({ id }) => id)).toEqual([left.id]);
    const running = start('backup verify --how host --json');
    await until(() => left.state === 'deleted', running);
    const device = plugIn(await attachedDrill(running));
    const result = await running.ended;
    unplug(device);
    expect(result.stderr).toContain(`Taking away ${left.id}`);
    expect(JSON.parse(result.stdout)).toMatchObject({ ok: true, snapshots: [{ digest: expectedDigest() }] });
    expect(drills()).toEqual([]);
    await expectCleanHost();
  }, 180_000);
});
