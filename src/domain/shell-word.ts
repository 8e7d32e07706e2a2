/** One word for a POSIX shell, whatever it contains (XCU 2.2.2: nothing is special within single quotes). */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
