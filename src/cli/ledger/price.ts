/** `ledger price FILE`: prices cases from a file with the bundled catalogue. */
import { readFile } from 'node:fs/promises'
import { type CasePrice, priceCase } from '../../ledger/cost/price-case.ts'
import { BUNDLED_CATALOGUE } from '../../ledger/prices/bundled.ts'

const EXIT_BAD_USAGE = 2
const USAGE = 'usage: npm run -s ledger -- price FILE    (a JSON array of cost cases)'

type PricedCase = { name: string | null } & CasePrice

/**
 * Writes one JSON array `{name, usd, state, price_row, reason}` to stdout and nothing else; faults go to stderr.
 *
 * @returns the exit code: 0, or 2 for a bad file
 */
export async function runPriceFile(argv: readonly string[]): Promise<number> {
  const [file, ...more] = argv
  if (file === undefined || more.length > 0) return fault(USAGE)
  let cases: unknown
  try {
    cases = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    return fault(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : error}`)
  }
  if (!Array.isArray(cases)) return fault(`${file} does not hold a JSON array of cost cases`)
  const context = { catalogue: BUNDLED_CATALOGUE, now: new Date() }
  const priced: PricedCase[] = []
  const issues: string[] = []
  for (const [index, given] of cases.entries()) {
    const result = priceCase(given, context)
    if (result.ok) priced.push({ name: result.name, ...result.price })
    else issues.push(...result.issues.map((issue) => `${file}[${index}] ${issue}`))
  }
  if (issues.length > 0) return fault(issues.join('\n'))
  await write(`${JSON.stringify(priced, null, 2)}\n`)
  return 0
}

function fault(message: string): number {
  process.stderr.write(`${message}\n`)
  return EXIT_BAD_USAGE
}

/** Resolves when the text is out: a process that ends earlier would cut it off in a pipe. */
const write = (output: string): Promise<void> =>
  new Promise((resolve, reject) => process.stdout.write(output, (error) => (error ? reject(error) : resolve())))
