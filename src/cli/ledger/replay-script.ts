/** The SQL file by which a replay books records through wrangler. */
import { ADD_TO_DAILY, INSERT_RECORDS, NOTE_UNMETERED } from '../../ledger/booking/book-sql.ts'
import type { SpendRecord } from '../../ledger/record/record.ts'

/** D1 takes 100 KB of SQL in a statement (https://developers.cloudflare.com/d1/platform/limits/); the rest is the statement. */
const LITERAL_BYTES_MAX = 85_000

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
    const json = literalSafe(JSON.stringify(record))
    const length = encoder.encode(json).byteLength + 1
    if (length > LITERAL_BYTES_MAX) {
      tooLong.push(record)
      continue
    }
    if (bytes + length > LITERAL_BYTES_MAX) close()
    chunk.push(json)
    bytes += length
  }
  close()
  return { sql: statements.join('\n'), tooLong }
}

function statementsFor(json: string, meter: string | null): string[] {
  const templates = [ADD_TO_DAILY, ...(meter === null ? [] : [NOTE_UNMETERED]), INSERT_RECORDS]
  const literals: Record<string, string> = { '?1': `'${json}'`, '?2': `'${(meter ?? '').replaceAll("'", "''")}'` }
  // One pass over the template: text that has been put in is not looked at again.
  return templates.map((template) => `${template.replace(/\?[12]/g, (name) => literals[name] ?? name)};`)
}

/**
 * JSON that can stand inside `'…'` whatever splits the file into statements: quote, semicolon, dash and slash occur only
 * within JSON strings (a dash also in front of a number, which a checked record has none of), where an escape means the same.
 */
function literalSafe(json: string): string {
  return json.replace(/[';/]|--/g, (text) =>
    [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  )
}
