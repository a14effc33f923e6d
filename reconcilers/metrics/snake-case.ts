/** `WhenEmpty` as metrics write it: `when_empty`. */
export const snakeCase = (text: string): string => text.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
