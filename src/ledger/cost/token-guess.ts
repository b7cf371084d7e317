/** Rule of thumb for a prompt whose tokens nobody counted: bytes of JSON text per token. */
export const BYTES_PER_TOKEN = 4

export function guessTokens(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BYTES_PER_TOKEN)
}
