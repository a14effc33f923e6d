/** Waits for all, whatever becomes of each; if any failed, throws an AggregateError that says `doing` what and why. */
export async function settle<T>(doing: string, promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  if (errors.length > 0) throw new AggregateError(errors, `${doing}: ${errors.map(({ message }) => message).join('; ')}`);
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
