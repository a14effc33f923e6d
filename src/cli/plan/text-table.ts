/** Rows of cells under their headers, in columns; those of the named headers end on the right. */
export function textTable(headers: readonly string[], rows: readonly (readonly string[])[], rightAligned: ReadonlySet<string>): string[] {
  const widths = headers.map((header, column) => rows.reduce((width, row) => Math.max(width, (row[column] ?? '').length), header.length));
  const line = (cells: readonly string[]): string => cells
    .map((cell, column) => (rightAligned.has(headers[column] as string) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number)))
    .join('  ').trimEnd();
  return [line(headers), ...rows.map(line)];
}
