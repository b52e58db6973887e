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
place=$(mktemp -d)
trap 'umount "$place" 2>/dev/null || true; rmdir "$place" 2>/dev/null || true' EXIT
sums=$(mktemp)
found=0
for part in $(lsblk -nrpo NAME "$disk"); do
  type=$(blkid -p -s TYPE -o value "$part" 2>/dev/null || true)
  case $type in
    ext2|ext3|ext4) mount -o ro "$part" "$place"; umount "$place"; e2fsck -fn "$part" >/dev/null || { echo "e2fsck finds errors on $part" >&2; exit 4; } ; mount -o ro "$part" "$place" ;;
    xfs) mount -o ro,nouuid "$part" "$place"; umount "$place"; xfs_repair -n "$part" >/dev/null 2>&1 || { echo "xfs_repair finds errors on $part" >&2; exit 4; } ; mount -o ro,nouuid "$part" "$place" ;;
    btrfs|vfat) mount -o ro "$part" "$place" ;;
    *) continue ;;
  esac
  found=$((found + 1))
  all=$(find "$place" -xdev -type f -size +0c | wc -l)
  step=$((all / 200 + 1))
  find "$place" -xdev -type f -size +0c | LC_ALL=C sort | awk "NR % $step == 0 || NR == 1" | tr '\\n' '\\0' | xargs -0 -r sha256sum > "$place.sums"
  cat "$place.sums" | sed "s| $place| |" >> "$sums"
  echo "fs $type $(wc -l < "$place.sums") $all"
  rm -f "$place.sums"
  umount "$place"
done
[ "$found" -gt 0 ] || { echo "no file system was found on $disk" >&2; exit 5; }
echo "digest $(sha256sum < "$sums" | cut -d' ' -f1)"
rm -f "$sums"
`;

/** What the script printed. */
export function readDrill(stdout: string): { readonly words: string; readonly digest: string | undefined } {
  const systems = [...stdout.matchAll(/^fs (\S+) (\d+) (\d+)$/gm)].map(
    ([, type, hashed, all]) => `${type} clean, ${hashed} of ${all} files hashed`,
  );
  return { words: systems.join('; '), digest: /^digest ([0-9a-f]{64})$/m.exec(stdout)?.[1] };
}
