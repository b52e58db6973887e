/**
 * What the drill does on the host, as root: finds the disk, replays the journal of each file system as the next
 * boot would (the volume is a copy), checks it without repairing, mounts it read-only, hashes a sample of files.
 * Prints one line a file system and one for all. Arguments: the volume's id without its hyphen, and the letter
 * of its device.
 */
export const DRILL_SCRIPT = `set -eu
volume=$1 letter=$2
disk=
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  for one in "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$volume" "/dev/xvd$letter" "/dev/sd$letter"; do
    if [ -b "$one" ]; then disk=$(readlink -f "$one"); break 2; fi
  done
  sleep 1
done
[ -n "$disk" ] || { echo "the disk of $volume did not appear" >&2; exit 3; }
work=$(mktemp -d)
place=$work/disk
mkdir "$place"
trap 'umount "$place" 2>/dev/null || true; rm -f "$work/sums" "$work/all"; rmdir "$place" "$work"' EXIT
trap 'exit 9' HUP INT TERM PIPE
: > "$work/all"
check() {
  tool=$1
  command -v "$tool" >/dev/null || { checked=unchecked; return 0; }
  checked=clean
  "$@" >/dev/null 2>&1 || { echo "$tool finds errors on $part" >&2; exit 4; }
}
found=0
for part in $(lsblk -nrpo NAME "$disk"); do
  type=$(blkid -p -s TYPE -o value "$part" 2>/dev/null || true)
  options=ro
  case $type in
    ext2|ext3|ext4|btrfs|vfat) ;;
    xfs) options=ro,nouuid ;;
    *) continue ;;
  esac
  mount -t "$type" -o "$options" "$part" "$place"
  umount "$place"
  checked=unchecked
  case $type in
    ext*) check e2fsck -fn "$part" ;;
    xfs) check xfs_repair -n "$part" ;;
    vfat) check fsck.fat -n "$part" ;;
    btrfs) check btrfs check --readonly "$part" ;;
  esac
  mount -t "$type" -o "$options" "$part" "$place"
  found=$((found + 1))
  all=$(find "$place" -xdev -type f -size +0c | wc -l)
  step=$((all / 200 + 1))
  (cd "$place" && find . -xdev -type f -size +0c | LC_ALL=C sort | awk "NR % $step == 0 || NR == 1" |
    tr '\\n' '\\0' | xargs -0 -r sha256sum) > "$work/sums"
  cat "$work/sums" >> "$work/all"
  echo "fs $type $checked $(wc -l < "$work/sums") $all"
  umount "$place"
done
[ "$found" -gt 0 ] || { echo "no file system that can be checked was found on $disk" >&2; exit 5; }
echo "digest $(sha256sum < "$work/all" | cut -d' ' -f1)"
`;

/** What the script printed. */
export function readDrill(stdout: string): { readonly words: string; readonly digest: string | undefined } {
  const systems = [...stdout.matchAll(/^fs (\S+) (clean|unchecked) (\d+) (\d+)$/gm)].map(
    ([, type, checked, hashed, all]) =>
      `${type} ${checked === 'clean' ? 'clean' : 'mounted, its checker is not installed'}, ${hashed} of ${all} files hashed`,
  );
  return { words: systems.join('; '), digest: /^digest ([0-9a-f]{64})$/m.exec(stdout)?.[1] };
}
