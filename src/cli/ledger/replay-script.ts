/** The SQL file by which a replay books records through wrangler. */
import { ADD_TO_DAILY, INSERT_RECORDS, NOTE_UNMETERED } from '../../ledger/booking/book-sql.ts'
import type { SpendRecord } from '../../ledger/record/record.ts'

/** D1 takes 100 KB of SQL in a statement (https://developers.cloudflare.com/d1/platform/limits/); the rest is the statement. */
const LITERAL_CHARS_MAX = 85_000

/** Bytes of JSON in one statement, each of them two digits. A checked record has 32 KiB at most. */
const CHUNK_BYTES_MAX = LITERAL_CHARS_MAX / 2

export type ReplayScript = { sql: string /** Records that no statement can hold. */; tooLong: SpendRecord[] }

/**
 * The statements of `book-sql.ts` as a file for `wrangler d1 execute --file`, which takes no parameters. D1 imports such a
 * file whole or not at all, so roll-up and rows stay in step.
 */
export function replayScript(records: readonly SpendRecord[], meter: string | null): ReplayScript {
  const encoder = new TextEncoder()
  const tooLong: SpendRecord[] = []
  const statements: string[] = []
  let chunk: string[] = []
  let bytes = 0

  const close = () => {
    if (chunk.length > 0) statements.push(...statementsFor(`[${chunk.join(',')}]`, meter))
    chunk = []
    bytes = 0
  }
  for (const record of records) {
    const json = JSON.stringify(record)
    const length = encoder.encode(json).byteLength + 1
    if (length > CHUNK_BYTES_MAX) {
      tooLong.push(record)
      continue
    }
    if (bytes + length > CHUNK_BYTES_MAX) close()
    chunk.push(json)
    bytes += length
  }
  close()
  return { sql: statements.join('\n'), tooLong }
}

function statementsFor(json: string, meter: string | null): string[] {
  const templates = [ADD_TO_DAILY, ...(meter === null ? [] : [NOTE_UNMETERED]), INSERT_RECORDS]
  const literals: Record<string, string> = { '?1': textLiteral(json), '?2': textLiteral(meter ?? '') }
  return templates.map((template) => `${template.replace(/\?[12]/g, (name) => literals[name] ?? name)};`)
}

/** Text as hexadecimal digits: nothing in it can end the literal, or the statement for whatever splits the file into statements. */
function textLiteral(text: string): string {
  const digits = Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0'))
  return `CAST(x'${digits.join('')}' AS TEXT)`
}
