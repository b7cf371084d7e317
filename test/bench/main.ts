/** `npm run bench`: what the gateway costs, as ratios within one run. README.md here says what is measured and how. */
import { benchLedger } from './ledger-bench.ts'
import { BENCH_USAGE, readBenchOptions } from './options.ts'
import { benchRelay } from './relay-bench.ts'
import { reportOf, textOf } from './report.ts'

const BAD_USAGE = 2

async function main(argv: readonly string[]): Promise<number> {
  const options = readBenchOptions(argv)
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${BENCH_USAGE}\n`)
    return BAD_USAGE
  }
  process.stderr.write('The gateway against a bare Worker, then the ledger alone …\n')
  const relay = await benchRelay(options)
  const ledger = await benchLedger(options)
  const report = reportOf([...relay, ...ledger])
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report))
  return 0
}

process.exitCode = await main(process.argv.slice(2))
