/** A line of shell that makes files. */
export function writes(files: Readonly<Record<string, string>>): string {
  return Object.entries(files)
    .map(([name, text]) => {
      const coded = Buffer.from(text).toString('base64');
      return `mkdir -p "$(dirname ${name})" && echo ${coded} | base64 -d > ${name}`;
    })
    .join(' && ');
}
