/** What file system or table of partitions begins in these bytes; undefined for none that is known here. */
export function fileSystemIn(bytes: Uint8Array): string | undefined {
  const text = (at: number, length: number) =>
    Buffer.from(bytes.subarray(at, at + length)).toString('latin1');
  if (text(512, 8) === 'EFI PART') return 'a GPT table of partitions';
  if (text(0, 4) === 'XFSB') return 'an XFS file system';
  if (text(3, 4) === 'NTFS') return 'an NTFS file system';
  if (bytes[1080] === 0x53 && bytes[1081] === 0xef) return 'an ext file system';
  if (text(65_600, 8) === '_BHRfS_M') return 'a Btrfs file system';
  if (text(536, 8) === 'LVM2 001') return 'an LVM physical volume';
  if (bytes[510] === 0x55 && bytes[511] === 0xaa) return 'an MBR table of partitions';
  return undefined;
}
