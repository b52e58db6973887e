/**
 * @typedef {(level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void} Log
 */

/**
 * One JSON object a line, as CloudWatch Logs Insights reads it. Callers name each field they log, so
 * that no body, password or token gets here by accident.
 *
 * @param {{ write(text: string): unknown }} [stream]
 * @returns {Log}
 */
export function createLog(stream = process.stdout) {
  return (level, message, fields = {}) => {
    stream.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  };
}

/**
 * What may be said of an error: its kind and code. A driver's message can hold an address or a value.
 *
 * @param {unknown} error
 * @returns {{ error: string, code?: string }}
 */
export function describeError(error) {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = /** @type {{ code?: unknown }} */ (error).code;
  return typeof code === 'string' ? { error: error.name, code } : { error: error.name };
}
