/** `npm run fuzz`: hostile requests over raw sockets, counted by status. Fails where something came of them that must not. */
import { parseArgs } from 'node:util'
import { type Report, runCampaign } from './campaign.ts'

const FUZZ_USAGE = `usage: npm run fuzz [-- --requests N] [-- --seed N] [-- --at-once N]

--requests N  how many, 100,000 without it
--seed N      the same number gives the same requests; without it, 1
--at-once N   connections at a time, 24 without it`

const BAD_USAGE = 2

type Options = { requests: number; seed: number; atOnce: number }

function readOptions(argv: readonly string[]): Options | string {
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({ args: [...argv], options: { requests: text, seed: text, 'at-once': text } })
    const { requests = '100000', seed = '1', 'at-once': atOnce = '24' } = values
    for (const number of [requests, seed, atOnce])
      if (!/^[1-9]\d{0,8}$/.test(number)) return `${number} is not a number above 0`
    return { requests: Number(requests), seed: Number(seed), atOnce: Number(atOnce) }
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

function textOf({ statuses, faults, askedUpstream, rows, growthBytes }: Report): string {
  const kinds = Object.entries(statuses).sort(([one], [other]) => one.localeCompare(other))
  const lines = kinds.map(([kind, counts]) => {
    const cells = Object.entries(counts).map(([status, count]) => `${status} × ${count}`)
    return `${kind.padEnd(52)} ${cells.join(', ')}`
  })
  const sums: Record<string, number> = {}
  for (const counts of Object.values(statuses)) {
    for (const [status, count] of Object.entries(counts)) sums[status] = (sums[status] ?? 0) + count
  }
  const all = Object.entries(sums).map(([status, count]) => `${status} × ${count}`)
  const growth = growthBytes === null ? 'not measured' : `${(growthBytes / 1e6).toFixed(1)} MB`
  const found = faults.map(
    ({ what, times, first }) => `FAULT ${times} × ${what}${first === null ? '' : ` (first: request ${first})`}`,
  )
  return [
    ...lines,
    '',
    `all: ${all.join(', ')}`,
    `${askedUpstream} requests reached an upstream, ${rows} rows; memory of workerd over the second half: ${growth}`,
    ...(found.length === 0 ? ['nothing came of them that must not'] : found),
  ].join('\n')
}

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv)
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${FUZZ_USAGE}\n`)
    return BAD_USAGE
  }
  const report = await runCampaign({
    ...options,
    onProgress: (done) => process.stderr.write(`\r${done} of ${options.requests}`),
  })
  process.stderr.write('\n')
  process.stdout.write(`${textOf(report)}\n`)
  return report.faults.length === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
