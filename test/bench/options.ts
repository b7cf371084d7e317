/** The command line of `npm run bench`, and how much is measured. */
import { parseArgs } from 'node:util'

export const BENCH_USAGE = `usage: npm run bench [-- --quick] [-- --json] [-- --calls N]

--quick    one short round of everything: to see that it runs, not for figures
--json     one JSON object on stdout in place of the table
--calls N  calls per round and variant in place of the usual number`

export type BenchOptions = {
  json: boolean
  /** Every variant is measured once in each round. */
  rounds: number
  /** Calls per round and variant. */
  converseCalls: number
  streamCalls: number
  /** Calls on one connection, per round and variant. */
  latencyCalls: number
  /** Calls per round and way of booking. */
  ledgerCalls: number
  /** Time for which one Meter, and then D1, is given as many records as it takes. */
  throughputMs: number
}

const FULL = {
  rounds: 5,
  converseCalls: 1500,
  streamCalls: 500,
  latencyCalls: 300,
  ledgerCalls: 2000,
  throughputMs: 4000,
}
const QUICK = {
  rounds: 1,
  converseCalls: 300,
  streamCalls: 100,
  latencyCalls: 50,
  ledgerCalls: 300,
  throughputMs: 500,
}

/** A string says what is wrong with the command line. */
export function readBenchOptions(argv: readonly string[]): BenchOptions | string {
  const values = parse(argv)
  if (typeof values === 'string') return values
  const { quick = false, json = false, calls } = values
  const usual = quick ? QUICK : FULL
  if (calls === undefined) return { json, ...usual }
  if (!/^[1-9]\d{0,6}$/.test(calls)) return `--calls ${calls} is not a number of calls`
  const count = Number(calls)
  return { json, ...usual, converseCalls: count, streamCalls: count, latencyCalls: count, ledgerCalls: count }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, calls: { type: 'string' } },
    }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
